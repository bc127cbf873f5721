// SPDX-License-Identifier: MIT
// All ranges of small numbers, and the sets that they stand for.
#include "tests/range/sets.h"

set set_of(const struct range *r)
{
	set s = 0;
	for (u32 n = 0; n < NUMBERS; n++)
		s |= (set)range_has(r, n) << n;
	return s;
}

static void bounds_add(struct bounds *b, u64 n, u32 w)
{
	b->umin = min(b->umin, zero_extend(n, w));
	b->umax = max(b->umax, zero_extend(n, w));
	b->smin = min(b->smin, sign_extend(n, w));
	b->smax = max(b->smax, sign_extend(n, w));
}

struct range set_range(set s)
{
	if (!s)
		return range_empty();
	struct range r = range_const((u64)__builtin_ctzll(s));
	for (u32 n = 0; n < NUMBERS; n++)
		if (set_has(s, n)) {
			r.bits = tnum_join(r.bits, tnum_const(n));
			bounds_add(&r.whole, n, RANGE_BITS);
			bounds_add(&r.low, n, RANGE_LOW);
		}
	return r;
}

set set_closure(set s)
{
	static struct {
		set of, is;
	} known[1 << 18];
	u64 at = (s * 0x9e3779b97f4a7c15ull) >> 46;
	if (known[at].of != s) {
		struct range r = set_range(s);
		known[at].of = s;
		known[at].is = set_of(&r);
	}
	return known[at].is;
}

/* Calls visit with each value of n bits, of which some are known. */
static void each_tnum(struct range r, range_visitor *visit)
{
	for (u64 mask = 0; mask < NUMBERS; mask++)
		for (u64 value = 0; value < NUMBERS; value++) {
			r.bits = (struct tnum){ value, mask };
			if (!(value & mask))
				visit(r);
		}
}

/* A span of the lower half of all numbers and one of the upper half; one may be none, which is span 0. */
struct span {
	u64 from, to;
};
static u32 spans_of(struct span *out, u64 half)
{
	u32 count = 1;
	for (u64 from = 0; from < half; from++)
		for (u64 to = from; to < half; to++)
			out[count++] = (struct span){ from, to };
	return count;
}

static void add_span(struct bounds *b, const struct span *s, u64 begin, u32 w)
{
	bounds_add(b, begin + s->from, w);
	bounds_add(b, begin + s->to, w);
}

/* Writes all bounds at w bits. Returns how many. */
static u32 all_bounds(struct bounds *out, u32 w)
{
	static struct span spans[1 << RANGE_BITS << RANGE_BITS];
	u32 n = spans_of(spans, sign_bit(w)), count = 0;
	for (u32 i = 1; i < n * n; i++) {
		struct bounds b = { ~0ull, 0, (i64)(~0ull >> 1), -(i64)(~0ull >> 1) };
		if (i % n)
			add_span(&b, &spans[i % n], 0, w);
		if (i / n)
			add_span(&b, &spans[i / n], sign_bit(w), w);
		out[count++] = b;
	}
	return count;
}

void each_range(range_visitor *visit)
{
	static struct bounds whole[1 << 12], low[1 << 12];
	u32 wholes = all_bounds(whole, RANGE_BITS), lows = all_bounds(low, RANGE_LOW);
	for (u32 i = 0; i < wholes; i++)
		for (u32 k = 0; k < lows; k++)
			each_tnum((struct range){ .whole = whole[i], .low = low[k] }, visit);
}

/* Each interval at w bits, read without a sign and with one. */
static void each_interval(u32 w, range_visitor *visit)
{
	for (u64 from = 0; from <= ones(w); from++)
		for (u64 to = from; to <= ones(w); to++) {
			struct range r = range_any(), s = r;
			struct bounds *u = w == RANGE_BITS ? &r.whole : &r.low;
			struct bounds *i = w == RANGE_BITS ? &s.whole : &s.low;
			u->umin = from;
			u->umax = to;
			i->smin = sign_extend(from ^ sign_bit(w), w);
			i->smax = sign_extend(to ^ sign_bit(w), w);
			visit(r);
			visit(s);
		}
}

void each_single_range(range_visitor *visit)
{
	each_tnum(range_any(), visit);
	each_interval(RANGE_BITS, visit);
	each_interval(RANGE_LOW, visit);
}
