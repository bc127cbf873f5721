// SPDX-License-Identifier: MIT
// tramp/text/poke.c as one CPU feels it: a site goes through every change there is, and behind each step of
// each change the CPU goes through the site. Whether it meets the instruction or an int3 in its place, it
// must come out the same: at the right address, with the right stack, and all else as it was.
#include "tests/test.h"
#include "kernel/lib/mem.h"
#include "tramp/text/poke.h"

/* Known to tests/tramp/poke_state_x86_64.asm. rdi is the last of regs. */
struct cpu_state {
	u64 regs[15], flags, sp, where;
};
_Static_assert(offsetof(struct cpu_state, where) == 8 * 17, "the .asm file's STATE_WHERE");

void poke_state_run(const struct cpu_state *before, struct cpu_state *after);
extern const u8 poke_state_site[], poke_state_a[], poke_state_b[];

/* What the site can hold. */
enum kind { NOP, CALL_A, CALL_B, JMP_A, JMP_B, KINDS };

/* Carry, parity, adjust, zero, sign, direction, overflow; the bit that is always 1; interrupts off. */
enum { FLAGS_SET = 0xcd7, FLAGS_CLEAR = 0x2 };

/* The int3's handler runs on it too, below the words in use. */
enum { STACK_WORDS = 512, STACK_USED = 16 };
static _Alignas(16) u64 stack[STACK_WORDS];
static enum kind kind_before, kind_after;

static u64 pattern(u64 i)
{
	return 0x0123456789abcdefull * (2 * i + 1);
}

static uptr target_of(enum kind kind)
{
	switch (kind) {
	case NOP: return (uptr)poke_state_site + SITE_LEN;
	case CALL_A:
	case JMP_A: return (uptr)poke_state_a;
	default: return (uptr)poke_state_b;
	}
}

static void bytes_of_kind(u8 bytes[SITE_LEN], enum kind kind)
{
	if (kind == NOP)
		poke_make_nop(bytes);
	else if (kind == CALL_A || kind == CALL_B)
		poke_make_call(bytes, (uptr)poke_state_site, target_of(kind));
	else
		poke_make_jmp(bytes, (uptr)poke_state_site, target_of(kind));
}

/* Goes through the site with rsp at stack[first], where `kind` is to be done. */
static void go_through(enum kind kind, u32 first, u64 flags)
{
	struct cpu_state before = { .flags = flags, .sp = (uptr)&stack[first] }, after;
	bool call = kind == CALL_A || kind == CALL_B;

	for (u32 i = first - 1; i < STACK_WORDS; i++)
		stack[i] = pattern(i + 100);
	for (u32 i = 0; i < array_len(before.regs); i++)
		before.regs[i] = pattern(i);
	poke_state_run(&before, &after);

	check_eq(target_of(kind), after.where);
	check_eq(before.sp - (call ? sizeof(u64) : 0), after.sp);
	check_eq(flags, after.flags);
	for (u32 i = 0; i < array_len(before.regs); i++)
		check_eq(before.regs[i], after.regs[i]);
	if (call)
		check_eq((uptr)poke_state_site + SITE_LEN, stack[first - 1]);
	for (u32 i = first; i < STACK_WORDS; i++)
		check_eq(pattern(i + 100), stack[i]);
}

/* A stack aligned and not, as a site may find it: the CPU aligns its frame. */
static void pass(u32 step)
{
	enum kind kind = step < 3 ? kind_before : kind_after;
	go_through(kind, STACK_WORDS - STACK_USED, FLAGS_SET);
	go_through(kind, STACK_WORDS - STACK_USED - 1, FLAGS_CLEAR);
}

static void change(enum kind from, enum kind to)
{
	char text[160] = "";
	struct strbuf log = STRBUF(text);
	struct poke p = { .addr = (uptr)poke_state_site };
	kind_before = from;
	kind_after = to;
	bytes_of_kind(p.old, from);
	bytes_of_kind(p.new, to);
	check_eq(OK, poke_batch(&p, 1, &log));
	check_str("", text);
}

/* Round the circle of kinds in strides of 1, of 2, ...: as their number is a prime, each stride meets all of
 * them, every change is made exactly once, and the last one brings back the nop. */
TEST(poke_looks_the_same_to_a_cpu_that_passes_behind_any_step_of_any_change)
{
	_Static_assert(KINDS == 5, "a prime");
	poke_observe(pass);
	for (u32 stride = 1; stride < KINDS; stride++)
		for (u32 i = 0; i < KINDS; i++)
			change(i * stride % KINDS, (i + 1) * stride % KINDS);
	poke_observe(NULL);
}
