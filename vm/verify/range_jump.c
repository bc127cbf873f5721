// SPDX-License-Identifier: MIT
// What a conditional jump says about its operands.
#include "vm/insn.h"
#include "vm/verify/range_parts.h"

/* Each condition, or its opposite, is one of these. */
enum relation { EQUAL, DIFFERENT, LESS, AT_MOST, SIGNED_LESS, SIGNED_AT_MOST, SHARE_A_BIT, SHARE_NONE };

/* swapped: the relation is between b and a. */
static const struct row {
	enum relation taken, not_taken;
	bool taken_swapped, not_taken_swapped;
} rows[] = {
	[JMP_EQ] = { EQUAL, DIFFERENT, false, false },
	[JMP_NE] = { DIFFERENT, EQUAL, false, false },
	[JMP_SET] = { SHARE_A_BIT, SHARE_NONE, false, false },
	[JMP_LT] = { LESS, AT_MOST, false, true },
	[JMP_LE] = { AT_MOST, LESS, false, true },
	[JMP_GT] = { LESS, AT_MOST, true, false },
	[JMP_GE] = { AT_MOST, LESS, true, false },
	[JMP_SLT] = { SIGNED_LESS, SIGNED_AT_MOST, false, true },
	[JMP_SLE] = { SIGNED_AT_MOST, SIGNED_LESS, false, true },
	[JMP_SGT] = { SIGNED_LESS, SIGNED_AT_MOST, true, false },
	[JMP_SGE] = { SIGNED_AT_MOST, SIGNED_LESS, true, false },
};

/* Removes n from a's ends. */
static void trim(struct bounds *a, u64 n, u32 w)
{
	i64 sn = sign_extend(n, w);
	if (a->umin == n && a->umax == n) {
		*a = range_empty().whole;
		return;
	}
	a->umin += a->umin == n;
	a->umax -= a->umax == n;
	a->smin += a->smin == sn;
	a->smax -= a->smax == sn;
}

/* a <= b, or a < b. */
static void order(struct bounds *a, struct bounds *b, bool less)
{
	if (less && (b->umax == 0 || a->umin == ~0ull)) {
		*a = range_empty().whole;
		return;
	}
	a->umax = min(a->umax, b->umax - less);
	b->umin = max(b->umin, a->umin + less);
}
static void order_signed(struct bounds *a, struct bounds *b, bool less, u32 w)
{
	struct bounds any = bounds_any(w);
	if (less && (b->smax == any.smin || a->smin == any.smax)) {
		*a = range_empty().whole;
		return;
	}
	a->smax = min(a->smax, b->smax - less);
	b->smin = max(b->smin, a->smin + less);
}

/* Bits that are 1 in x: a has them 0. Returns false if it cannot. */
static bool clear(struct range *a, u64 x)
{
	return tnum_meet(&a->bits, (struct tnum){ .mask = ones(RANGE_BITS) & ~x });
}

/* If they can have but one bit in common, both have it. */
static bool share(struct range *a, struct range *b, u32 w)
{
	u64 both = (a->bits.value | a->bits.mask) & (b->bits.value | b->bits.mask) & ones(w);
	if (both && !(both & (both - 1))) {
		struct tnum bit = { .value = both, .mask = ones(RANGE_BITS) & ~both };
		return tnum_meet(&a->bits, bit) && tnum_meet(&b->bits, bit);
	}
	return both;
}

static bool equal(struct range *a, struct range *b, bool wide)
{
	struct bounds *x = wide ? &a->whole : &a->low, *y = wide ? &b->whole : &b->low;
	u64 above = wide ? 0 : ones(RANGE_BITS) & ~ones(RANGE_LOW);
	struct tnum bits = a->bits, other = b->bits;
	*x = *y = bounds_meet(*x, *y);
	bits.mask |= above;
	bits.value &= ~above;
	other.mask |= above;
	other.value &= ~above;
	return tnum_meet(&a->bits, other) && tnum_meet(&b->bits, bits);
}

/* Says what the relation says. Returns false if it cannot hold. */
static bool relate(enum relation rel, bool wide, struct range *a, struct range *b)
{
	u32 w = wide ? RANGE_BITS : RANGE_LOW;
	struct bounds *x = wide ? &a->whole : &a->low, *y = wide ? &b->whole : &b->low;
	switch (rel) {
	case EQUAL: return equal(a, b, wide);
	case DIFFERENT:
		if (y->umin == y->umax)
			trim(x, y->umin, w);
		else if (x->umin == x->umax)
			trim(y, x->umin, w);
		return true;
	case LESS:
	case AT_MOST: order(x, y, rel == LESS); return true;
	case SIGNED_LESS:
	case SIGNED_AT_MOST: order_signed(x, y, rel == SIGNED_LESS, w); return true;
	case SHARE_A_BIT: return share(a, b, w);
	case SHARE_NONE: return clear(a, b->bits.value & ones(w)) && clear(b, a->bits.value & ones(w));
	}
	return true;
}

bool range_assume(u32 code, bool wide, bool taken, struct range *a, struct range *b)
{
	const struct row *row = &rows[code];
	bool swapped = taken ? row->taken_swapped : row->not_taken_swapped;
	enum relation rel = taken ? row->taken : row->not_taken;
	bool holds = swapped ? relate(rel, wide, b, a) : relate(rel, wide, a, b);
	*a = holds ? range_reduced(*a) : range_empty();
	*b = holds ? range_reduced(*b) : range_empty();
	return !range_is_empty(a) && !range_is_empty(b);
}
