/* SPDX-License-Identifier: MIT */
/* Short programs with few registers, whose instructions work on the results of those just before them. They
 * show a fault of two or three instructions, which the long programs of gen.h rarely meet and mostly
 * overwrite.
 *
 * They are compared with tests/vm_model.h, not with the interpreter. The model works on the same bytes at the
 * same addresses, the stack included, so a program may calculate with addresses as it does with numbers. */
#pragma once
#include "kernel/lib/fmt.h"
#include "vm/insn.h"

enum {
	DENSE_INSNS_MAX = 256,
	DENSE_UNITS_MAX = 14,
	DENSE_BYTES_MAX = 8 * (1 + DENSE_UNITS_MAX), /* of an input; each 8 are as in gen.h */
	DENSE_STARTS = 4,
};

struct dense {
	struct insn insns[DENSE_INSNS_MAX];
	u32 count;
	u64 starts[DENSE_STARTS][10]; /* what the program loads into R0 to R9 */
};

/* Makes a program and the values with which it runs. */
void dense_make(struct dense *d, const u8 *bytes, size_t len);

/* Compiles the program, with the current switches of the JIT, and runs it from each start. If it does not
 * do what the model does, returns EFAULT and writes a sentence into log; if it is refused, returns another
 * error. Skips a start from which the model strays. */
enum err dense_run(const struct dense *d, struct strbuf *log);
