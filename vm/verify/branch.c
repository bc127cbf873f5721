// SPDX-License-Identifier: MIT
// Of the walk: conditional jumps. Both ways are walked, each with what it says about the operands, unless the operands
// decide.
#include "vm/verify/walk.h"

struct same {
	u32 id;
	const struct reg *r;
};

static void set_same(struct reg *r, void *arg)
{
	const struct same *s = arg;
	if (r->id == s->id)
		*r = *s->r;
}

/* All copies of a number are known as well as it is. */
static void spread(struct walk *w, const struct reg *from)
{
	struct reg copy = *from;
	if (from->kind == REG_NUMBER && from->id)
		state_each(&w->now, set_same, &(struct same){ from->id, &copy });
}

struct null {
	u32 id;
	bool is_null;
};

static void set_null(struct reg *r, void *arg)
{
	const struct null *n = arg;
	if (r->id != n->id || !r->may_be_null)
		return;
	if (n->is_null)
		*r = reg_number(0);
	else
		r->may_be_null = false;
}

void branch_null(struct walk *w, u32 id, bool is_null)
{
	state_each(&w->now, set_null, &(struct null){ id, is_null });
	if (is_null)
		state_close(&w->now, id, 0); /* nothing was reserved */
}

/* Says what the way tells. Returns false if the jump cannot go it. */
static bool assume(struct walk *w, const struct insn *in, bool taken)
{
	struct reg *a = walk_reg(w, in->dst), immediate = reg_number((u64)(i64)in->imm);
	struct reg *b = insn_takes_reg(in) ? walk_reg(w, in->src) : &immediate;
	bool wide = insn_class(in) == CLASS_JMP;
	u32 code = insn_operation(in);
	bool tests_null = wide && (code == JMP_EQ || code == JMP_NE);
	if (a->kind == REG_NUMBER && b->kind == REG_NUMBER) {
		if (!range_assume(code, wide, taken, &a->at, &b->at))
			return false;
		spread(w, a);
		if (insn_takes_reg(in))
			spread(w, b);
		return true;
	}
	if (reg_is_zero(a) && tests_null) {
		struct reg *swap = a;
		a = b;
		b = swap;
	}
	if (!reg_is_zero(b) || !tests_null)
		return true;
	bool is_null = (code == JMP_EQ) == taken;
	if (!a->may_be_null)
		return !is_null || a->kind == REG_OBJECT || a->kind == REG_CONTEXT || a->kind == REG_STACK;
	branch_null(w, a->id, is_null);
	return true;
}

struct copies {
	u32 a, b, count;
};

static void count_copies(struct reg *r, void *arg)
{
	struct copies *c = arg;
	c->count += r->id && (r->id == c->a || r->id == c->b);
}

/* A comparison of two registers matters where it tells of more than the two: of copies, or of an address. */
static void note_copies(struct walk *w, const struct insn *in)
{
	const struct reg *a = walk_reg(w, in->dst), *b = walk_reg(w, in->src);
	struct copies c = { .a = a->id, .b = b->id };
	state_each(&w->now, count_copies, &c);
	if (a->kind != REG_NUMBER || b->kind != REG_NUMBER || c.count > !!a->id + (u32) !!b->id)
		walk_decided(w, DECIDED_JUMP);
}

enum err walk_branch(struct walk *w)
{
	const struct insn *in = walk_insn(w);
	u32 target = (u32)(w->idx + 1 + insn_jump(in));
	struct state other;
	if (insn_is_goto(in)) {
		w->idx = target;
		return OK;
	}
	enum err e = walk_check_read(w, in->dst)
			 ?: (insn_takes_reg(in) ? walk_check_read(w, in->src) : OK)
			 ?: state_copy(&other, &w->now);
	if (e)
		return e;
	if (insn_takes_reg(in))
		note_copies(w, in);
	bool taken = assume(w, in, true);
	struct state after_taken = w->now;
	w->now = other;
	bool falls = assume(w, in, false);
	w->p->proven[w->idx].ways |= (falls ? WAY_ON : 0) | (taken ? WAY_TAKEN : 0);
	if (taken && falls) {
		struct state fall = w->now;
		w->now = after_taken;
		e = walk_later(w, target);
		state_free(&w->now);
		w->now = fall;
		path_add(&w->path, w->idx, w->idx + 1);
		w->idx++;
		return e;
	}
	walk_decided(w, DECIDED_JUMP);
	w->ended = !taken && !falls; /* no path comes here at all */
	if (taken) {
		state_free(&w->now);
		w->now = after_taken;
		w->idx = target;
		return OK;
	}
	state_free(&after_taken);
	w->idx++;
	return OK;
}
