// SPDX-License-Identifier: MIT
// The types of each object: prototypes of functions that are not static. As C:
//
//      u64 numbers(u64 n, u32 m);
//      u32 memory(struct pair *p, u64 n);
//      u32 present(struct pair *p __arg_nonnull, u64 n);
//      u64 context(void *ctx __arg_ctx, u64 n);
//      u64 mixed(void *ctx __arg_ctx, struct pair *p __arg_nonnull, u64 n, u32 *q);
#include "kernel/lib/mem.h"
#include "tests/fuzz/proof/try.h"

enum { U64 = 1, U32, PAIR, PAIR_PTR, VOID_PTR, U32_PTR };

#define INFO(kind, vlen) ((u32)(kind) << 24 | (vlen))

static const char strings[] = "\0numbers\0memory\0present\0context\0mixed\0arg:ctx\0arg:nonnull";
enum {
	NUMBERS = 1,
	MEMORY = 9,
	PRESENT = 16,
	CONTEXT_NAME = 24,
	MIXED = 32,
	ARG_CTX_TAG = 38,
	ARG_NONNULL_TAG = 46
};

/* ORDER TYPES: from 7 on, the function at each id of enum global_type is behind its prototype. */
/* clang-format off */
static const u32 types[] = {
	0, INFO(BTF_INT, 0), 8, 64,
	0, INFO(BTF_INT, 0), 4, 32,
	0, INFO(BTF_STRUCT, 2), 16, 0, U64, 0, 0, U64, 64,
	0, INFO(BTF_PTR, 0), PAIR,
	0, INFO(BTF_PTR, 0), 0,
	0, INFO(BTF_PTR, 0), U32,
	0, INFO(BTF_FUNC_PROTO, 2), U64, 0, U64, 0, U32,
	NUMBERS, INFO(BTF_FUNC, 1), TYPE_NUMBERS - 1,
	0, INFO(BTF_FUNC_PROTO, 2), U32, 0, PAIR_PTR, 0, U64,
	MEMORY, INFO(BTF_FUNC, 1), TYPE_MEMORY - 1,
	PRESENT, INFO(BTF_FUNC, 1), TYPE_MEMORY - 1,
	ARG_NONNULL_TAG, INFO(BTF_DECL_TAG, 0), TYPE_PRESENT, 0,
	0, INFO(BTF_FUNC_PROTO, 2), U64, 0, VOID_PTR, 0, U64,
	CONTEXT_NAME, INFO(BTF_FUNC, 1), TYPE_CONTEXT - 1,
	ARG_CTX_TAG, INFO(BTF_DECL_TAG, 0), TYPE_CONTEXT, 0,
	0, INFO(BTF_FUNC_PROTO, 4), U64, 0, VOID_PTR, 0, PAIR_PTR, 0, U64, 0, U32_PTR,
	MIXED, INFO(BTF_FUNC, 1), TYPE_MIXED - 1,
	ARG_CTX_TAG, INFO(BTF_DECL_TAG, 0), TYPE_MIXED, 0,
	ARG_NONNULL_TAG, INFO(BTF_DECL_TAG, 0), TYPE_MIXED, 1,
};
/* clang-format on */

enum err types_open(struct btf *b, struct strbuf *log)
{
	static struct {
		u32 header[6];
		u32 types[array_len(types)];
		char strings[sizeof(strings)];
	} blob = { .header = { 0x1eb9f, 24, 0, sizeof(types), sizeof(types), sizeof(strings) } };
	memcpy(blob.types, types, sizeof(types));
	memcpy(blob.strings, strings, sizeof(strings));
	return btf_open(b, &blob, sizeof(blob.header) + sizeof(types) + sizeof(strings), log);
}
