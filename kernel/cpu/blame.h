/* SPDX-License-Identifier: MIT */
/* Which programs run, for a panic and for the tick. kernel/ knows no programs; attach/blame.c knows them and
 * sets the teller at boot. All functions here take no lock, have no site, and work in any context. */
#pragma once
#include "kernel/lib/fmt.h"

struct cpu;
struct pt_regs;

#define BLAME_PLACE_LEN 96

/* id differs from program to program. place names the program and its current line:
 * "m3loop (m3loop.bpf.c:8)". */
typedef void blame_visitor(const void *id, const char *place, void *arg);

struct blame_teller {
	/* Visits each program that the CPU runs, the innermost first. regs: where the CPU was interrupted. */
	void (*running)(const struct cpu *cpu, const struct pt_regs *regs, blame_visitor *visit, void *arg);
	/* Appends the names of the programs that are attached to the function that holds addr. */
	void (*attached)(struct strbuf *s, uptr addr);
};
void blame_set_teller(const struct blame_teller *teller);

/* These ask the teller. Before it is set, they do nothing. */
void blame_visit_running(const struct cpu *cpu, const struct pt_regs *regs, blame_visitor *visit, void *arg);
void blame_add_attached(struct strbuf *s, uptr addr);
