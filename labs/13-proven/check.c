// SPDX-License-Identifier: MIT
// Lab 13: verifies programs that differ in one test, and compares ranges with the numbers that they stand for.
#include "labs/lab.h"
#include "kernel/mem/heap.h"
#include "tests/host/vm_asm.h"
#include "vm/run/map.h"
#include "vm/verify/range.h"
#include "vm/verify/verify.h"

enum { BYTES = 32 /* of a value */, SPAN = 6 /* numbers in a range */ };

/* Verifies a program as a raw tracepoint's, with one array of four values. Nothing of it runs. */
static notrace enum err verify_text(const char *text)
{
	struct insn insns[64];
	char why[512] = "";
	struct strbuf log = STRBUF(why);
	struct map *maps[1];
	struct object o = { .maps = maps, .map_count = 1, .license = "GPL" };
	struct prog p = { .name = "lab13", .section = "raw_tp", .target = "", .type = PROG_RAW_TP };
	p.insns = insns;
	p.insn_count = vm_asm(insns, array_len(insns), text);
	p.object = &o;
	if (!lab_ok(map_create(&maps[0], "values", BPF_MAP_TYPE_ARRAY, 4, BYTES, 4, 0, &log) == OK, "a map"))
		return ENOMEM;
	enum err e = prog_verify(&p, &log);
	kfree(p.taken);
	kfree(p.proven);
	map_free(maps[0]);
	if (e)
		lab_got("refused: %s", why);
	else
		lab_got("accepted");
	return e;
}

static notrace void expect(bool accepted, const char *what, const char *text)
{
	lab_did("verifies a program that %s", what);
	lab_want(accepted ? "accepted" : "refused");
	if ((verify_text(text) == OK) != accepted)
		lab_fail();
}

/* A look-up, its NULL test, an index below the limit that test says, and a load of one byte there. */
#define LOOK_UP                  \
	"*(u32 *)(r10 -4) = 0\n" \
	"r2 = r10\n"             \
	"r2 += -4\n"             \
	"r1 = map[id:0]\n"       \
	"call bpf_map_lookup_elem#1\n"
#define INDEXED(test)                                                                                      \
	"r6 = *(u64 *)(r1 +0)\n" LOOK_UP "if r0 == 0x0 goto pc+3\n" test "r0 += r6\nr0 = *(u8 *)(r0 +0)\n" \
	"r0 = 0\nexit\n"

LAB_TEST(lab13_accepts)
{
	expect(true, "tests r6 < 32", INDEXED("if r6 >= 0x20 goto pc+2\n"));
	expect(true, "tests r6 <= 31", INDEXED("if r6 > 0x1f goto pc+2\n"));
	expect(true, "tests w6 < 32, of a number of 32 bits",
	       "r6 = *(u64 *)(r1 +0)\nw6 = w6\n" LOOK_UP
	       "if r0 == 0x0 goto pc+3\nif w6 >= 0x20 goto pc+2\nr0 += r6\n"
	       "r0 = *(u8 *)(r0 +0)\nr0 = 0\nexit\n");
	expect(true, "tests r6 < r7, and r7 <= 32",
	       "r6 = *(u64 *)(r1 +0)\nr7 = *(u64 *)(r1 +8)\n" LOOK_UP
	       "if r0 == 0x0 goto pc+4\nif r7 > 0x20 goto pc+3\nif r6 >= r7 goto pc+2\nr0 += r6\n"
	       "r0 = *(u8 *)(r0 +0)\nr0 = 0\nexit\n");
}

LAB_TEST(lab13_refuses)
{
	expect(false, "tests r6 < 33", INDEXED("if r6 >= 0x21 goto pc+2\n"));
	expect(false, "tests r6 <= 32", INDEXED("if r6 > 0x20 goto pc+2\n"));
	expect(false, "tests r6 s< 32, and r6 may be below 0", INDEXED("if r6 s>= 0x20 goto pc+2\n"));
	expect(false, "tests r6 > 32", INDEXED("if r6 <= 0x20 goto pc+2\n"));
}

struct pair {
	u64 a, b; /* where the ranges begin */
	u32 alen, blen;
};

/* Two ranges of a few numbers, at 0, at the largest number, or near each other. */
static notrace struct pair pair_drawn(bool is_signed)
{
	struct pair p = { .alen = (u32)lab_random(SPAN), .blen = (u32)lab_random(SPAN) };
	u64 edge = is_signed ? 1ull << 63 : 0;
	u64 base = lab_random(3) ? edge + lab_random(3) : lab_random(1 << 30);
	p.a = base + lab_random(SPAN);
	p.b = base + lab_random(SPAN);
	if (lab_random(4) == 0) { /* at the other end: no sum below goes round it */
		p.a = edge - 1 - p.alen - lab_random(2);
		p.b = edge - 1 - p.blen - lab_random(2);
	}
	if (lab_random(8) == 0) /* the largest number and the smallest */
		p = (struct pair){ .a = edge - 1, .b = edge };
	return p;
}

static notrace bool goes(u32 code, u64 x, u64 y)
{
	return code == JMP_LT    ? x < y
	       : code == JMP_LE  ? x <= y
	       : code == JMP_SLT ? (i64)x < (i64)y
				 : (i64)x <= (i64)y;
}

/* What is left of a and b after the jump, and the smallest and largest numbers that can come. */
struct outcome {
	struct range a, b;
	bool can, any;   /* what range_assume says; whether any pair goes this way */
	u64 least, most; /* of a */
	u64 b_least, b_most;
};

static notrace struct outcome outcome_of(struct pair p, u32 code, bool taken, bool *lost)
{
	struct outcome o = { .a = range_between(p.a, p.a + p.alen), .b = range_between(p.b, p.b + p.blen) };
	struct range a = o.a, b = o.b;
	o.can = range_assume(code, true, taken, &o.a, &o.b);
	*lost = false;
	for (u32 i = 0; i <= p.alen; i++)
		for (u32 k = 0; k <= p.blen; k++) {
			u64 x = p.a + i, y = p.b + k;
			if (!range_has(&a, x) || !range_has(&b, y) || goes(code, x, y) != taken)
				continue;
			*lost |= !o.can || !range_has(&o.a, x) || !range_has(&o.b, y);
			bool first = !o.any;
			o.any = true;
			o.least = first || (i64)(x - p.a) < (i64)(o.least - p.a) ? x : o.least;
			o.most = first || x - p.a > o.most - p.a ? x : o.most;
			o.b_least = first || y - p.b < o.b_least - p.b ? y : o.b_least;
			o.b_most = first || y - p.b > o.b_most - p.b ? y : o.b_most;
		}
	return o;
}

static notrace void say_pair(struct pair p, u32 code, bool taken)
{
	static const char *const signs[] = {
		[JMP_LT] = "<", [JMP_LE] = "<=", [JMP_SLT] = "s<", [JMP_SLE] = "s<="
	};
	lab_did("if a %s b, %s, where a is %#llx to %#llx, b %#llx to %#llx", signs[code],
		taken ? "which is so" : "which is not so", p.a, p.a + p.alen, p.b, p.b + p.blen);
}

static notrace bool is_exact(const struct outcome *o)
{
	if (o->can != o->any)
		return false;
	return !o->any || (range_has(&o->a, o->least) && !range_has(&o->a, o->least - 1) &&
			   !range_has(&o->a, o->most + 1) && !range_has(&o->b, o->b_least - 1) &&
			   !range_has(&o->b, o->b_most + 1));
}

static notrace void compare(u32 less, u32 at_most, bool exact)
{
	bool is_signed = less == JMP_SLT;
	for (u32 round = 0; round < 300 && !lab_failed(); round++) {
		struct pair p = pair_drawn(is_signed);
		u32 code = round & 1 ? less : at_most;
		bool taken = round & 2, lost;
		struct outcome o = outcome_of(p, code, taken, &lost);
		say_pair(p, code, taken);
		lab_want(exact ? "the numbers that can come, and no others" : "each number that can come");
		lab_got("%sa %#llx to %#llx, b %#llx to %#llx", o.can ? "" : "no way there: ", o.a.whole.umin,
			o.a.whole.umax, o.b.whole.umin, o.b.whole.umax);
		if (lost || (exact && !is_exact(&o)))
			lab_fail();
	}
}

LAB_TEST(lab13_sound)
{
	compare(JMP_LT, JMP_LE, false);
	compare(JMP_SLT, JMP_SLE, false);
}

LAB_TEST(lab13_exact)
{
	compare(JMP_LT, JMP_LE, true);
}

LAB_TEST(lab13_signed)
{
	expect(true, "tests r6 s>= 0 and r6 s< 32",
	       "r6 = *(u64 *)(r1 +0)\n" LOOK_UP
	       "if r0 == 0x0 goto pc+4\nif r6 s< 0x0 goto pc+3\nif r6 s>= 0x20 goto pc+2\n"
	       "r0 += r6\nr0 = *(u8 *)(r0 +0)\nr0 = 0\nexit\n");
	compare(JMP_SLT, JMP_SLE, true);
}

LAB_TEST(lab13_tested)
{
	expect(true, "tests the value itself",
	       LOOK_UP "if r0 == 0x0 goto pc+1\nr1 = *(u64 *)(r0 +0)\nr0 = 0\nexit\n");
	expect(true, "tests a copy, and reads through the value",
	       LOOK_UP "r6 = r0\nif r6 == 0x0 goto pc+1\nr1 = *(u64 *)(r0 +0)\nr0 = 0\nexit\n");
	expect(true, "keeps the value on the stack, tests it, and loads it again",
	       LOOK_UP "*(u64 *)(r10 -16) = r0\nif r0 == 0x0 goto pc+2\nr6 = *(u64 *)(r10 -16)\n"
		       "r1 = *(u64 *)(r6 +0)\nr0 = 0\nexit\n");
}

LAB_TEST(lab13_untested)
{
	expect(false, "tests nothing", LOOK_UP "r1 = *(u64 *)(r0 +0)\nr0 = 0\nexit\n");
	expect(false, "reads where the value is NULL",
	       LOOK_UP "if r0 != 0x0 goto pc+1\nr1 = *(u64 *)(r0 +0)\nr0 = 0\nexit\n");
	expect(false, "tests one of two look-ups, and reads through the other",
	       LOOK_UP "r6 = r0\n" LOOK_UP "if r0 == 0x0 goto pc+1\nr1 = *(u64 *)(r6 +0)\nr0 = 0\nexit\n");
	expect(false, "adds to the value before it is tested",
	       LOOK_UP "r6 = *(u64 *)(r0 +8)\nif r0 == 0x0 goto pc+0\nr0 = 0\nexit\n");
}
