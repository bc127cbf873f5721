/* SPDX-License-Identifier: MIT */
/* How a call passes values: which of them in integer registers, and where each argument lies. Registers are
 * numbered 0, 1, ... in the order of the convention; they have no names here. Each architecture has a file
 * that implements this: abi_x86_64.c. */
#pragma once
#include "tramp/model.h"

enum abi_class {
	ABI_INTEGER,    /* in integer registers, one for each word, while enough are left */
	ABI_LARGE,      /* always in memory: a struct of more bytes than registers take */
	ABI_MISALIGNED, /* always in memory: a member lies where its size does not divide the offset */
	ABI_PADDED,     /* a word that no member covers: BTF does not say whether it takes a register */
	ABI_OTHER,      /* in registers that trampolines do not save: floating point, vectors */
};

/* Returns the class of type id, which is that of a parameter or return value and has at least one byte. */
enum abi_class abi_classify(const struct btf *b, u32 id);

struct abi_arg {
	u32 words;         /* how many slots it takes */
	bool is_aggregate; /* a struct or union: not supported on the stack */
};

/* Sets the place of every slot of the model, from arg_count, ret_hidden and args. EOPNOTSUPP if an aggregate
 * does not fit into the registers that are left; the reason begins with the function's name. */
enum err abi_place(struct model *m, const struct abi_arg *args, const char *func, struct strbuf *log);
