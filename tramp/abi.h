/* SPDX-License-Identifier: MIT */
/* How a call passes values: which of them in integer registers, and where each argument lies. Registers are
 * numbered 0, 1, ... in the order of the convention, and have no names here. One file per architecture
 * answers. */
#pragma once
#include "tramp/model.h"

enum abi_class {
	ABI_INTEGER,    /* in integer registers, one for each word, while enough are left */
	ABI_LARGE,      /* always in memory: a struct of more bytes than registers take */
	ABI_MISALIGNED, /* always in memory: a member lies where its size does not divide the offset */
	ABI_PADDED,     /* a word that no member covers: BTF does not say whether it takes a register */
	ABI_OTHER,      /* in registers that trampolines do not save: floating point, vectors */
};

/* id is the type of a parameter or of a return value, of at least one byte. */
enum abi_class abi_classify(const struct btf *b, u32 id);

struct abi_arg {
	u32 words;         /* slots */
	bool is_aggregate; /* a struct or union: not supported on the stack */
};

/* Sets the place of every slot of the model, from arg_count, ret_hidden and args. EOPNOTSUPP if an aggregate
 * does not fit into the registers that are left; the reason begins with the function's name. */
enum err abi_place(struct model *m, const struct abi_arg *args, const char *func, struct strbuf *log);
