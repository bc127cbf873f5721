/* SPDX-License-Identifier: MIT */
/* Accesses of a program to bad addresses. They do no harm: a load reads 0, a store is dropped. The handler of
 * the fault counts them in struct prog, so a program without mistakes pays nothing. Accesses of helpers are
 * not counted: helpers return an error. */
#pragma once
#include "vm/prog.h"

/* Counts an access of instruction idx of p to a bad address, and prints the program's first one into the
 * trace buffer. Atomic instructions count as stores, except load_acquire. Any context. notrace. */
void mistake_note(const struct prog *p, u32 idx);

/* Prints "3 stores dropped, 5 loads read as 0; first at insn 7 (my.bpf.c:12)"; nothing without a mistake. */
void mistake_print(struct strbuf *s, const struct prog *p);

/* Prints where instruction idx is in C: "my.bpf.c:12"; or, if its line is not known, "insn 7". notrace. */
void mistake_print_line(struct strbuf *s, const struct prog *p, u32 idx);
