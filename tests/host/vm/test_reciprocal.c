// SPDX-License-Identifier: MIT
// vm/jit/reciprocal.c against the division operator.
#include "kernel/lib/types.h"
#include "kernel/io/print.h"
#include "tests/test.h"
#include "vm/jit/reciprocal.h"

static u64 divide(u64 x, const struct reciprocal *r, u32 bits)
{
	unsigned __int128 product = (unsigned __int128)(x >> r->before) * r->factor;
	if (r->plus)
		product += r->factor;
	return (u64)(product >> bits >> r->after);
}

static u64 random_number(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> (*state % 64);
}

/* Multiples of d and their neighbours, where a quotient changes, and the ends. */
static bool divides(u64 d, u32 bits, u64 *state)
{
	u64 most = bits == 64 ? ~0ull : 0xffffffff, last = most / d * d;
	u64 middle = random_number(state) % (most / d + 1) * d;
	u64 xs[] = { 0,      1,          d - 1,      d,        d + 1,        2 * d - 1,
		     2 * d,  last - 1,   last,       last + 1, most - 1,     most,
		     middle, middle - 1, middle + 1, most / 2, most / 2 + 1, random_number(state) };
	struct reciprocal r = reciprocal_of(d, bits);
	for (u32 i = 0; i < array_len(xs); i++) {
		u64 x = xs[i] & most;
		if (divide(x, &r, bits) != x / d) {
			kprintf("%llu / %llu at %u bits\n", x, d, bits);
			return false;
		}
	}
	return !(r.before && r.plus) && r.factor >> (bits - 1) == 1;
}

static bool is_power(u64 d)
{
	return (d & (d - 1)) == 0;
}

TEST(reciprocal_of_small_divisors)
{
	u64 state = 88172645463325252ull;
	for (u64 d = 3; d < 70000; d++)
		if (!is_power(d) && (!check(divides(d, 32, &state)) || !check(divides(d, 64, &state))))
			break;
}

TEST(reciprocal_of_divisors_next_to_powers)
{
	u64 state = 1;
	for (u32 n = 2; n < 64; n++) {
		for (u64 d = (1ull << n) - 9; d <= (1ull << n) + 9; d++) {
			if (d < 3 || is_power(d))
				continue;
			check(divides(d, 64, &state));
			if (d >> 32 == 0)
				check(divides(d, 32, &state));
		}
	}
	for (u64 d = ~0ull; d > ~0ull - 100; d--)
		check(divides(d, 64, &state) && divides((u32)d, 32, &state));
}

TEST(reciprocal_of_random_divisors)
{
	u64 state = 2;
	for (u32 i = 0; i < 100000; i++) {
		u64 d = random_number(&state);
		if (d >= 3 && !is_power(d) && !check(divides(d, 64, &state)))
			break;
		d = (u32)d;
		if (d >= 3 && !is_power(d) && !check(divides(d, 32, &state)))
			break;
	}
}
