// SPDX-License-Identifier: MIT
// The self-test of the patcher at boot: a site of its own goes through every change there is, and behind each
// step of each change a CPU goes through the site. Whether it meets the instruction or an int3 in its place,
// it must come out the same: at the right address, with the right stack, and all else as it was.
#include "kernel/lib/mem.h"
#include "kernel/cpu/panic.h"
#include "tramp/text/poke.h"

/* Known to the .asm file. rdi is the last of regs. */
struct selftest_state {
	u64 regs[15], flags, sp, where;
};
_Static_assert(offsetof(struct selftest_state, where) == 8 * 17, "the .asm file's STATE_WHERE");

void poke_selftest_run(const struct selftest_state *before, struct selftest_state *after);
extern const u8 poke_selftest_site[], poke_selftest_a[], poke_selftest_b[];

/* What the site can hold. */
enum kind { NOP, CALL_A, CALL_B, JMP_A, JMP_B, KINDS };
static const char *const kind_names[] = { "nop", "call a", "call b", "jmp a", "jmp b" };

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
	case NOP: return (uptr)poke_selftest_site + SITE_LEN;
	case CALL_A:
	case JMP_A: return (uptr)poke_selftest_a;
	default: return (uptr)poke_selftest_b;
	}
}

static void selftest_bytes(u8 bytes[SITE_LEN], enum kind kind)
{
	if (kind == NOP)
		poke_make_nop(bytes);
	else if (kind == CALL_A || kind == CALL_B)
		poke_make_call(bytes, (uptr)poke_selftest_site, target_of(kind));
	else
		poke_make_jmp(bytes, (uptr)poke_selftest_site, target_of(kind));
}

static void want(u64 wanted, u64 found, const char *what, u64 i, u32 step)
{
	if (wanted != found)
		panic("poke self-test: %s to %s, after step %u: %s %llu: want 0x%llx got 0x%llx",
		      kind_names[kind_before], kind_names[kind_after], step, what, i, wanted, found);
}

/* Goes through the site with rsp at stack[first], where `kind` is to be done. */
static void go_through(enum kind kind, u32 first, u64 flags, u32 step)
{
	struct selftest_state before = { .flags = flags, .sp = (uptr)&stack[first] }, after;
	bool call = kind == CALL_A || kind == CALL_B;

	for (u32 i = first - 1; i < STACK_WORDS; i++)
		stack[i] = pattern(i + 100);
	for (u32 i = 0; i < array_len(before.regs); i++)
		before.regs[i] = pattern(i);
	poke_selftest_run(&before, &after);

	want(target_of(kind), after.where, "address", 0, step);
	want(before.sp - (call ? sizeof(u64) : 0), after.sp, "stack pointer", 0, step);
	want(flags, after.flags, "flags", 0, step);
	for (u32 i = 0; i < array_len(before.regs); i++)
		want(before.regs[i], after.regs[i], "register", i, step);
	if (call)
		want((uptr)poke_selftest_site + SITE_LEN, stack[first - 1], "return address", 0, step);
	for (u32 i = first; i < STACK_WORDS; i++)
		want(pattern(i + 100), stack[i], "stack word", i - first, step);
}

/* A stack aligned and not, as a site may find it: the CPU aligns its frame. */
static void observe(u32 step)
{
	enum kind kind = step < 3 ? kind_before : kind_after;
	go_through(kind, STACK_WORDS - STACK_USED, FLAGS_SET, step);
	go_through(kind, STACK_WORDS - STACK_USED - 1, FLAGS_CLEAR, step);
}

static void change(enum kind from, enum kind to)
{
	char text[160] = "";
	struct strbuf log = STRBUF(text);
	struct poke p = { .addr = (uptr)poke_selftest_site };
	kind_before = from;
	kind_after = to;
	selftest_bytes(p.old, from);
	selftest_bytes(p.new, to);
	if (poke_batch(&p, 1, &log) != OK)
		panic("poke self-test: %s", text);
}

/* Round the circle of kinds in strides of 1, of 2, ...: as their number is a prime, each stride meets all of
 * them, every change is made exactly once, and the last one brings back the nop. */
void poke_selftest(void)
{
	_Static_assert(KINDS == 5, "a prime");
	poke_observe(observe);
	for (u32 stride = 1; stride < KINDS; stride++)
		for (u32 i = 0; i < KINDS; i++)
			change(i * stride % KINDS, (i + 1) * stride % KINDS);
	poke_observe(NULL);
}
