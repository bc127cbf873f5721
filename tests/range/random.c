// SPDX-License-Identifier: MIT
// random [TRIES [SEED]]
// Tries the operations of vm/verify/range on ranges of 64 bits, which are made around a number: this number, and the
// ends of the range, are what the results must have. A range that is reduced must stay as it is.
#include "tests/range/truth.h"
#include "vm/insn.h"
#include "vm/verify/range_parts.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS = 8, REPORTS = 6 };

/* A range, and some numbers that are in it. */
struct sample {
	struct range r;
	u64 n[MEMBERS];
	u32 count;
};

static u64 seed = 88172645463325252ull, bad, not_reduced;

static u64 next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

static u32 below(u32 n)
{
	return (u32)((next() >> 32) % n);
}

/* Numbers of all lengths, and those around powers of two. */
static u64 number(void)
{
	u64 n = next() >> below(64);
	switch (below(4)) {
	case 0: return n;
	case 1: return 0 - n;
	case 2: return (1ull << below(64)) + below(5) - 2;
	default: return (u64)(i64)(i32)n;
	}
}

static void print_range(const char *what, const struct range *r)
{
	printf("  %s: bits %llx/%llx whole %llx..%llx %lld..%lld low %llx..%llx %lld..%lld\n", what,
	       r->bits.value, r->bits.mask, r->whole.umin, r->whole.umax, r->whole.smin, r->whole.smax,
	       r->low.umin, r->low.umax, r->low.smin, r->low.smax);
}

static void report(const char *name, bool wide, const struct range *a, const struct range *b,
		   const struct range *r, u64 want)
{
	if (bad++ >= REPORTS)
		return;
	printf("FAIL %s, %u bits: the result does not have %llx\n", name, wide ? 64 : 32, want);
	print_range("a", a);
	print_range("b", b);
	print_range("result", r);
}

/* Bounds that n is within. */
static void bound(struct bounds *b, u64 n, u32 w)
{
	u64 un = zero_extend(n, w), below_it = number(), above = number();
	i64 sn = sign_extend(n, w);
	struct bounds any = bounds_any(w);
	switch (below(3)) {
	case 0: return;
	case 1:
		b->umin = un - min(un, below_it);
		b->umax = un + min(ones(w) - un, above);
		return;
	default:
		b->smin = (i64)((u64)sn - min((u64)sn - (u64)any.smin, below_it));
		b->smax = (i64)((u64)sn + min((u64)any.smax - (u64)sn, above));
	}
}

static void add_member(struct sample *s, u64 n)
{
	if (range_has(&s->r, n))
		s->n[s->count++] = n;
}

/* The numbers that most operations make their bounds of. */
static void add_members(struct sample *s)
{
	const u64 upper = s->r.bits.value & ~ones(32);
	add_member(s, s->r.whole.umin);
	add_member(s, s->r.whole.umax);
	add_member(s, (u64)s->r.whole.smin);
	add_member(s, (u64)s->r.whole.smax);
	add_member(s, s->r.bits.value | s->r.bits.mask);
	add_member(s, upper | s->r.low.umin);
	add_member(s, upper | zero_extend((u64)s->r.low.smax, 32));
}

static struct sample make(void)
{
	struct sample s = { .r = range_any(), .n = { number() }, .count = 1 };
	u64 n = s.n[0];
	if (below(2)) {
		u64 mask = below(2) ? next() & next() : ~(next() & next() & next());
		s.r.bits = (struct tnum){ n & ~mask, mask };
	}
	bound(&s.r.whole, n, 64);
	bound(&s.r.low, n, 32);
	struct range first = s.r;
	s.r = below(16) ? range_reduced(s.r) : range_const(n);
	if (!range_has(&s.r, n))
		report("reduced", true, &first, &first, &s.r, n);
	struct range again = range_reduced(s.r);
	not_reduced += memcmp(&again, &s.r, sizeof(again)) != 0;
	add_members(&s);
	return s;
}

static void check_alu(const struct operation *op, bool wide, const struct sample *a, const struct sample *b)
{
	struct range r = range_alu(op->code, wide, op->is_signed, a->r, b->r);
	for (u32 i = 0; i < a->count; i++)
		for (u32 k = 0; k < b->count; k++) {
			u64 want = truth_alu(op, wide, a->n[i], b->n[k]);
			if (!range_has(&r, want))
				report(op->name, wide, &a->r, &b->r, &r, want);
		}
}

static void check_jump(const struct operation *op, bool wide, const struct sample *a, const struct sample *b)
{
	for (u32 taken = 0; taken < 2; taken++) {
		struct range x = a->r, y = b->r;
		bool can = range_assume(op->code, wide, taken, &x, &y);
		for (u32 i = 0; i < a->count; i++)
			for (u32 k = 0; k < b->count; k++) {
				if (truth_jump(op, wide, a->n[i], b->n[k]) != taken)
					continue;
				if (!can || !range_has(&x, a->n[i]))
					report(op->name, wide, &a->r, &b->r, &x, a->n[i]);
				if (!can || !range_has(&y, b->n[k]))
					report(op->name, wide, &a->r, &b->r, &y, b->n[k]);
			}
	}
}

static void check_one(const char *name, const struct sample *a, const struct range *r, u64 want)
{
	if (!range_has(r, want))
		report(name, true, &a->r, &a->r, r, want);
}

static u64 swapped(u64 n, u32 width)
{
	return __builtin_bswap64(n) >> (64 - width);
}

static void check_extend(const struct sample *a)
{
	u32 width = 1 + below(64), bytes = 16u << below(3);
	struct range zero = range_zero_extend(a->r, width), sign = range_sign_extend(a->r, width);
	struct range swap = range_swap(a->r, bytes);
	for (u32 i = 0; i < a->count; i++) {
		check_one("zero_extend", a, &zero, zero_extend(a->n[i], width));
		check_one("sign_extend", a, &sign, (u64)sign_extend(a->n[i], width));
		check_one("swap", a, &swap, swapped(a->n[i], bytes));
	}
}

static void check_sets(const struct sample *a, const struct sample *b)
{
	struct range join = range_join(a->r, b->r), meet = range_meet(a->r, b->r);
	bool includes = range_includes(&a->r, &b->r);
	for (u32 i = 0; i < a->count; i++) {
		check_one("join", a, &join, a->n[i]);
		if (range_has(&b->r, a->n[i]))
			check_one("meet", a, &meet, a->n[i]);
	}
	for (u32 k = 0; k < b->count; k++) {
		check_one("join", b, &join, b->n[k]);
		if (includes)
			check_one("includes", b, &a->r, b->n[k]);
	}
}

static void check_pair(u32 which)
{
	struct sample a = make(), b = make();
	bool wide = below(2);
	if (which < array_len(alus))
		check_alu(&alus[which], wide, &a, &b);
	else if (which < array_len(alus) + array_len(jmps))
		check_jump(&jmps[which - array_len(alus)], wide, &a, &b);
	else if (which == array_len(alus) + array_len(jmps))
		check_extend(&a);
	else
		check_sets(&a, &b);
}

int main(int argc, char **argv)
{
	u32 tries = argc > 1 ? (u32)atoi(argv[1]) : 1000000;
	seed = argc > 2 ? strtoull(argv[2], NULL, 0) : seed;
	for (u32 i = 0; i < tries; i++)
		check_pair(i % (array_len(alus) + array_len(jmps) + 2));
	printf(
	    "%s range_random: %u pairs of 64 bits, %llu unsound; %llu ranges of %u could be reduced again\n",
	    bad ? "FAIL" : "PASS", tries, bad, not_reduced, 2 * tries);
	return bad != 0;
}
