// SPDX-License-Identifier: MIT
// Finds programs in a backtrace: compiled code by its address, interpreted programs by a pointer to their
// current instruction. The interpreter keeps that pointer in a register, and a function that it calls saves
// the register on the stack.
#include "attach/blame.h"
#include "kernel/cpu/backtrace.h"
#include "kernel/cpu/blame.h"
#include "kernel/cpu/probe.h"
#include "kernel/mem/sym.h"
#include "kernel/sched/task.h"
#include "kernel/cpu/trap.h"
#include "attach/attach.h"
#include "vm/compile.h"
#include "vm/interp/interp.h"
#include "vm/run/mistake.h"

enum { INTERPRETED_MAX = 8 };

struct search {
	blame_visitor *visit;
	void *arg;
	const struct prog *last; /* visited last: several of its functions can lie in a row on the stack */
	const struct prog *interpreted[INTERPRETED_MAX]; /* the interpreted programs that run on the CPU */
	u32 count;
	const struct pt_regs *regs; /* NULL once their RBX has been read */
	uptr at, end;               /* words of the stack that have not been read */
};

static notrace void tell(struct search *s, const struct prog *p, u32 idx)
{
	char place[BLAME_PLACE_LEN];
	struct strbuf text = STRBUF(place);
	if (p == s->last)
		return;
	s->last = p;
	str_puts(&text, p->name);
	if (idx < p->insn_count) {
		str_puts(&text, " (");
		mistake_print_line(&text, p, idx);
		str_puts(&text, ")");
	}
	s->visit(p, place, s->arg);
}

static notrace const struct prog *points_into(const struct search *s, uptr word, u32 *idx)
{
	for (u32 i = 0; i < s->count; i++) {
		*idx = interp_insn_at(s->interpreted[i], word);
		if (*idx < s->interpreted[i]->insn_count)
			return s->interpreted[i];
	}
	return NULL;
}

/* Stores the next word that may be the pointer: first the register, then the stack. False at the end. */
static notrace bool next_word(struct search *s, uptr *word)
{
	if (s->regs) {
		*word = s->regs->bx;
		s->regs = NULL;
		return true;
	}
	s->at += sizeof(*word);
	return s->at < s->end && probe_read(word, s->at, sizeof(*word)) == OK;
}

/* Visits the innermost interpreted program that has not been visited. */
static notrace void find_interpreted(struct search *s)
{
	uptr word;
	while (next_word(s, &word)) {
		u32 idx;
		const struct prog *p = points_into(s, word, &idx);
		if (!p || p == s->last)
			continue;
		tell(s, p, idx);
		return;
	}
	if (s->count && !s->last)
		tell(s, s->interpreted[0], s->interpreted[0]->insn_count);
}

static notrace void look_at(uptr addr, void *arg)
{
	struct search *s = arg;
	const struct text *t = text_find(addr);
	const struct prog *p = t ? prog_of_text(t) : NULL;
	struct sym sym;
	if (p)
		tell(s, p, prog_insn_at(p, (u32)(addr - t->base)));
	else if (s->count && sym_at(addr, &sym) && sym.addr == (uptr)interp_run)
		find_interpreted(s);
}

static notrace void visit_running(const struct cpu *cpu, const struct pt_regs *regs, blame_visitor *visit,
				  void *arg)
{
	struct search s = { .visit = visit, .arg = arg, .regs = regs };
	s.at = regs ? regs->sp : (uptr)__builtin_frame_address(0);
	s.at = align_down(s.at, sizeof(uptr)) - sizeof(uptr);
	s.end = s.at + STACK_SIZE;
	for (u32 i = 0; i < CPU_ACTIVE_SLOTS && s.count < INTERPRETED_MAX; i++) {
		const struct prog *p = cpu->active[i] ? prog_in_slot(i) : NULL;
		if (p && p->icode)
			s.interpreted[s.count++] = p;
	}
	backtrace_walk(regs, look_at, &s);
}

static notrace bool is_inside(const struct sym *func, uptr addr)
{
	return addr - func->addr < func->len;
}

static notrace bool is_attached_to(const struct link *l, const struct sym *func)
{
	const struct kprobe *probe = probe_of(l);
	bool is = probe && is_inside(func, probe->addr);
	for (u32 i = 0; i < l->site_count; i++)
		is |= is_inside(func, l->sites[i]->addr);
	return is;
}

static notrace void name_attached(struct strbuf *s, uptr addr)
{
	struct sym func;
	if (!sym_at(addr, &func))
		return;
	for (const struct link *l = link_next(NULL); l; l = link_next(l))
		if (is_attached_to(l, &func))
			str_printf(s, "%s%s of %s", s->len ? ", " : "", l->prog->name, func.name);
}

static const struct blame_teller teller = { visit_running, name_attached };

void attach_blame_init(void)
{
	blame_set_teller(&teller);
}
