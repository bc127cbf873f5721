/* SPDX-License-Identifier: MIT */
/* Makes the entry of a verified program: machine code, or a stub that interprets it. Frees programs. */
#pragma once
#include "kernel/lib/fmt.h"
#include "vm/prog.h"

/* Makes p->text, whose name the caller has set, and p->entry as p->mode says; p->state becomes PROG_COMPILED.
 * On failure nothing has changed, and log has one sentence: ENOMEM, E2BIG if the code is too long, ERANGE if
 * a helper lies too far away. */
enum err prog_compile(struct prog *p, struct strbuf *log);

/* Undoes it. No CPU may run the program any more. Does nothing to a program that is not compiled. */
void prog_uncompile(struct prog *p);

/* Frees a program in any state. NULL does nothing. */
void prog_free(struct prog *p);

/* The program whose machine code is in the block, NULL if it holds none; and the instruction that the code at
 * an offset belongs to. notrace. */
const struct prog *prog_of_text(const struct text *t);
u32 prog_insn_at(const struct prog *p, u32 offset);

/* Finds out what the CPU can do. Call it before the first program is compiled. */
void compile_init(void);
