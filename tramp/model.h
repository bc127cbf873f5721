/* SPDX-License-Identifier: MIT */
/* A function's signature as a trampoline needs it: its arguments, where the caller has put them, and what the
 * function returns. Derived from BTF; the places come from the calling convention (abi.h). */
#pragma once
#include "kernel/lib/btf.h"

#define MODEL_ARGS  12
#define MODEL_SLOTS (2 * MODEL_ARGS)

/* A program's context is an array of 64-bit slots. An argument takes one slot, or two if it is wider. The
 * caller passes each slot in an argument register or on the stack. */
struct slot {
	u8 size;        /* bytes that carry the value: 1, 2, 4 or 8; the caller leaves junk above them */
	bool is_signed; /* how a narrow one is widened */
	u8 arg;         /* the argument that it is, or is a part of; 0 is the first */
	bool on_stack;
	u8 place; /* which argument register (0 is the first), or which stack word (0 is the first) */
};

struct model {
	u32 arg_count; /* arguments as C has them */
	u32 slot_count;
	struct slot slots[MODEL_SLOTS];
	u32 stack_words; /* how many words of arguments lie on the stack */
	u32 ret_size;    /* bytes of the return value, 0 for void */
	bool ret_signed;
	bool ret_hidden; /* returned through a pointer: a hidden first argument, and what is returned */
};

/* Fills *m for func_id, a FUNC. EOPNOTSUPP with the reason in log: the function is variadic, or has more than
 * MODEL_ARGS arguments, a struct by value on the stack or in an unclear place, floating point, or a type
 * without a size. */
enum err model_from_btf(struct model *m, const struct btf *b, u32 func_id, struct strbuf *log);
