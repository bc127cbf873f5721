// SPDX-License-Identifier: MIT
// Of the walk: iterators, and the loops that end because an iterator or a helper counts the rounds.
//
// An iterator is a slot of the stack that holds REG_ITER. Nothing but its functions touches it: the slot counts as not
// written. Its number, reg.what, is new at each bpf_iter_num_new on each path, and no two states with different numbers
// are the same. So what comes back to a call of bpf_iter_num_next with the same number has taken one of its numbers.
#include "vm/verify/iter.h"
#include "vm/run/kfunc.h"

static i64 offset_of(const struct frame *f, const struct slot *s)
{
	return -8 * (s - f->slots + 1);
}

struct slot *iter_within(struct frame *f, i64 least, i64 end)
{
	for (u32 i = 0; i < f->depth; i++)
		if (slot_is_iter(&f->slots[i]) && -8 * (i64)i > least && -8 * (i64)(i + 1) < end)
			return &f->slots[i];
	return NULL;
}

enum err iter_check_closed(struct walk *w, struct frame *f)
{
	const struct slot *s = iter_within(f, -PROG_STACK, 0);
	return !s ? OK
		  : walk_refuse(w,
				"the iterator at r10%+lld is open; call bpf_iter_num_destroy before this, on "
				"every path",
				offset_of(f, s));
}

enum err iter_argument(struct walk *w, u32 n, bool is_new, const char *name, struct slot **slot)
{
	const struct reg *r = walk_reg(w, n);
	struct frame *f = r->kind == REG_STACK ? w->now.frames[r->what] : NULL;
	i64 at = r->at.whole.smin;
	u64 below = 0 - (u64)at;
	if (!f || !range_is_const(&r->at) || below % 8 || below / 8 - 1 >= f->depth)
		return walk_refuse(
		    w, "argument %u of %s must be the address of a struct bpf_iter_num on the stack", n,
		    name);
	*slot = &f->slots[below / 8 - 1];
	if (slot_is_iter(*slot) && is_new)
		return walk_refuse(
		    w, "the iterator at r10%+lld is open already; call bpf_iter_num_destroy first", at);
	if (!slot_is_iter(*slot) && !is_new)
		return walk_refuse(w, "no iterator is open at r10%+lld; call bpf_iter_num_new first", at);
	return OK;
}

/* The other way, on which no number is left, is kept for later. */
static enum err give_number(struct walk *w, struct slot *slot)
{
	struct reg *r0 = walk_reg(w, BPF_R0);
	bool is_active = slot->reg.size;
	*r0 = reg_number(0);
	slot->reg.size = 0;
	if (!is_active)
		return OK;
	enum err e = walk_later(w, w->idx);
	slot->reg.size = sizeof(i32);
	*r0 = (struct reg){ .kind = REG_MEMORY,
			    .what = slot->reg.what,
			    .size = sizeof(i32),
			    .is_read_only = true,
			    .at = range_const(0) };
	return e;
}

enum err iter_called(struct walk *w, enum helper_arg arg, struct slot *slot)
{
	struct reg iter = slot->reg;
	switch (arg) {
	case ARG_ITER: return give_number(w, slot);
	case ARG_ITER_END:
		*slot = (struct slot){ .len = 0 };
		state_forget(&w->now, iter.what);
		return OK;
	default:
		iter = (struct reg){ .kind = REG_ITER, .what = ++w->last_id, .size = sizeof(i32) };
		*slot = (struct slot){ .reg = iter, .len = 8 };
		return OK;
	}
}

static const struct helper *callee_of(const struct insn *in)
{
	enum insn_kind kind = insn_kind(in);
	return kind == INSN_CALL         ? helper_find((u32)in->imm)
	       : kind == INSN_CALL_KFUNC ? kfunc_find((u32)in->imm)
					 : NULL;
}

bool iter_repeats(const struct insn *in)
{
	const struct helper *h = callee_of(in);
	return h && (h->flags & HELPER_CALLBACK || h->ret == RET_ITER_NUMBER);
}

u32 iter_round(struct walk *w, bool *is_first)
{
	const struct helper *h = callee_of(walk_insn(w));
	const struct reg *r = walk_reg(w, BPF_R1);
	u32 came_back = w->came_back;
	w->came_back = 0;
	if (h->flags & HELPER_CALLBACK) {
		*is_first = !came_back;
		return came_back ? came_back : ++w->last_id;
	}
	if (r->kind != REG_STACK || !range_is_const(&r->at))
		return 0;
	const struct slot *s = iter_within(w->now.frames[r->what], r->at.whole.smin, r->at.whole.smin + 8);
	return s && s->reg.size ? s->reg.what : 0;
}

/* Whether the iterator, or the call of a helper with a callback, of that number goes on in the state. */
static bool has_round(struct state *s, u32 round)
{
	for (u32 i = 0; i < s->frame_count; i++) {
		struct frame *f = s->frames[i];
		if (f->round == round)
			return true;
		for (u32 k = 0; k < f->depth; k++)
			if (slot_is_iter(&f->slots[k]) && f->slots[k].reg.what == round)
				return true;
	}
	return false;
}

bool iter_takes_round(struct walk *w, const struct seen *s, u32 round)
{
	const struct seen *at = w->from ? w->from->counts : NULL;
	for (; at && at->id >= s->id; at = at->before ? at->before->counts : NULL)
		if (at->round == round || has_round(&w->now, at->round))
			return true;
	return false;
}
