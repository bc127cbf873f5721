/* SPDX-License-Identifier: MIT */
/* Makes the entry of a verified program: machine code, or a stub that interprets it. Frees programs. */
#pragma once
#include "kernel/lib/fmt.h"
#include "vm/prog.h"

/* Compiles a verified program as p->mode says. Sets p->text, whose name the caller has set, and p->entry;
 * p->state becomes PROG_COMPILED. On failure nothing has changed, and log has one sentence:
 *
 *       ENOMEM  there is no memory for the code
 *       E2BIG   the code would be longer than 16 MiB
 *       ERANGE  a helper is more than 2 GiB away from the code */
enum err prog_compile(struct prog *p, struct strbuf *log);

/* Undoes prog_compile. No CPU may run the program any more. Does nothing to an uncompiled program. */
void prog_uncompile(struct prog *p);

/* Frees a program in any state. NULL does nothing. */
void prog_free(struct prog *p);

/* prog_of_text returns the program whose machine code block t holds; NULL if it holds none, or a stub.
 * prog_insn_at returns the instruction to which the code at an offset belongs. Both are notrace. */
const struct prog *prog_of_text(const struct text *t);
u32 prog_insn_at(const struct prog *p, u32 offset);

/* Finds out what the CPU can do. Call it before the first program is compiled. */
void compile_init(void);
