/* SPDX-License-Identifier: MIT */
/* An instruction as text, the way bpftool writes it: r1 = *(u64 *)(r0 +8). */
#pragma once
#include "kernel/lib/fmt.h"
#include "vm/prog.h"

/* Appends insns[idx] without a newline. p names helpers' maps; an index or number stands where a name
 * is not known. The second slot of a 64-bit immediate prints nothing. idx < p->insn_count. */
void insn_print(struct strbuf *s, const struct prog *p, u32 idx);

/* The same for an instruction that is in no program: in points to both slots if it is wide. */
void insn_print_alone(struct strbuf *s, const struct insn *in);
