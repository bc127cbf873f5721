// SPDX-License-Identifier: MIT
// What a register may hold: makes the five descriptions of a range agree.
//
// Both bounds of a range together are at most two spans: one of numbers without the sign bit, one of numbers with it.
// Within a span, numbers have one order, whether or not they are read with a sign.
#include "vm/verify/range_parts.h"

struct span {
	u64 min, max; /* empty if min > max */
};

enum { POSITIVE, NEGATIVE, SIGNS };

struct bounds bounds_any(u32 w)
{
	return (struct bounds){ 0, ones(w), sign_extend(sign_bit(w), w), (i64)(sign_bit(w) - 1) };
}

struct range range_any(void)
{
	return (struct range){ tnum_any(RANGE_BITS), bounds_any(RANGE_BITS), bounds_any(RANGE_LOW) };
}

struct range range_empty(void)
{
	return (struct range){ .whole = { .umin = 1, .smin = 1 }, .low = { .umin = 1, .smin = 1 } };
}

bool range_is_empty(const struct range *r)
{
	return r->whole.umin > r->whole.umax;
}

bool range_is_const(const struct range *r)
{
	return !r->bits.mask && !range_is_empty(r);
}

static bool bounds_have(const struct bounds *b, u64 n, u32 w)
{
	n = zero_extend(n, w);
	return b->umin <= n && n <= b->umax && b->smin <= sign_extend(n, w) && sign_extend(n, w) <= b->smax;
}

bool range_has(const struct range *r, u64 n)
{
	return !((n ^ r->bits.value) & ~r->bits.mask & ones(RANGE_BITS)) &&
	       bounds_have(&r->whole, n, RANGE_BITS) && bounds_have(&r->low, n, RANGE_LOW);
}

static bool bounds_include(const struct bounds *a, const struct bounds *b)
{
	return a->umin <= b->umin && b->umax <= a->umax && a->smin <= b->smin && b->smax <= a->smax;
}

bool range_includes(const struct range *a, const struct range *b)
{
	return !(b->bits.mask & ~a->bits.mask) && !((a->bits.value ^ b->bits.value) & ~a->bits.mask) &&
	       bounds_include(&a->whole, &b->whole) && bounds_include(&a->low, &b->low);
}

static struct span span_of(const struct bounds *b, u32 sign, u32 w)
{
	struct span s = { sign ? sign_bit(w) : 0, sign ? ones(w) : sign_bit(w) - 1 };
	i64 least = sign_extend(s.min, w), most = sign_extend(s.max, w);
	if (b->smin > most || b->smax < least)
		return (struct span){ 1, 0 };
	s.min = max(b->umin, zero_extend((u64)max(b->smin, least), w));
	s.max = min(b->umax, zero_extend((u64)min(b->smax, most), w));
	return s;
}

/* The bounds around two spans, of which one may be empty. */
static struct bounds bounds_around(const struct span s[SIGNS], u32 w)
{
	bool some[] = { s[POSITIVE].min <= s[POSITIVE].max, s[NEGATIVE].min <= s[NEGATIVE].max };
	const struct span *first = &s[some[POSITIVE] ? POSITIVE : NEGATIVE];
	const struct span *last = &s[some[NEGATIVE] ? NEGATIVE : POSITIVE];
	if (!some[POSITIVE] && !some[NEGATIVE])
		return range_empty().whole;
	return (struct bounds){ first->min, last->max, sign_extend(last->min, w),
				sign_extend(first->max, w) };
}

/* Sets *n to the smallest number, not below it, whose low bits are within the bounds; false if there is none. */
static bool low_next(const struct bounds *low, u64 *n)
{
	u64 upper = *n & ~ones(RANGE_LOW), least = zero_extend(*n, RANGE_LOW);
	for (u32 sign = 0; sign < SIGNS; sign++) {
		struct span s = span_of(low, sign, RANGE_LOW);
		if (s.min <= s.max && least <= s.max) {
			*n = upper | max(least, s.min);
			return true;
		}
	}
	*n = (upper + ones(RANGE_LOW) + 1) | low->umin;
	return upper != (ones(RANGE_BITS) & ~ones(RANGE_LOW));
}

/* As many steps as find most; to stop early is sound. */
static bool whole_next(const struct range *r, u64 *n)
{
	for (u32 i = 0; i < 4; i++) {
		u64 before = *n;
		if (!tnum_next(r->bits, RANGE_BITS, n) || !low_next(&r->low, n))
			return false;
		if (*n == before)
			break;
	}
	return true;
}

/* All numbers of r with each bit inverted: the largest becomes the smallest. */
static struct bounds bounds_mirrored(struct bounds b, u32 w)
{
	return (struct bounds){ ~b.umax & ones(w), ~b.umin & ones(w), ~b.smax, ~b.smin };
}
static struct range mirrored(struct range r)
{
	r.bits.value = ~r.bits.value & ~r.bits.mask & ones(RANGE_BITS);
	r.whole = bounds_mirrored(r.whole, RANGE_BITS);
	r.low = bounds_mirrored(r.low, RANGE_LOW);
	return r;
}

static struct span tighten_whole(const struct range *r, const struct range *mirror, struct span s)
{
	u64 from_end = ~s.max & ones(RANGE_BITS);
	if (s.min > s.max || !whole_next(r, &s.min) || !whole_next(mirror, &from_end))
		return (struct span){ 1, 0 };
	s.max = ~from_end & ones(RANGE_BITS);
	return s;
}

/* Adds to *sum what of span s of low numbers the bits and [min, max] of low numbers allow. */
static void add_low(struct span *sum, struct tnum bits, struct span s, u64 min, u64 max)
{
	struct tnum not_bits = { ~bits.value & ~bits.mask & ones(RANGE_LOW), bits.mask };
	u64 from_end;
	s.min = max(s.min, min);
	s.max = min(s.max, max);
	from_end = ~s.max & ones(RANGE_LOW);
	if (s.min > s.max || !tnum_next(bits, RANGE_LOW, &s.min) ||
	    !tnum_next(not_bits, RANGE_LOW, &from_end))
		return;
	s.max = ~from_end & ones(RANGE_LOW);
	if (s.min > s.max)
		return;
	*sum = sum->min > sum->max ? s : (struct span){ min(sum->min, s.min), max(sum->max, s.max) };
}

/* The low bits of a span of whole numbers: all, from..to, or from..end and 0..to. */
static struct span tighten_low(const struct range *r, const struct span whole[SIGNS], struct span s)
{
	struct span sum = { 1, 0 };
	struct tnum bits = tnum_low(r->bits, RANGE_LOW);
	for (u32 i = 0; i < SIGNS; i++) {
		u64 from = zero_extend(whole[i].min, RANGE_LOW), to = zero_extend(whole[i].max, RANGE_LOW);
		if (whole[i].min > whole[i].max)
			continue;
		if (whole[i].max - whole[i].min >= ones(RANGE_LOW)) {
			add_low(&sum, bits, s, 0, ones(RANGE_LOW));
		} else if (from <= to) {
			add_low(&sum, bits, s, from, to);
		} else {
			add_low(&sum, bits, s, from, ones(RANGE_LOW));
			add_low(&sum, bits, s, 0, to);
		}
	}
	return sum;
}

static struct tnum tnum_around(const struct span s[SIGNS])
{
	if (s[POSITIVE].min > s[POSITIVE].max)
		return tnum_between(s[NEGATIVE].min, s[NEGATIVE].max);
	struct tnum t = tnum_between(s[POSITIVE].min, s[POSITIVE].max);
	if (s[NEGATIVE].min > s[NEGATIVE].max)
		return t;
	return tnum_join(t, tnum_between(s[NEGATIVE].min, s[NEGATIVE].max));
}

/* Returns false if nothing is left. */
static bool reduce_once(struct range *r)
{
	struct range mirror = mirrored(*r);
	struct span whole[SIGNS], low[SIGNS];
	for (u32 i = 0; i < SIGNS; i++)
		whole[i] = tighten_whole(r, &mirror, span_of(&r->whole, i, RANGE_BITS));
	for (u32 i = 0; i < SIGNS; i++)
		low[i] = tighten_low(r, whole, span_of(&r->low, i, RANGE_LOW));
	r->whole = bounds_around(whole, RANGE_BITS);
	r->low = bounds_around(low, RANGE_LOW);
	if (r->whole.umin > r->whole.umax || r->low.umin > r->low.umax)
		return false;
	struct tnum bits = tnum_around(low);
	bits.mask |= ones(RANGE_BITS) & ~ones(RANGE_LOW);
	return tnum_meet(&r->bits, tnum_around(whole)) && tnum_meet(&r->bits, bits);
}

struct range range_reduced(struct range r)
{
	for (u32 i = 0; i < 3; i++)
		if (!reduce_once(&r))
			return range_empty();
	return r;
}

struct range range_const(u64 n)
{
	struct range r = range_any();
	r.bits = tnum_const(zero_extend(n, RANGE_BITS));
	return range_reduced(r);
}

struct range range_between(u64 min, u64 max)
{
	struct range r = range_any();
	r.whole.umin = min;
	r.whole.umax = max;
	return range_reduced(r);
}

struct bounds bounds_meet(struct bounds a, struct bounds b)
{
	return (struct bounds){ max(a.umin, b.umin), min(a.umax, b.umax), max(a.smin, b.smin),
				min(a.smax, b.smax) };
}
static struct bounds bounds_join(struct bounds a, struct bounds b)
{
	return (struct bounds){ min(a.umin, b.umin), max(a.umax, b.umax), min(a.smin, b.smin),
				max(a.smax, b.smax) };
}

struct range range_meet(struct range a, struct range b)
{
	if (!tnum_meet(&a.bits, b.bits))
		return range_empty();
	a.whole = bounds_meet(a.whole, b.whole);
	a.low = bounds_meet(a.low, b.low);
	return range_reduced(a);
}

struct range range_join(struct range a, struct range b)
{
	if (range_is_empty(&a) || range_is_empty(&b))
		return range_is_empty(&a) ? b : a;
	a.bits = tnum_join(a.bits, b.bits);
	a.whole = bounds_join(a.whole, b.whole);
	a.low = bounds_join(a.low, b.low);
	return range_reduced(a);
}
