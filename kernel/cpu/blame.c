// SPDX-License-Identifier: MIT
// Keeps the teller that attach/blame.c sets, and asks it.
#include "kernel/cpu/blame.h"

static const struct blame_teller *teller;

void blame_set_teller(const struct blame_teller *t)
{
	write_once(teller, t);
}

notrace void blame_visit_running(const struct cpu *cpu, const struct pt_regs *regs, blame_visitor *visit,
				 void *arg)
{
	const struct blame_teller *t = read_once(teller);
	if (t)
		t->running(cpu, regs, visit, arg);
}

notrace void blame_add_attached(struct strbuf *s, uptr addr)
{
	const struct blame_teller *t = read_once(teller);
	if (t)
		t->attached(s, addr);
}
