/* SPDX-License-Identifier: MIT */
/* Gives a verified program its entry: machine code, or a stub that interprets it; and takes it away with the
 * program. */
#pragma once
#include "kernel/lib/fmt.h"
#include "vm/prog.h"

/* Makes p->text (whose name the caller has set) and p->entry as p->mode says; p->state becomes
 * PROG_COMPILED. On failure nothing has changed and log has one sentence: ENOMEM, E2BIG the code is too
 * long, ERANGE a helper lies too far away. */
enum err prog_compile(struct prog *p, struct strbuf *log);

/* Undoes it; nobody may run the program any more. Harmless on one that is not compiled. */
void prog_uncompile(struct prog *p);

/* The end of a program, however far it has come; NULL is none. */
void prog_free(struct prog *p);

/* Of machine code: the program that this block holds, NULL if none, and the instruction that the code at
 * an offset belongs to. notrace. */
const struct prog *prog_of_text(const struct text *t);
u32 prog_insn_at(const struct prog *p, u32 offset);

/* Looks what the CPU can do; before the first program. */
void compile_init(void);
