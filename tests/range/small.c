// SPDX-License-Identifier: MIT
// small [-q] all|single [STEP [OPERATION]]
// Tries every operation of vm/verify/range on ranges of RANGE_BITS and RANGE_LOW bits: all of them, or those that one
// description alone makes. STEP takes every so many of them for pairs; OPERATION tries that one alone, add or jlt;
// -q prints no figures.
//
// What an operation returns must have each number that some numbers of the operands make (sound). It is exact if no
// smaller range has them. Of each operation the share of exact results is printed, and how many numbers the results
// have for each one that the smallest ranges have.
#include "tests/range/sets.h"
#include "tests/range/truth.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS = 1 << 16, REPORTS = 6 };

static struct item items[ITEMS]; /* one for each set */
static u32 count, step = 1;
static u64 tried, not_smallest, bad;
static bool quiet, found;
static const char *only; /* this operation; NULL: all */

static struct {
	u64 results, exact, has, needs;
} tally;

static void print_range(const char *what, const struct range *r)
{
	printf("  %s: bits %llx/%llx whole %llu..%llu %lld..%lld low %llu..%llu %lld..%lld has %llx\n", what,
	       r->bits.value, r->bits.mask, r->whole.umin, r->whole.umax, r->whole.smin, r->whole.smax,
	       r->low.umin, r->low.umax, r->low.smin, r->low.smax, set_of(r));
}

static void report(const char *name, const struct range *a, const struct range *b, const struct range *r,
		   set want)
{
	if (bad++ >= REPORTS)
		return;
	printf("FAIL %s: the result does not have all of %llx\n", name, want);
	print_range("a", a);
	print_range("b", b);
	print_range("result", r);
}

static void print_tally(const char *name, u32 width)
{
	if (!quiet)
		printf("%-8s %u %10llu results, %6.2f %% exact, %.3f numbers for each that is needed\n", name,
		       width, tally.results, 100.0 * (double)tally.exact / (double)tally.results,
		       (double)tally.has / (double)tally.needs);
	memset(&tally, 0, sizeof(tally));
}

static void check_result(const char *name, const struct item *a, const struct item *b, const struct range *r,
			 set want)
{
	set has = set_of(r), closure = set_closure(want);
	if (want & ~has)
		report(name, &a->r, &b->r, r, want);
	tally.results++;
	tally.exact += has == closure;
	tally.has += (u64)__builtin_popcountll(has);
	tally.needs += (u64)__builtin_popcountll(closure);
}

/* Keeps one range for each set. */
static void keep(const struct range *r, set s)
{
	static u32 known[1 << 20]; /* by hash: 1 + index */
	u64 at = (s * 0x9e3779b97f4a7c15ull) >> 44;
	for (; known[at]; at = (at + 1) % array_len(known))
		if (items[known[at] - 1].s == s)
			return;
	if (count == ITEMS) {
		printf("more than %u sets\n", ITEMS);
		exit(1);
	}
	items[count] = (struct item){ *r, s };
	known[at] = ++count;
}

static void check_reduced(struct range r)
{
	set want = set_of(&r);
	struct range reduced = range_reduced(r), again = range_reduced(reduced), best = set_range(want);
	if (set_of(&reduced) != want || memcmp(&reduced, &again, sizeof(again)))
		report("reduced", &r, &again, &reduced, want);
	tried++;
	not_smallest += !!memcmp(&reduced, &best, sizeof(best));
	if (want)
		keep(&reduced, want);
}

/* What some number of s makes of each number. */
static void image_of(set image[NUMBERS], const struct operation *op, bool wide, set s)
{
	memset(image, 0, NUMBERS * sizeof(*image));
	for (u32 x = 0; x < NUMBERS; x++)
		for (u32 y = 0; y < NUMBERS; y++)
			if (set_has(s, y))
				image[x] |= set_of_one(truth_alu(op, wide, x, y));
}

static void check_alu(const struct operation *op, bool wide)
{
	set image[NUMBERS];
	for (u32 k = 0; k < (op->is_unary ? 1 : count); k += step) {
		image_of(image, op, wide, items[k].s);
		for (u32 i = 0; i < count; i += step) {
			struct range r = range_alu(op->code, wide, op->is_signed, items[i].r, items[k].r);
			set want = 0;
			for (u32 x = 0; x < NUMBERS; x++)
				want |= set_has(items[i].s, x) ? image[x] : 0;
			check_result(op->name, &items[i], &items[k], &r, want);
		}
	}
	print_tally(op->name, wide ? RANGE_BITS : RANGE_LOW);
}

/* With which numbers of s a jump with each number goes this way. */
static void partners_of(set partners[NUMBERS], const struct operation *op, bool wide, bool taken, set s)
{
	memset(partners, 0, NUMBERS * sizeof(*partners));
	for (u32 x = 0; x < NUMBERS; x++)
		for (u32 y = 0; y < NUMBERS; y++)
			if (set_has(s, y) && truth_jump(op, wide, x, y) == taken)
				partners[x] |= set_of_one(y);
}

static void check_way(const struct operation *op, bool wide, bool taken, const set partners[NUMBERS],
		      const struct item *first, const struct item *second)
{
	struct range a = first->r, b = second->r;
	set want_a = 0, want_b = 0;
	for (u32 x = 0; x < NUMBERS; x++)
		if (set_has(first->s, x) && partners[x]) {
			want_a |= set_of_one(x);
			want_b |= partners[x];
		}
	bool can = range_assume(op->code, wide, taken, &a, &b);
	if (can == (range_is_empty(&a) || range_is_empty(&b)))
		report(op->name, &first->r, &second->r, &a, want_a);
	check_result(op->name, first, second, &a, want_a);
	check_result(op->name, first, second, &b, want_b);
}

static void check_jump(const struct operation *op, bool wide)
{
	set partners[NUMBERS];
	for (u32 k = 0; k < count; k += step)
		for (u32 taken = 0; taken < 2; taken++) {
			partners_of(partners, op, wide, taken, items[k].s);
			for (u32 i = 0; i < count; i += step)
				check_way(op, wide, taken, partners, &items[i], &items[k]);
		}
	print_tally(op->name, wide ? RANGE_BITS : RANGE_LOW);
}

static void check_extend(const struct item *a, u32 width)
{
	set zero = 0, sign = 0;
	for (u32 x = 0; x < NUMBERS; x++)
		if (set_has(a->s, x)) {
			zero |= set_of_one(zero_extend(x, width));
			sign |= set_of_one(zero_extend((u64)sign_extend(x, width), RANGE_BITS));
		}
	struct range r = range_zero_extend(a->r, width);
	check_result("extend", a, a, &r, zero);
	r = range_sign_extend(a->r, width);
	check_result("extend", a, a, &r, sign);
}

static void check_sets(const struct item *a, const struct item *b)
{
	struct range r = range_join(a->r, b->r);
	check_result("join", a, b, &r, a->s | b->s);
	r = range_meet(a->r, b->r);
	check_result("meet", a, b, &r, a->s & b->s);
	if (range_includes(&a->r, &b->r) && b->s & ~a->s)
		report("includes", &a->r, &b->r, &a->r, b->s);
}

static void check_rest(void)
{
	for (u32 i = 0; i < count; i++)
		for (u32 width = 1; width <= RANGE_BITS; width++)
			check_extend(&items[i], width);
	print_tally("extend", RANGE_BITS);
	for (u32 k = 0; k < count; k += step)
		for (u32 i = 0; i < count; i += step)
			check_sets(&items[i], &items[k]);
	print_tally("sets", RANGE_BITS);
}

static bool is_wanted(const char *name)
{
	bool is = !only || strcmp(only, name) == 0;
	found |= is;
	return is;
}

int main(int argc, char **argv)
{
	quiet = argc > 1 && strcmp(argv[1], "-q") == 0;
	argc -= quiet;
	argv += quiet;
	bool single = argc > 1 && strcmp(argv[1], "single") == 0;
	step = argc > 2 ? (u32)atoi(argv[2]) : 1;
	only = argc > 3 ? argv[3] : NULL;
	(single ? each_single_range : each_range)(check_reduced);
	if (!quiet)
		printf("%u and %u bits: %llu %sranges, %llu not reduced to the smallest; %u sets, 1 of %u "
		       "for pairs\n",
		       RANGE_BITS, RANGE_LOW, tried, single ? "single " : "", not_smallest, count, step);
	for (u32 wide = 0; wide < 2; wide++) {
		for (u32 i = 0; i < array_len(alus); i++)
			if (is_wanted(alus[i].name))
				check_alu(&alus[i], wide);
		for (u32 i = 0; i < array_len(jmps); i++)
			if (is_wanted(jmps[i].name))
				check_jump(&jmps[i], wide);
	}
	if (!only)
		check_rest();
	if (only && !found)
		return fprintf(stderr, "small: there is no operation %s\n", only), 2;
	printf("%s range_small_%u_%u: %llu unsound\n", bad ? "FAIL" : "PASS", RANGE_BITS, RANGE_LOW, bad);
	return bad != 0;
}
