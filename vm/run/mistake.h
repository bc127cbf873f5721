/* SPDX-License-Identifier: MIT */
/* Accesses of a program to addresses that are none. They do no harm: a load reads 0, a store is dropped.
 * So that they do not pass unseen they are counted, in struct prog, where the fault is put right; a
 * program that makes no mistakes pays nothing for it. What helpers do is not counted: they answer. */
#pragma once
#include "vm/prog.h"

/* Instruction idx of p has met a bad address: counts it, and prints the program's first one into the trace
 * buffer. Atomic instructions count as stores, but for load_acquire. Any context. notrace. */
void mistake_note(const struct prog *p, u32 idx);

/* "3 stores dropped, 5 loads read as 0; first at insn 7 (my.bpf.c:12)"; nothing if there were none. */
void mistake_print(struct strbuf *s, const struct prog *p);

/* Where instruction idx is in C: "my.bpf.c:12"; or, without lines, "insn 7". notrace. */
void mistake_print_line(struct strbuf *s, const struct prog *p, u32 idx);
