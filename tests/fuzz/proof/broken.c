// SPDX-License-Identifier: MIT
// Mistakes in the verifier, by which the fuzzer is tried: each must be found. The linker leads the calls here (--wrap).
// Numbers 2, 8, 12 and 13 are in watch.c.
#include "tests/fuzz/proof/proof.h"
#include "vm/verify/range_parts.h"
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
				     "numbers do not grow in loops that count rounds" };

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
	return __real_access_check(w, n, off, size, how, who);
}

WRAP(bool, state_covers, const struct state *old, const struct state *now, const struct live *const live[],
     bool exactly)
{
	if (broken == 5 && !exactly)
		return true;
	return __real_state_covers(old, now, live, exactly);
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

WRAP(struct range, range_sign_extend, struct range a, u32 width)
{
	return broken == 9 ? range_zero_extend(a, width) : __real_range_sign_extend(a, width);
}
