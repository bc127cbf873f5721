/* SPDX-License-Identifier: MIT */
/* eBPF to x86-64 machine code, through kernel/lib/x86.h. Writes the code of a verified program to any buffer:
 * a block of text of its own (compile.c), or a part of something larger.
 *
 *      jit_begin   settles all sizes; j->len is how many bytes the code takes
 *      jit_emit    appends exactly that many bytes to the code
 *      jit_end     frees what the caller has not taken */
#pragma once
#include "kernel/lib/code.h"
#include "vm/jit/op.h"

struct jit {
	const struct prog *p;
	u32 len;                   /* bytes of code */
	u32 *at;                   /* offset of each instruction, and of the end: insn_count + 1 */
	struct text_fixup *fixups; /* sorted; offsets are, as those of at, from the program's first byte */
	u32 fixup_count;
	u32 tail_at; /* the offset to which a tail call jumps */

	/* jit's own, while it emits */
	u8 *marks;              /* of flow.h, and MARK_SHORT */
	struct op *ops;         /* one for each instruction */
	struct code *c;         /* the buffer for the code ... */
	u32 origin;             /* ... and where in it the program begins, modulo 2^32 */
	bool sizing;            /* only lengths count; offsets ahead are not known */
	struct jit_loop *loops; /* the loops that place.c moves, while sizes are settled */
	u32 loop_count;
	struct flow_func f; /* the function that is being written */
	u32 body;           /* offset behind its prologue */
	u32 idx;            /* the op that is being written */
};

/* Whether the CPU has BMI2's instructions. jit_init sets it; tests change it. */
extern bool jit_has_bmi2;
void jit_init(void);

/* Fails with ENOMEM, or E2BIG if the code takes 16 MiB or more. On failure the caller has nothing to undo. */
enum err jit_begin(struct jit *j, const struct prog *p);

/* Writes the code; its first byte is that of a u64 (*)(const void *ctx). Afterwards j->fixups and j->at
 * are right. ERANGE: a helper is more than 2 GiB from where the code will run; ENOSPC: the buffer is too
 * small. */
enum err jit_emit(struct jit *j, struct code *c);

void jit_end(struct jit *j);
