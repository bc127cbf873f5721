// SPDX-License-Identifier: MIT
// Arithmetic on ranges: on the bits, and on the bounds, each at the width of the instruction.
#include "vm/insn.h"
#include "vm/verify/range_parts.h"

/* One operand or result at w bits. */
struct part {
	struct tnum bits;
	struct bounds at;
};

/* How often x + y, read without a sign, exceeds w bits. */
static u32 carries(u64 x, u64 y, u32 w)
{
	return x + y < x || x + y > ones(w);
}

/* 1 if x + y, read with a sign, is too large for w bits, -1 if it is too small. */
static i32 overflows(i64 x, i64 y, u32 w)
{
	i64 sum = sign_extend((u64)x + (u64)y, w);
	return x >= 0 && y >= 0 && sum < 0 ? 1 : x < 0 && y < 0 && sum >= 0 ? -1 : 0;
}

/* If both ends leave the width in the same way, or neither does, the sums between them are in order. */
static struct bounds add(struct bounds a, struct bounds b, u32 w)
{
	struct bounds r = bounds_any(w);
	if (carries(a.umin, b.umin, w) == carries(a.umax, b.umax, w)) {
		r.umin = zero_extend(a.umin + b.umin, w);
		r.umax = zero_extend(a.umax + b.umax, w);
	}
	if (overflows(a.smin, b.smin, w) == overflows(a.smax, b.smax, w)) {
		r.smin = sign_extend((u64)a.smin + (u64)b.smin, w);
		r.smax = sign_extend((u64)a.smax + (u64)b.smax, w);
	}
	return r;
}

static i32 underflows(i64 x, i64 y, u32 w)
{
	i64 rest = sign_extend((u64)x - (u64)y, w);
	return x >= 0 && y < 0 && rest < 0 ? 1 : x < 0 && y >= 0 && rest >= 0 ? -1 : 0;
}

static struct bounds sub(struct bounds a, struct bounds b, u32 w)
{
	struct bounds r = bounds_any(w);
	if ((a.umin < b.umax) == (a.umax < b.umin)) {
		r.umin = zero_extend(a.umin - b.umax, w);
		r.umax = zero_extend(a.umax - b.umin, w);
	}
	if (underflows(a.smin, b.smax, w) == underflows(a.smax, b.smin, w)) {
		r.smin = sign_extend((u64)a.smin - (u64)b.smax, w);
		r.smax = sign_extend((u64)a.smax - (u64)b.smin, w);
	}
	return r;
}

/* Without a sign the ends decide; with one, the smallest and the largest of the four products of ends. */
static struct bounds mul(struct bounds a, struct bounds b, u32 w)
{
	struct bounds r = bounds_any(w);
	const i64 x[] = { a.smin, a.smax }, y[] = { b.smin, b.smax };
	u64 most;
	i64 least = 0, largest = 0;
	if (!__builtin_mul_overflow(a.umax, b.umax, &most) && most <= ones(w)) {
		r.umin = a.umin * b.umin;
		r.umax = most;
	}
	for (u32 i = 0; i < 4; i++) {
		i64 product;
		if (__builtin_mul_overflow(x[i / 2], y[i % 2], &product) ||
		    sign_extend((u64)product, w) != product)
			return r;
		least = i ? min(least, product) : product;
		largest = i ? max(largest, product) : product;
	}
	r.smin = least;
	r.smax = largest;
	return r;
}

/* The bounds of a / b with signs, if b has one sign and is not 0: the quotients of the ends have the outermost. */
static struct bounds quotients(struct bounds a, struct bounds b, u32 w)
{
	struct bounds r = bounds_any(w), any = r;
	const i64 x[] = { a.smin, a.smax }, y[] = { b.smin, b.smax };
	if (a.smin == any.smin && b.smax == -1)
		return any; /* the least number / -1 is itself */
	for (u32 i = 0; i < 4; i++) {
		i64 quotient = x[i / 2] / y[i % 2];
		r.smin = i ? min(r.smin, quotient) : quotient;
		r.smax = i ? max(r.smax, quotient) : quotient;
	}
	return r;
}

/* a / 0 is 0. */
static struct part divide(struct part a, struct part b, bool is_signed, u32 w)
{
	struct part r = { tnum_any(w), bounds_any(w) };
	if (b.at.umax == 0)
		r.bits = tnum_const(0);
	if (!is_signed) {
		r.at.umin = b.at.umin ? a.at.umin / b.at.umax : 0;
		r.at.umax = a.at.umax / max(b.at.umin, 1ull);
		return r;
	}
	bool has_0 = b.at.smin <= 0 && b.at.smax >= 0;
	if (b.at.smin == 0 && b.at.smax > 0)
		b.at.smin = 1;
	if (b.at.smin > 0 || b.at.smax < 0)
		r.at = quotients(a.at, b.at, w);
	if (has_0) {
		r.at.smin = min(r.at.smin, 0ll);
		r.at.smax = max(r.at.smax, 0ll);
	}
	return r;
}

/* a % b, without signs; b is not 0. */
static struct part unsigned_modulo(struct part a, struct part b, u32 w)
{
	struct part r = { tnum_any(w), bounds_any(w) };
	u64 n = b.at.umin;
	if (n == b.at.umax && a.at.umin / n == a.at.umax / n) {
		r.at.umin = a.at.umin % n;
		r.at.umax = a.at.umax % n;
	} else {
		r.at.umax = min(a.at.umax, b.at.umax - 1);
	}
	if (n == b.at.umax && !(n & (n - 1)))
		r.bits = tnum_and(a.bits, tnum_const(n - 1));
	return r;
}

/* a % 0 is a. The rest has the sign of a, and is smaller than b. */
static struct part modulo(struct part a, struct part b, bool is_signed, u32 w)
{
	struct part r = { tnum_any(w), bounds_any(w) };
	bool has_0 = b.at.smin <= 0 && b.at.smax >= 0;
	if (b.at.umax == 0 || (!is_signed && b.at.umin > a.at.umax))
		return a;
	if (!is_signed && b.at.umin)
		return unsigned_modulo(a, b, w);
	if (!is_signed) {
		r.at.umax = a.at.umax;
		return r;
	}
	i64 most =
	    has_0 || b.at.smin == bounds_any(w).smin ? bounds_any(w).smax : max(b.at.smax, -b.at.smin) - 1;
	r.at.smin = a.at.smin < 0 ? max(a.at.smin, has_0 ? a.at.smin : -most) : 0;
	r.at.smax = a.at.smax > 0 ? min(a.at.smax, most) : 0;
	return r;
}

/* By n bits, 0 to w - 1. */
static struct part shift_by(u32 code, struct part a, u32 n, u32 w)
{
	struct part r = { .at = bounds_any(w) };
	if (code == ALU_LSH) {
		r.bits = tnum_low((struct tnum){ a.bits.value << n, a.bits.mask << n }, w);
		if (n == 0 ||
		    a.at.umin >> (w - n) == a.at.umax >> (w - n)) { /* the bits that go are the same */
			r.at.umin = zero_extend(a.at.umin << n, w);
			r.at.umax = zero_extend(a.at.umax << n, w);
		}
	} else if (code == ALU_RSH) {
		r.bits = (struct tnum){ a.bits.value >> n, a.bits.mask >> n };
		r.at.umin = a.at.umin >> n;
		r.at.umax = a.at.umax >> n;
	} else {
		r.bits.value = zero_extend((u64)(sign_extend(a.bits.value, w) >> n), w);
		r.bits.mask = zero_extend((u64)(sign_extend(a.bits.mask, w) >> n), w);
		r.at.smin = a.at.smin >> n;
		r.at.smax = a.at.smax >> n;
	}
	return r;
}

static struct part part_of(const struct range *r, bool wide)
{
	return wide ? (struct part){ r->bits, r->whole }
		    : (struct part){ tnum_low(r->bits, RANGE_LOW), r->low };
}

/* A result of RANGE_LOW bits leaves zeros above them. */
static struct range range_of(struct part p, bool wide)
{
	struct range r = range_any();
	r.bits = p.bits;
	*(wide ? &r.whole : &r.low) = p.at;
	return range_reduced(r);
}

/* Joins what each possible number of bits makes of a. The number counts modulo the width. */
static struct range shift(u32 code, bool wide, struct part a, struct part n)
{
	u32 w = wide ? RANGE_BITS : RANGE_LOW;
	struct range sum = range_empty();
	bool exact = n.at.umin == n.at.umax || n.at.umax < w;
	u64 first = exact ? n.at.umin : 0, last = exact ? n.at.umax : w - 1;
	for (u64 i = first; i <= last && i >= first; i++)
		sum = range_join(sum, range_of(shift_by(code, a, (u32)(i % w), w), wide));
	return sum;
}

static struct part bitwise(u32 code, struct part a, struct part b, u32 w)
{
	struct part r = { .at = bounds_any(w) };
	u64 sum = a.at.umax + b.at.umax, lack = ones(w) - a.at.umin;
	u64 most = carries(a.at.umax, b.at.umax, w) ? ones(w) : sum;
	if (code == ALU_AND) {
		r.bits = tnum_and(a.bits, b.bits);
		r.at.umin = b.at.umin > lack ? b.at.umin - lack : 0; /* a & b is a + b - (a | b) */
		r.at.umax = min(a.at.umax, b.at.umax);
	} else if (code == ALU_OR) {
		r.bits = tnum_or(a.bits, b.bits);
		r.at.umin = max(a.at.umin, b.at.umin);
		r.at.umax = most;
	} else {
		r.bits = tnum_xor(a.bits, b.bits);
		r.at.umax = most;
	}
	return r;
}

static struct part compute(u32 code, bool is_signed, struct part a, struct part b, u32 w)
{
	switch (code) {
	case ALU_ADD: return (struct part){ tnum_add(a.bits, b.bits, w), add(a.at, b.at, w) };
	case ALU_SUB: return (struct part){ tnum_sub(a.bits, b.bits, w), sub(a.at, b.at, w) };
	case ALU_NEG:
		return (struct part){ tnum_sub(tnum_const(0), a.bits, w),
				      sub((struct bounds){ 0 }, a.at, w) };
	case ALU_MUL: return (struct part){ tnum_mul(a.bits, b.bits, w), mul(a.at, b.at, w) };
	case ALU_DIV: return divide(a, b, is_signed, w);
	case ALU_MOD: return modulo(a, b, is_signed, w);
	}
	return bitwise(code, a, b, w);
}

static struct range alu(u32 code, bool wide, bool is_signed, struct range a, struct range b)
{
	struct part x = part_of(&a, wide), y = part_of(&b, wide);
	if (code == ALU_LSH || code == ALU_RSH || code == ALU_ARSH)
		return shift(code, wide, x, y);
	struct range r = range_of(compute(code, is_signed, x, y, wide ? RANGE_BITS : RANGE_LOW), wide);
	/* The low bits of these depend on low bits only. */
	if (!wide || code == ALU_DIV || code == ALU_MOD)
		return r;
	r.low = compute(code, is_signed, part_of(&a, false), part_of(&b, false), RANGE_LOW).at;
	return range_reduced(r);
}

/* The numbers of r with that sign, as the instruction reads them; all of them for both signs if nothing else is known. */
static struct range half(struct range r, bool wide, bool negative)
{
	u64 sign = sign_bit(wide ? RANGE_BITS : RANGE_LOW);
	struct bounds *b = wide ? &r.whole : &r.low, any = bounds_any(wide ? RANGE_BITS : RANGE_LOW);
	if (b->umin == 0 && b->umax == any.umax && b->smin == any.smin && b->smax == any.smax)
		return negative ? range_empty() : r;
	if (b->smin >= 0 || b->smax < 0)
		return negative == (b->smax < 0) ? r : range_empty();
	if (!tnum_meet(&r.bits, (struct tnum){ negative ? sign : 0, ones(RANGE_BITS) & ~sign }))
		return range_empty();
	return range_reduced(r);
}

/* Within each sign numbers have one order. */
struct range range_alu(u32 code, bool wide, bool is_signed, struct range a, struct range b)
{
	struct range sum = range_empty();
	for (u32 i = 0; i < 4; i++) {
		struct range x = half(a, wide, i & 1), y = half(b, wide, i / 2);
		if (!range_is_empty(&x) && !range_is_empty(&y))
			sum = range_join(sum, alu(code, wide, is_signed, x, y));
	}
	return sum;
}

struct range range_zero_extend(struct range a, u32 width)
{
	struct range r = range_any();
	r.bits = tnum_low(a.bits, width);
	if (width >= RANGE_LOW)
		r.low = a.low;
	if (a.whole.umax <= ones(width))
		return a;
	return range_reduced(r);
}

struct range range_sign_extend(struct range a, u32 width)
{
	struct range r = range_any();
	if (a.whole.smin >= sign_extend(sign_bit(width), width) && a.whole.smax < (i64)sign_bit(width))
		return a;
	r.bits.value = zero_extend((u64)sign_extend(a.bits.value, width), RANGE_BITS);
	r.bits.mask = zero_extend((u64)sign_extend(a.bits.mask, width), RANGE_BITS);
	if (width >= RANGE_LOW)
		r.low = a.low;
	r.whole.smin = sign_extend(sign_bit(width), width);
	r.whole.smax = (i64)(sign_bit(width) - 1);
	return range_reduced(r);
}

static u64 swap(u64 n, u32 width)
{
	return __builtin_bswap64(n) >> (64 - width);
}

struct range range_swap(struct range a, u32 width)
{
	struct range r = range_any();
	r.bits = (struct tnum){ swap(a.bits.value, width), swap(a.bits.mask, width) };
	return range_reduced(r);
}
