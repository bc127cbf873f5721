// SPDX-License-Identifier: MIT
// States: made, copied, compared.
#include "vm/verify/state.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/heap.h"

struct reg reg_number(u64 n)
{
	return (struct reg){ .kind = REG_NUMBER, .at = range_const(n) };
}

struct reg reg_any(void)
{
	return (struct reg){ .kind = REG_NUMBER, .at = range_any() };
}

struct reg reg_address(enum reg_kind kind, u32 what)
{
	return (struct reg){ .kind = kind, .what = what, .at = range_const(0) };
}

struct reg reg_cut(const struct reg *number, struct range now)
{
	struct reg r = { .kind = REG_NUMBER, .at = now };
	return range_is_same(&now, &number->at) ? *number : r;
}

bool reg_is_zero(const struct reg *r)
{
	return r->kind == REG_NUMBER && range_is_const(&r->at) && r->at.bits.value == 0;
}

bool reg_is_at_begin(const struct reg *r)
{
	return range_is_const(&r->at) && r->at.bits.value == 0;
}

static size_t frame_size(u32 depth)
{
	return sizeof(struct frame) + depth * sizeof(struct slot);
}

enum err state_push(struct state *s, u32 start, u32 depth)
{
	struct frame *f = kzalloc(frame_size(depth));
	if (!f)
		return ENOMEM;
	f->start = start;
	f->depth = depth;
	f->r[BPF_FP] = reg_address(REG_STACK, s->frame_count);
	s->frames[s->frame_count++] = f;
	return OK;
}

void state_pop(struct state *s)
{
	kfree(s->frames[--s->frame_count]);
	s->frames[s->frame_count] = NULL;
}

void state_free(struct state *s)
{
	while (s->frame_count)
		state_pop(s);
}

enum err state_copy(struct state *to, const struct state *from)
{
	*to = *from;
	to->frame_count = 0;
	for (u32 i = 0; i < from->frame_count; i++) {
		size_t size = frame_size(from->frames[i]->depth);
		struct frame *f = kmalloc(size);
		if (!f) {
			state_free(to);
			return ENOMEM;
		}
		memcpy(f, from->frames[i], size);
		to->frames[to->frame_count++] = f;
	}
	return OK;
}

u32 state_bytes(const struct state *s)
{
	u32 bytes = 0;
	for (u32 i = 0; i < s->frame_count; i++)
		bytes += (u32)frame_size(s->frames[i]->depth);
	return bytes;
}

void state_each(struct state *s, reg_visitor *visit, void *arg)
{
	for (u32 i = 0; i < s->frame_count; i++) {
		struct frame *f = s->frames[i];
		for (u32 r = 0; r < BPF_FP; r++)
			visit(&f->r[r], arg);
		for (u32 k = 0; k < f->depth; k++)
			if (f->slots[k].len)
				visit(&f->slots[k].reg, arg);
	}
}

static void forget_memory(struct reg *r, void *arg)
{
	const u32 *what = arg;
	if (r->kind == REG_MEMORY && r->what == *what)
		*r = reg_any();
}

void state_forget(struct state *s, u32 what)
{
	state_each(s, forget_memory, &what);
}

struct closing {
	u32 id, from;
};

static void forget_record(struct reg *r, void *arg)
{
	const struct closing *c = arg;
	if (r->kind != REG_RECORD || r->id != c->id)
		return;
	*r = reg_any();
	r->from = c->from;
}

void state_close(struct state *s, u32 id, u32 from)
{
	for (u32 i = 0; i < s->open_count; i++)
		if (s->open[i].id == id) {
			s->open_count--;
			memmove(&s->open[i], &s->open[i + 1], (s->open_count - i) * sizeof(s->open[0]));
		}
	state_each(s, forget_record, &(struct closing){ id, from });
}

/* Which id of the new state stands for which of the old. equal: of two rounds of a loop, iterators that take each other's
 * place are the same, and all numbers matter. */
enum { PAIRS = 64 };
struct pairs {
	bool equal;
	u32 old[PAIRS], now[PAIRS], count;
};

static bool same_id(struct pairs *p, u32 old, u32 now)
{
	if (!old || !now)
		return !old && !now;
	for (u32 i = 0; i < p->count; i++)
		if (p->old[i] == old || p->now[i] == now)
			return p->old[i] == old && p->now[i] == now;
	if (p->count == PAIRS)
		return false;
	p->old[p->count] = old;
	p->now[p->count++] = now;
	return true;
}

static bool reg_covers(struct pairs *p, const struct reg *old, const struct reg *now, bool matters)
{
	bool of_iter = old->kind == REG_ITER || old->kind == REG_MEMORY;
	if (old->kind == REG_NONE)
		return true;
	if (old->kind != now->kind)
		return false;
	if (old->kind == REG_NUMBER && !matters && !p->equal)
		return true;
	if (!range_includes(&old->at, &now->at))
		return false;
	/* A number that is no copy of another one may stand for one that is: less is known of it. */
	if (old->kind == REG_NUMBER)
		return p->equal || !old->id || same_id(p, old->id, now->id);
	return old->may_be_null == now->may_be_null && old->is_read_only == now->is_read_only &&
	       old->is_one_of == now->is_one_of && old->size == now->size && same_id(p, old->id, now->id) &&
	       (p->equal && of_iter ? same_id(p, old->what, now->what) : old->what == now->what);
}

static bool slot_covers(struct pairs *p, const struct slot *old, const struct slot *now, bool matters)
{
	if (old->written & ~now->written || old->is_zero & ~now->is_zero ||
	    slot_is_iter(old) != slot_is_iter(now))
		return false;
	bool any =
	    !p->equal && !matters && old->reg.kind == REG_NUMBER && now->len && now->reg.kind == REG_NUMBER;
	if (any)
		return true;
	if (!old->len) /* any number; with an address less is allowed */
		return !now->len || !reg_is_address(&now->reg);
	return old->len == now->len && old->first == now->first &&
	       reg_covers(p, &old->reg, &now->reg, matters);
}

static bool frame_covers(struct pairs *p, const struct frame *old, const struct frame *now,
			 const struct live *live)
{
	if (old->start != now->start || old->called_at != now->called_at || old->callback != now->callback ||
	    (old->round != now->round && !p->equal))
		return false;
	for (u32 i = 0; i < BPF_FP; i++)
		if (live->regs >> i & 1 && !reg_covers(p, &old->r[i], &now->r[i], live->regs_matter >> i & 1))
			return false;
	for (u32 i = 0; i < old->depth; i++)
		if ((live->slots >> i & 1 || slot_is_iter(&old->slots[i]) || slot_is_iter(&now->slots[i])) &&
		    !slot_covers(p, &old->slots[i], &now->slots[i], live->slots_matter >> i & 1))
			return false;
	return true;
}

/* A number that does not matter itself must still be the copy that it was of one that does: a test of it tells about
 * that one. */
static bool keeps_link(const struct pairs *p, const struct reg *old, const struct reg *now)
{
	for (u32 i = 0; old->kind == REG_NUMBER && i < p->count; i++)
		if (p->old[i] == old->id)
			return p->now[i] == now->id;
	return true;
}

static bool frame_keeps_links(const struct pairs *p, const struct frame *old, const struct frame *now,
			      const struct live *live)
{
	const struct reg none = { .kind = REG_NONE };
	for (u32 i = 0; i < BPF_FP; i++)
		if (live->regs >> i & 1 && !keeps_link(p, &old->r[i], &now->r[i]))
			return false;
	for (u32 i = 0; i < old->depth; i++) {
		const struct slot *was = &old->slots[i], *is = &now->slots[i];
		bool same = is->len == was->len && is->first == was->first;
		if (live->slots >> i & 1 && was->len && !keeps_link(p, &was->reg, same ? &is->reg : &none))
			return false;
	}
	return true;
}

static bool covers(const struct state *old, const struct state *now, const struct live *const live[],
		   bool equal)
{
	struct pairs p = { .equal = equal };
	if (old->frame_count != now->frame_count || old->open_count != now->open_count ||
	    old->locked != now->locked || old->lock_map != now->lock_map ||
	    !same_id(&p, old->lock_id, now->lock_id))
		return false;
	for (u32 i = 0; i < old->open_count; i++)
		if (!same_id(&p, old->open[i].id, now->open[i].id))
			return false;
	for (u32 i = 0; i < old->frame_count; i++)
		if (!frame_covers(&p, old->frames[i], now->frames[i], live[i]))
			return false;
	for (u32 i = 0; i < old->frame_count && !equal; i++)
		if (!frame_keeps_links(&p, old->frames[i], now->frames[i], live[i]))
			return false;
	return true;
}

bool state_covers(const struct state *old, const struct state *now, const struct live *const live[])
{
	return covers(old, now, live, false);
}

bool state_equals(const struct state *old, const struct state *now, const struct live *const live[])
{
	return covers(old, now, live, true) && covers(now, old, live, true);
}
