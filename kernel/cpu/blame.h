/* SPDX-License-Identifier: MIT */
/* Which programs are at work, for a panic and for the tick. kernel/ knows no programs: attach/blame.c,
 * which does, tells at boot. Everything here takes no lock, has no site, and may be called in any context. */
#pragma once
#include "kernel/lib/fmt.h"

struct cpu;
struct pt_regs;

#define BLAME_PLACE_LEN 96

/* id differs from program to program; place is "m3loop (m3loop.bpf.c:8)": the program and the line it is
 * at. */
typedef void blame_visitor(const void *id, const char *place, void *arg);

struct blame_teller {
	/* Visits each program that the CPU runs, the innermost first. regs: where it was interrupted. */
	void (*running)(const struct cpu *cpu, const struct pt_regs *regs, blame_visitor *visit, void *arg);
	/* Appends the names of the programs that are attached to the function that holds addr. */
	void (*attached)(struct strbuf *s, uptr addr);
};
void blame_set_teller(const struct blame_teller *teller);

/* The same; nothing before there is a teller. */
void blame_visit_running(const struct cpu *cpu, const struct pt_regs *regs, blame_visitor *visit, void *arg);
void blame_add_attached(struct strbuf *s, uptr addr);
