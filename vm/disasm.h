/* SPDX-License-Identifier: MIT */
/* An instruction as text, the way bpftool writes it: r1 = *(u64 *)(r0 +8). */
#pragma once
#include "kernel/lib/fmt.h"
#include "vm/prog.h"

/* Appends instruction idx of p, idx < p->insn_count, without a newline. Prints the names of p's maps;
 * where it knows no name, an index or a number. Prints nothing for the second slot of a 64-bit immediate. */
void insn_print(struct strbuf *s, const struct prog *p, u32 idx);

/* Appends an instruction that is in no program. in points to both slots if it is wide. */
void insn_print_alone(struct strbuf *s, const struct insn *in);

/* Prints what a watcher of the verifier gets (vm/verify/verify.h): the line of C that begins there, the instruction, and
 * what is known behind it; or the sentence. */
void insn_print_walked(const struct prog *p, u32 idx, const char *known);
