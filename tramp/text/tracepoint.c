// SPDX-License-Identifier: MIT
// Pokes the branches of a tracepoint: a nop while it has no users, a jmp while it has some.
#include "tramp/text/tracepoint.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/cpu/panic.h"
#include "kernel/mem/sym.h"
#include "tramp/text/audit.h"
#include "tramp/text/poke.h"
#include "tramp/text/site.h"

/* linker.ld */
extern struct tracepoint tracepoints_start[], tracepoints_end[];
/* ORDER BRANCH_ROW */
extern const struct tracepoint_branch tracepoint_branches_start[], tracepoint_branches_end[];

/* Room for all branches of any one tracepoint, so that no change needs memory. Under tramp_lock. */
static struct poke *batch;

u32 tracepoint_count(void)
{
	return (u32)(tracepoints_end - tracepoints_start);
}

struct tracepoint *tracepoint_nth(u32 i)
{
	return &tracepoints_start[i];
}

struct tracepoint *tracepoint_named(const char *name)
{
	for (struct tracepoint *tp = tracepoints_start; tp < tracepoints_end; tp++)
		if (strcmp(tp->name, name) == 0)
			return tp;
	return NULL;
}

u32 tracepoint_branch_count(void)
{
	return (u32)(tracepoint_branches_end - tracepoint_branches_start);
}

const struct tracepoint_branch *tracepoint_branch_nth(u32 i)
{
	return &tracepoint_branches_start[i];
}

static void branch_bytes(u8 bytes[SITE_LEN], const struct tracepoint_branch *b, bool on)
{
	if (on)
		poke_make_jmp(bytes, b->addr, b->target);
	else
		poke_make_nop(bytes);
}

/* For the auditor: explains every branch that is not the nop that was linked. */
static void explain_branches(void)
{
	u8 bytes[SITE_LEN];
	for (u32 i = 0; i < tracepoint_branch_count(); i++) {
		const struct tracepoint_branch *b = tracepoint_branch_nth(i);
		if (!b->tp->users)
			continue;
		branch_bytes(bytes, b, true);
		audit_place(b->addr, bytes, SITE_LEN);
	}
}

static enum err switch_branches(const struct tracepoint *tp, bool on, struct strbuf *log)
{
	u32 count = 0;
	for (u32 i = 0; i < tracepoint_branch_count(); i++) {
		const struct tracepoint_branch *b = tracepoint_branch_nth(i);
		if (b->tp != tp)
			continue;
		struct poke *p = &batch[count++];
		p->addr = b->addr;
		branch_bytes(p->old, b, !on);
		branch_bytes(p->new, b, on);
	}
	return poke_batch(batch, count, log);
}

enum err tracepoint_enable(struct tracepoint *tp, struct strbuf *log)
{
	enum err e = tp->users ? OK : switch_branches(tp, true, log);
	if (!e)
		tp->users++;
	return e;
}

enum err tracepoint_disable(struct tracepoint *tp, struct strbuf *log)
{
	assert(tp->users);
	enum err e = tp->users > 1 ? OK : switch_branches(tp, false, log);
	if (!e)
		tp->users--;
	return e;
}

static void check_branch(const struct tracepoint_branch *b)
{
	u8 nop[SITE_LEN];
	struct sym sym, target;

	poke_make_nop(nop);
	if (!sym_at(b->addr, &sym) || !sym_at(b->target, &target) || sym.addr != target.addr)
		panic("tracepoint %s: the branch at %#lx leaves its function", b->tp->name, b->addr);
	if (site_at(b->addr) || memcmp((const void *)b->addr, nop, SITE_LEN))
		panic("tracepoint %s: %s+0x%lx is not the expected nop", b->tp->name, sym.name,
		      b->addr - sym.addr);
}

void tracepoint_init(void)
{
	static struct audit_source of_branches = { .explain = explain_branches };
	batch = kzalloc(tracepoint_branch_count() * sizeof(*batch));
	assert(batch);
	for (u32 i = 0; i < tracepoint_branch_count(); i++) {
		check_branch(tracepoint_branch_nth(i));
		tracepoint_branch_nth(i)->tp->branches++;
	}
	for (struct tracepoint *tp = tracepoints_start; tp < tracepoints_end; tp++) {
		tp->site = site_at(tp->func);
		if (!tp->site || !tp->branches)
			panic("tracepoint %s: it has no branch, or its function has no site", tp->name);
		tp->site->title = tp->title;
	}
	audit_explain(&of_branches);
}
