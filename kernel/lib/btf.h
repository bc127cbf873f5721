/* SPDX-License-Identifier: MIT */
/* Reading BTF, the compact type information that pahole and clang write: types by id, names, sizes.
 * Format: Linux Documentation/bpf/btf.rst.
 *
 *   - Pure: it works on a blob in memory. The blob is the caller's; it must not change before btf_close.
 *   - btf_open checks the whole blob once: the header, the length of each record, each id and string offset,
 *     and that no type holds itself. The other functions rely on this and test no bound.
 *   - Both tramp/ (models) and vm/ (objects, CO-RE) use it; they do not know each other. */
#pragma once
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"

/* clang-format off */
enum btf_kind {
	BTF_VOID, BTF_INT, BTF_PTR, BTF_ARRAY, BTF_STRUCT, BTF_UNION, BTF_ENUM, BTF_FWD, BTF_TYPEDEF,
	BTF_VOLATILE, BTF_CONST, BTF_RESTRICT, BTF_FUNC, BTF_FUNC_PROTO, BTF_VAR, BTF_DATASEC, BTF_FLOAT,
	BTF_DECL_TAG, BTF_TYPE_TAG, BTF_ENUM64,
};
/* clang-format on */

/* The record as it lies in the blob; what follows it depends on the kind. */
struct btf_type {
	u32 name_off;
	u32 info; /* vlen: bits 0-15, kind: 24-28, kind_flag: 31 */
	u32 size_or_type;
};

struct btf_member {
	u32 name_off, type, offset; /* with kind_flag: bit size << 24 | bit offset */
};

struct btf_param {
	u32 name_off, type; /* both 0: the dots of a variadic function */
};

struct btf_array {
	u32 type, index_type, count;
};

struct btf_enum {
	u32 name_off;
	i32 value;
};

struct btf_enum64 {
	u32 name_off, low, high;
};

/* A variable of a DATASEC. clang leaves its offset 0, and the size of the whole section: the ELF file has
 * both. vm/load/vars.c writes them into the loader's copy of the blob. */
struct btf_var_secinfo {
	u32 type, offset, size;
};
#define BTF_UNPLACED 0xffffffffu /* as offset: its place is not known; it is not printed */

/* The encoding of a BTF_INT. */
enum { BTF_INT_SIGNED = 1, BTF_INT_CHAR = 2, BTF_INT_BOOL = 4 };

struct btf {
	const u8 *types; /* the type section */
	const char *strings;
	u32 types_len, strings_len;
	u32 count;    /* type ids are 1 .. count; 0 is void */
	u32 *offsets; /* where each id's record is in types; allocated by btf_open */
};

/* Returns ENOEXEC with a sentence in log if the blob is malformed or not aligned to 4 bytes, or ENOMEM.
 * btf_close frees what btf_open allocated. */
enum err btf_open(struct btf *b, const void *blob, u32 len, struct strbuf *log);
void btf_close(struct btf *b);

/* For 0 and for an id that is out of range it returns a shared record of kind BTF_VOID. */
const struct btf_type *btf_type(const struct btf *b, u32 id);
enum btf_kind btf_kind(const struct btf_type *t);
u32 btf_vlen(const struct btf_type *t);
bool btf_kind_flag(const struct btf_type *t);
const char *btf_name(const struct btf *b, u32 name_off);
const char *btf_type_name(const struct btf *b, u32 id); /* "" if it has none */

/* The records that follow a type; the caller has checked kind and index. */
const struct btf_member *btf_members(const struct btf_type *t);
const struct btf_param *btf_params(const struct btf_type *t);
const struct btf_array *btf_array(const struct btf_type *t);
const struct btf_var_secinfo *btf_vars(const struct btf_type *t);
u32 btf_int_encoding(const struct btf_type *t);
bool btf_var_is_static(const struct btf_type *t);

/* Returns the value of item i of an ENUM or ENUM64, extended as the type's sign says; stores its name. */
u64 btf_enum_value(const struct btf_type *t, u32 i, u32 *name_off);

u32 btf_member_bit_offset(const struct btf_type *parent, const struct btf_member *m);
u32 btf_member_bit_size(const struct btf_type *parent, const struct btf_member *m); /* 0: not a bit field */

/* The type behind typedefs, const, volatile, restrict and type tags. */
u32 btf_strip(const struct btf *b, u32 id);

/* The size in bytes of a value of this type; 0 for void, functions and forward declarations. An array
 * of 4 GiB or more (a number in a map's definition is one) counts as 0xffffffff. */
u32 btf_size(const struct btf *b, u32 id);
bool btf_is_signed(const struct btf *b, u32 id);

/* The first type of that kind and name, or 0. Searches all types. */
u32 btf_find(const struct btf *b, const char *name, enum btf_kind kind);

/* Appends the type as C writes it: "struct sk_buff *", "const char *". */
void btf_print_type(struct strbuf *s, const struct btf *b, u32 id);

/* Appends the declaration of a FUNC: "void kfree_skb(struct sk_buff * skb)". */
void btf_print_func(struct strbuf *s, const struct btf *b, u32 func_id);

/* Appends the value of the type at data, as JSON-like C: { .count = 7, .name = "eth0" }, 42, [1,2]. A DATASEC
 * prints as a struct of its variables. btf_size bytes must be readable at data, of any alignment. */
void btf_print_value(struct strbuf *s, const struct btf *b, u32 id, const void *data);
