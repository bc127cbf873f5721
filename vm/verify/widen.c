// SPDX-License-Identifier: MIT
// Of the walk: numbers that grow from round to round of a loop.
//
// A number that grows twice in a row is taken to grow on, up to the next limit: a constant that the program compares
// with, or the end of a type. So a loop ends after a few rounds, and what it tests stays known. In later rounds, one
// growth is enough.
#include "vm/verify/iter.h"
#include "vm/verify/range_parts.h"

enum { PATIENT_ROUNDS = 8 };

struct growth {
	struct walk *w;
	bool at_once;
	bool changed;
};

/* The nearest limit that is not below at; or not above it. */
static i64 limit_of(const struct walk *w, i64 at, bool above)
{
	static const i64 ends[] = { -1, 0, 0x7fffffff, 0xffffffff, (i64)(~0ull >> 1) };
	u32 end = 0;
	while (above ? ends[end] < at : ~ends[end] > at)
		end++;
	i64 limit = above ? ends[end] : ~ends[end];
	for (u32 i = 0; i < w->p->insn_count; i++) {
		const struct insn *in = &w->p->insns[i];
		if (w->v->marks[i] & MARK_TAIL || !insn_is_jump(in) || insn_is_goto(in) || insn_takes_reg(in))
			continue;
		for (i64 n = (i64)in->imm - 1; n <= (i64)in->imm + 1; n++)
			if (above ? n >= at && n < limit : n <= at && n > limit)
				limit = n;
	}
	return limit;
}

static struct range between_signed(i64 least, i64 most)
{
	if (least >= 0 || most < 0)
		return range_between((u64)least, (u64)most);
	return range_join(range_between((u64)least, ~0ull), range_between(0, (u64)most));
}

/* The low bits in which all numbers of both agree. */
static struct tnum low_bits(struct tnum a, struct tnum b)
{
	struct tnum both = tnum_join(a, b);
	u64 lowest = both.mask & -both.mask;
	return lowest ? (struct tnum){ both.value & (lowest - 1), ~(lowest - 1) } : both;
}

static void widen_reg(struct growth *g, struct reg *now, const struct reg *last, const struct reg *before)
{
	if (now->kind != REG_NUMBER || last->kind != REG_NUMBER || range_includes(&last->at, &now->at))
		return;
	if (!g->at_once && (!before || before->kind != REG_NUMBER || range_includes(&before->at, &last->at)))
		return;
	i64 least = min(now->at.whole.smin, last->at.whole.smin);
	i64 most = max(now->at.whole.smax, last->at.whole.smax);
	if (now->at.whole.smin < last->at.whole.smin)
		least = limit_of(g->w, least, false);
	if (now->at.whole.smax > last->at.whole.smax)
		most = limit_of(g->w, most, true);
	struct range r = between_signed(least, most);
	r.bits = low_bits(now->at.bits, last->at.bits);
	*now = (struct reg){ .kind = REG_NUMBER, .at = range_meet(r, between_signed(least, most)) };
	g->changed = true;
}

static const struct reg *kept_in(const struct slot *s, const struct slot *as)
{
	return s->len == as->len && s->first == as->first ? &s->reg : NULL;
}

static void widen_frame(struct growth *g, struct frame *now, const struct frame *last,
			const struct frame *before)
{
	for (u32 n = 0; n < BPF_FP; n++)
		widen_reg(g, &now->r[n], &last->r[n], &before->r[n]);
	for (u32 k = 0; k < now->depth; k++) {
		struct slot *s = &now->slots[k];
		const struct reg *was = s->len ? kept_in(&last->slots[k], s) : NULL;
		if (was)
			widen_reg(g, &s->reg, was, kept_in(&before->slots[k], s));
	}
}

/* Whether both are in the same functions, called from the same places. */
static bool has_same_frames(const struct state *a, const struct state *b)
{
	bool same = a->frame_count == b->frame_count;
	for (u32 i = 0; i < a->frame_count && same; i++)
		same = a->frames[i]->start == b->frames[i]->start &&
		       a->frames[i]->called_at == b->frames[i]->called_at;
	return same;
}

bool iter_widen(struct walk *w, u32 round)
{
	const struct seen *rounds[2] = { NULL, NULL }; /* the last, and the one before */
	struct growth g = { .w = w };
	u32 count = 0;
	for (const struct seen *s = w->seen[w->idx]; s; s = s->next)
		if (s->open && s->round == round && has_same_frames(&s->s, &w->now) &&
		    count++ < array_len(rounds))
			rounds[count - 1] = s;
	g.at_once = count >= PATIENT_ROUNDS;
	for (u32 i = 0; i < w->now.frame_count && count >= array_len(rounds); i++)
		widen_frame(&g, w->now.frames[i], rounds[0]->s.frames[i], rounds[1]->s.frames[i]);
	return g.changed;
}
