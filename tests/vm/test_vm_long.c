// SPDX-License-Identifier: MIT
// Long programs: a million instructions, megabytes of machine code, jumps across all of it, and jumps at the
// limits of their offsets. On the host and, with shorter programs, in the machine.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "kernel/sched/timer.h"
#include "tests/host/vm_run.h"
#include "tests/test.h"
#include "tests/vm_case.h"
#include "vm/compile.h"
#include "vm/verify/verify.h"

/* A program that is being written. */
struct text_of {
	struct insn *insns;
	u32 count, max;
};

static bool begin(struct text_of *t, u32 max)
{
	*t = (struct text_of){ .insns = kmalloc(max * sizeof(*t->insns)), .max = max };
	return check(t->insns != NULL);
}

static void put(struct text_of *t, u32 op, u32 dst, u32 src, i32 off, i32 imm)
{
	if (check(t->count < t->max))
		t->insns[t->count++] = (struct insn){
			.op = (u8)op, .dst = dst & 15, .src = src & 15, .off = (i16)off, .imm = imm
		};
}

/* clang-format off */
static void set(struct text_of *t, u32 reg, i32 imm) { put(t, 0xb7, reg, 0, 0, imm); }
static void add(struct text_of *t, u32 reg, i32 imm) { put(t, 0x07, reg, 0, 0, imm); }
static void far_goto(struct text_of *t, i32 imm) { put(t, 0x06, 0, 0, 0, imm); }
static void leave(struct text_of *t) { put(t, 0x95, 0, 0, 0, 0); }
/* clang-format on */

/* Runs it both ways; as machine code, it must have `least` bytes. Says what it took. */
static void run(const struct text_of *t, const char *what, u64 want, u32 least)
{
	for (enum prog_mode mode = PROG_JIT; mode <= PROG_INTERPRET; mode++) {
		u64 before, after, allocations, start = ktime_get_ns();
		heap_usage(&before, &allocations);
		struct prog *p = vm_load(NULL, t->insns, t->count, mode);
		if (!p)
			return;
		u64 loaded = ktime_get_ns();
		heap_usage(&after, &allocations);
		check_eq(want, vm_call(p, NULL, 0));
		if (mode == PROG_JIT)
			check(p->text.len >= least);
		kprintf("%s, %s: %u instructions, loaded in %llu us, run in %llu us; %u KiB of code, "
			"%llu KiB of heap\n",
			what, mode == PROG_JIT ? "jit" : "interpreter", t->count, (loaded - start) / 1000,
			(ktime_get_ns() - loaded) / 1000, p->text.len >> 10, (after - before) >> 10);
		prog_free(p);
	}
}

#define LONG (__STDC_HOSTED__ ? PROG_INSNS_MAX : 100000u)

TEST(long_program_of_arithmetic)
{
	static const u8 ops[] = { OPCODE_ADD64_K, OPCODE_SUB64_K, OPCODE_XOR64_K,
				  OPCODE_LSH64_K, OPCODE_RSH64_K, OPCODE_MUL64_K }; /* += -= ^= <<= >>= *= */
	struct text_of t;
	u64 want = 1;
	require(begin(&t, LONG));
	set(&t, 0, 1);
	while (t.count + 1 < LONG) {
		u32 op = ops[t.count % array_len(ops)];
		i32 imm = op == OPCODE_LSH64_K   ? 3
			  : op == OPCODE_RSH64_K ? 1
						 : (i32)(t.count * 2654435761u | 1);
		u64 value = (u64)(i64)imm;
		put(&t, op, 0, 0, 0, imm);
		switch (op) {
		case 0x07: want += value; break;
		case 0x17: want -= value; break;
		case 0xa7: want ^= value; break;
		case 0x67: want <<= 3; break;
		case 0x77: want >>= 1; break;
		default: want *= value; break;
		}
	}
	leave(&t);
	run(&t, "arithmetic", want, LONG * 3);
	kfree(t.insns);
}

static u32 gcd(u32 a, u32 b)
{
	return b ? gcd(b, a % b) : a;
}

#define BLOCK 7

/* One block: R0 takes in its number, R1 counts those to come. The jump in its middle is never taken. */
static void put_block(struct text_of *t, u32 n, u32 next, u32 wrong)
{
	put(t, 0x27, 0, 0, 0, 31); /* r0 *= 31 */
	add(t, 0, (i32)n);
	put(t, 0xc5, 1, 0, (i16)((i32)(wrong * BLOCK) - (i32)(n * BLOCK) - 3), 0); /* if r1 s< 0 goto wrong */
	add(t, 1, -1);
	put(t, 0x55, 1, 0, 1, 0); /* if r1 != 0 goto pc+1 */
	leave(t);
	far_goto(t, (i32)(next * BLOCK) - (i32)(n * BLOCK) - BLOCK);
}

/* Blocks that run in an order that leaps through the whole program, forward and back: n, n + stride, ...
 * modulo their number. */
TEST(long_program_of_jumps_across_all_of_it)
{
	struct text_of t;
	u32 blocks = (LONG - 3) / BLOCK, stride = blocks / 8 * 5, at = 0;
	u64 want = 0;
	while (gcd(blocks, stride) != 1) /* else some are never reached */
		stride++;
	require(begin(&t, LONG));
	put(&t, 0xb4, 1, 0, 0, (i32)blocks); /* w1 = blocks */
	set(&t, 0, 0);
	put(&t, 0xbc, 1, 1, 0, 0); /* w1 = w1 */
	for (u32 n = 0; n < blocks; n++)
		put_block(&t, n, (n + stride) % blocks, n < blocks / 2 ? n + 4000 : n - 4000);
	for (u32 i = 0; i < blocks; i++, at = (at + stride) % blocks)
		want = want * 31 + at;
	run(&t, "jumps", want, 300 << 10);
	kfree(t.insns);
}

/* Forward by the largest offset, back by the least one, of every kind of jump that has 16 bits; then
 * farther. */
TEST(long_jumps_at_the_limits_of_their_offsets)
{
	static const u8 ops[] = { OPCODE_JA, OPCODE_JEQ64_K, OPCODE_JEQ64_X, OPCODE_JEQ32_K,
				  OPCODE_JEQ32_X }; /* goto, ==, of registers, of 32 bits */
	for (u32 i = 0; i < array_len(ops); i++) {
		struct text_of t;
		require(begin(&t, 70000));
		set(&t, 0, 0);
		set(&t, 1, 0);
		set(&t, 2, 0);
		u32 reg = i ? 1 : 0, other = ops[i] & 8 ? 2 : 0;
		put(&t, ops[i], reg, other, 32767, 0); /* to A */
		add(&t, 0, 1000);
		add(&t, 0, 2);           /* 5, B */
		far_goto(&t, 65000 - 7); /* to C */
		while (t.count < 4 + 32767)
			add(&t, 0, 1000);
		add(&t, 0, 1);                          /* A */
		put(&t, ops[i], reg, other, -32768, 0); /* to B */
		while (t.count < 65000)
			add(&t, 0, 1000);
		put(&t, 0x25, 0, 0, 2, 100); /* C: if r0 > 100 goto pc+2 */
		add(&t, 0, 100);
		far_goto(&t, 5 - 65003); /* to B */
		leave(&t);
		run(&t, "limits", 105, 0);
		kfree(t.insns);
	}
}

/* Each is called once, from the first function, however far it is. */
TEST(long_program_of_many_functions)
{
	u32 count = LONG / 8;
	struct text_of t;
	require(begin(&t, LONG));
	set(&t, 6, 0);
	for (u32 n = 0; n < count; n++) {
		u32 callee = 3 + 3 * count + 4 * (count - 1 - n);
		put(&t, 0xb7, 1, 0, 0, (i32)n);                         /* r1 = n */
		put(&t, 0x85, 0, 1, 0, (i32)callee - (i32)t.count - 1); /* call */
		put(&t, 0x0f, 6, 0, 0, 0);                              /* r6 += r0 */
	}
	put(&t, 0xbf, 0, 6, 0, 0);
	leave(&t);
	for (u32 n = 0; n < count; n++) {
		put(&t, 0xbf, 0, 1, 0, 0); /* r0 = r1 */
		set(&t, 6, 7);
		add(&t, 0, 1);
		leave(&t);
	}
	run(&t, "functions", (u64)count * (count + 1) / 2, 200 << 10);
	kfree(t.insns);
}

/* Loads from bad addresses at both ends and in the middle, among good ones that could have been bad. */
TEST(long_program_of_loads_some_of_which_fail)
{
	u32 count = LONG / 4;
	struct text_of t;
	u64 *cell = kmalloc(sizeof(*cell));
	require(cell && begin(&t, LONG));
	*cell = 3;
	set(&t, 0, 0);
	set(&t, 1, (i32)(uptr)cell); /* the lowest or the highest 2 GiB, so it fits */
	for (u32 n = 0; n < count; n++) {
		bool bad = n == 0 || n == count / 2 || n == count - 1;
		put(&t, 0xb7, 2, 0, 0, bad ? 16 : (i32)(uptr)cell);
		put(&t, 0x79, 3, 2, 0, 0); /* r3 = *(u64 *)(r2 +0) */
		put(&t, 0x0f, 0, 3, 0, 0); /* r0 += r3 */
	}
	leave(&t);
	run(&t, "loads", 3ull * (count - 3), 200 << 10);
	kfree(t.insns);
	kfree(cell);
}

/* Blocks in reverse order: what lives through all of them is found by no pass over the program. */
TEST(long_program_that_goes_backwards)
{
	struct text_of t;
	u32 blocks = __STDC_HOSTED__ ? 20000 : 2000;
	require(begin(&t, 3 * blocks + 8));
	set(&t, 6, 5);
	set(&t, 0, 0);
	far_goto(&t, (i32)(3 * blocks - 1)); /* to the last block */
	put(&t, 0x0f, 0, 6, 0, 0);           /* r0 += r6 */
	leave(&t);
	for (u32 n = 0; n < blocks; n++) {
		add(&t, 0, 1);
		put(&t, 0xbf, 2, 0, 0, 0); /* r2 = r0 */
		far_goto(&t, n ? -6 : -5);
	}
	run(&t, "backwards", blocks + 5, 0);
	kfree(t.insns);
}
