// SPDX-License-Identifier: MIT
// Mistakes in the verifier, by which the fuzzer is tried: each must be found. The linker leads the calls here (--wrap).
// Numbers 2, 8, 12, 13, 22, 25, 27 and 28 are in watch.c.
#include "kernel/lib/mem.h"
#include "tests/fuzz/proof/proof.h"
#include "vm/verify/range_parts.h"
#include "vm/run/frame.h"
#include "vm/verify/global.h"
#include "vm/verify/iter.h"
#include "vm/verify/typed.h"
#include "vm/verify/walk.h"

u32 broken;

static const char *const names[] = { "nothing",
				     "a sum is one less at its upper end",
				     "a map's value is never NULL",
				     "the bits of a sum know no carry",
				     "a buffer of a variable size counts as written",
				     "a state covers each other one of the same place",
				     "> tells what >= does",
				     "a test of 32 bits counts for 64",
				     "no number matters later",
				     "a sign is extended with zeros",
				     "a bounded product is one less",
				     "what a helper writes is one byte shorter",
				     "r7 is not read later",
				     "the stack is not read later",
				     "numbers do not grow in loops that count rounds",
				     "a function may leave an iterator open",
				     "a caller's iterator has a number each time",
				     "a record is still there after it was given back",
				     "memory that may be NULL is passed where it may not",
				     "a function that is not static gets no NULL",
				     "such a function is not walked",
				     "a function that ends in a tail call returns 0",
				     "no tail call fails",
				     "a helper may read one byte more",
				     "registers have one word more",
				     "a part of a number on the stack is all of it",
				     "the address of an iterator's number outlives it",
				     "the address of an element's key outlives its callback",
				     "no number matters that a function stores for its caller" };

u32 broken_count(void)
{
	return array_len(names) - 1;
}

const char *broken_name(u32 n)
{
	return names[n];
}

#define WRAP(type, name, ...)            \
	type __real_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__)

WRAP(struct range, range_alu, u32 code, bool wide, bool is_signed, struct range a, struct range b)
{
	struct range r = __real_range_alu(code, wide, is_signed, a, b);
	if (((broken == 1 && code == ALU_ADD) || (broken == 10 && code == ALU_LSH)) && !range_is_const(&r) &&
	    r.whole.umax > r.whole.umin)
		r.whole.umax--, r.whole.smax -= r.whole.smax > r.whole.smin;
	return r;
}

WRAP(struct tnum, tnum_add, struct tnum a, struct tnum b, u32 w)
{
	if (broken == 3)
		return (struct tnum){ (a.value + b.value) & ~(a.mask | b.mask), a.mask | b.mask };
	return __real_tnum_add(a, b, w);
}

WRAP(enum err, access_check, struct walk *w, u32 n, i64 off, u64 size, enum access how, const char *who)
{
	if (broken == 4 && how == ACCESS_MAY_WRITE)
		how = ACCESS_WRITE;
	if (broken == 11 && size > 1 && how != ACCESS_READ)
		size--;
	if (broken == 23 && who && size > 1 && how == ACCESS_READ)
		size--;
	return __real_access_check(w, n, off, size, how, who);
}

WRAP(bool, state_covers, const struct state *old, const struct state *now, const struct live *const live[])
{
	return broken == 5 || __real_state_covers(old, now, live);
}

WRAP(bool, range_assume, u32 code, bool wide, bool taken, struct range *a, struct range *b)
{
	if (broken == 6 && code == JMP_GT && !taken)
		code = JMP_GE;
	if (broken == 7)
		wide = true;
	return __real_range_assume(code, wide, taken, a, b);
}

WRAP(bool, iter_widen, struct walk *w, u32 round)
{
	bool changed = __real_iter_widen(w, round);
	if (broken == 14 && changed)
		w->ended = true;
	return changed;
}

WRAP(enum err, iter_check_closed, struct walk *w, struct frame *f)
{
	return broken == 15 ? OK : __real_iter_check_closed(w, f);
}

/* The way on which no number is left was kept last. */
WRAP(enum err, iter_called, struct walk *w, enum helper_arg arg, struct slot *slot)
{
	const struct frame *top = state_top(&w->now);
	if (broken == 26 && arg == ARG_ITER_END) {
		*slot = (struct slot){ .len = 0 };
		return OK;
	}
	bool is_own = slot >= top->slots && slot < top->slots + top->depth;
	enum err e = __real_iter_called(w, arg, slot);
	if (broken == 16 && !e && !is_own && walk_reg(w, BPF_R0)->kind == REG_MEMORY)
		state_top(&w->pending[w->pending_count - 1].s)->r[BPF_R0] = *walk_reg(w, BPF_R0);
	return e;
}

WRAP(void, state_close, struct state *s, u32 id, u32 from)
{
	u32 i = 0;
	while (i < s->open_count && s->open[i].id != id)
		i++;
	if (broken != 17 || i == s->open_count)
		__real_state_close(s, id, from);
	else
		memmove(&s->open[i], &s->open[i + 1], (--s->open_count - i) * sizeof(s->open[0]));
}

WRAP(enum err, global_call, struct walk *w, u32 start)
{
	if (broken == 18)
		walk_reg(w, BPF_R1)->may_be_null = walk_reg(w, BPF_R2)->may_be_null = false;
	return __real_global_call(w, start);
}

WRAP(void, global_enter, struct walk *w)
{
	__real_global_enter(w);
	for (u32 n = BPF_R1; n <= BPF_R5 && broken == 19; n++)
		walk_reg(w, n)->may_be_null = false;
}

WRAP(bool, global_next, struct walk *w, u32 *start)
{
	return __real_global_next(w, start) && broken != 20;
}

WRAP(enum err, context_read, struct walk *w, const struct insn *in, struct reg *result)
{
	bool is_behind = frame_is_regs(w->p) && in->off == 8 * REGS;
	*result = access_any(in);
	return broken == 24 && is_behind ? OK : __real_context_read(w, in, result);
}

/* What waits behind the call of the function. */
WRAP(enum err, walk_later, struct walk *w, u32 idx)
{
	if (broken == 21 && idx == w->idx && insn_kind(&w->p->insns[idx - 1]) == INSN_CALL_LOCAL)
		*walk_reg(w, BPF_R0) = reg_number(0);
	return __real_walk_later(w, idx);
}

WRAP(struct range, range_sign_extend, struct range a, u32 width)
{
	return broken == 9 ? range_zero_extend(a, width) : __real_range_sign_extend(a, width);
}
