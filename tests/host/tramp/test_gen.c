// SPDX-License-Identifier: MIT
// tramp/gen_x86_64.c, by running what it writes. Images at sites call functions of this file.
// The tests compare what hooks saw, what the call returned, and the stack before and after.
#include "kernel/lib/mem.h"
#include "kernel/cpu/smp.h"
#include "kernel/mem/text.h"
#include "tests/test.h"
#include "tramp/gen.h"
#include "tramp/text/poke.h"

/* Five bytes of nop first, as -mnop-mcount leaves them. */
#define SITE __attribute__((noipa, patchable_function_entry(5)))

struct pair {
	u64 a, b;
};
struct big {
	u64 v[5];
};

static u64 body_runs;

SITE static u64 no_argument(void)
{
	body_runs++;
	return 77;
}
SITE static void one_pointer(u64 *p)
{
	body_runs++;
	(*p)++;
}
SITE static i32 narrow(u8 a, i8 b, u16 c, i16 d, u32 e, i32 f)
{
	body_runs++;
	return (i32)(a + b + c + d + (i32)e + f);
}
SITE static u64 twelve(u64 a, u64 b, u64 c, u64 d, u64 e, u64 f, u64 g, u64 h, u64 i, u64 j, u64 k, u64 l)
{
	body_runs++;
	return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + 11 * k + 12 * l;
}
SITE static struct pair two_words(struct pair p, u64 x)
{
	body_runs++;
	return (struct pair){ p.b + x, p.a - x };
}
SITE static struct big hidden_result(u64 x)
{
	body_runs++;
	return (struct big){ { x, x + 1, x + 2, x + 3, x + 4 } };
}

/* What the hooks saw: a copy of the context each time. */
static u64 seen[64][16];
static u32 seen_count, context_words;
static u64 misaligned;

static u64 see(const u64 *context)
{
	misaligned += ((uptr)__builtin_frame_address(0) & 15) != 0;
	memcpy(seen[seen_count++ % 64], context, context_words * 8);
	return 0xdead; /* what a hook returns must not matter */
}

/* Overwrites all that a hook may: the caller-saved registers. */
static u64 spoil(const u64 *context)
{
	see(context);
	__asm__ volatile(
	    "mov $-1, %%rax; mov %%rax, %%rcx; mov %%rax, %%rdx; mov %%rax, %%rsi; mov %%rax, %%rdi;"
	    "mov %%rax, %%r8; mov %%rax, %%r9; mov %%rax, %%r10; mov %%rax, %%r11" ::
		: "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "cc");
	return 0;
}

static struct model scalars(u32 count, u32 ret_size)
{
	struct model m = { .arg_count = count, .slot_count = count, .ret_size = ret_size };
	for (u32 i = 0; i < count; i++)
		m.slots[i] = (struct slot){ .size = 8, .on_stack = i >= 6, .place = (u8)(i < 6 ? i : i - 6) };
	m.stack_words = count > 6 ? count - 6 : 0;
	return m;
}

static struct hook hook(enum hook_kind kind, u64 (*fn)(const u64 *))
{
	return (struct hook){ .kind = kind, .code = (uptr)fn, .name = "hook" };
}

struct attached {
	struct text text;
	uptr site;
	u32 gate, hooks_end;
};

/* As a test wants its images. */
static struct plan_options options;

static bool put_image(struct attached *a, void *function, const struct model *m, const struct hook *hooks,
		      u32 count)
{
	static u8 code[12288];
	static struct plan plan;
	static struct gen g;
	struct code c = { .buf = code, .cap = sizeof(code) };
	u8 call[SITE_LEN];

	*a = (struct attached){ .site = (uptr)function };
	g = (struct gen){ .plan = &plan, .model = m, .hooks = hooks, .original = a->site + SITE_LEN };
	if (plan_make(&plan, m, hooks, count, &options, gen_frame_align) ||
	    text_alloc(&a->text, sizeof(code)))
		return false;
	c.base = a->text.base;
	if (gen_image(&c, &g))
		return false;
	text_write(a->text.base, code, c.len);
	a->gate = g.gate;
	a->hooks_end = g.hooks_end;
	(plan.by_jmp ? poke_make_jmp : poke_make_call)(call, a->site, a->text.base);
	text_write(a->site, call, SITE_LEN);
	seen_count = 0;
	body_runs = 0;
	misaligned = 0;
	context_words = m->slot_count + (m->ret_size ? 1 : 0);
	return true;
}

static void take_away(struct attached *a)
{
	u8 nop[SITE_LEN];
	poke_make_nop(nop);
	text_write(a->site, nop, SITE_LEN);
	text_free(&a->text);
	check_eq(0, misaligned);
}

/* A test of images that call the body, with both ways into them. */
#define TEST_BOTH(claim)                              \
	static void claim(void);                      \
	TEST(claim)                                   \
	{                                             \
		claim();                              \
		options.by_jmp = true;                \
		claim();                              \
		options = (struct plan_options){ 0 }; \
	}                                             \
	static void claim(void)

TEST(gen_entry_hook_sees_the_argument_and_the_body_runs_once)
{
	struct model m = scalars(1, 0);
	struct hook h[] = { hook(HOOK_FENTRY, spoil), hook(HOOK_FENTRY, see) };
	struct attached a;
	u64 value = 41;
	require(put_image(&a, one_pointer, &m, h, 2));
	one_pointer(&value);
	take_away(&a);
	check_eq(42, value);
	check_eq(1, body_runs);
	check_eq(2, seen_count);
	check_eq((uptr)&value, seen[0][0]);
	check_eq((uptr)&value, seen[1][0]);
	one_pointer(&value);
	check_eq(43, value);
	check_eq(2, seen_count);
}

TEST_BOTH(gen_exit_hook_sees_the_return_value_and_the_caller_gets_it)
{
	struct model m = scalars(0, 8);
	struct hook h[] = { hook(HOOK_FENTRY, spoil), hook(HOOK_FEXIT, spoil) };
	struct attached a;
	require(put_image(&a, no_argument, &m, h, 2));
	check_eq(77, no_argument());
	take_away(&a);
	check_eq(1, body_runs);
	check_eq(2, seen_count);
	check_eq(77, seen[1][0]);
}

TEST_BOTH(gen_narrow_arguments_with_dirty_upper_halves_are_widened)
{
	struct model m = scalars(6, 4);
	struct hook h[] = { hook(HOOK_FENTRY, spoil), hook(HOOK_FEXIT, see) };
	i32 (*dirty)(u64, u64, u64, u64, u64, u64) = (void *)narrow;
	u64 junk = 0x5a5a5a5a5a5a5a5aull;
	struct attached a;
	static const u8 sizes[] = { 1, 1, 2, 2, 4, 4 };
	for (u32 i = 0; i < 6; i++) {
		m.slots[i].size = sizes[i];
		m.slots[i].is_signed = i % 2;
	}
	m.ret_signed = true;
	require(put_image(&a, narrow, &m, h, 2));
	check_eq(200 - 3 + 60000 - 4 + 100 - 500,
		 dirty((junk & ~0xffull) | 200, (junk & ~0xffull) | 0xfd, (junk & ~0xffffull) | 60000,
		       (junk & ~0xffffull) | 0xfffc, (junk & ~0xffffffffull) | 100,
		       (junk & ~0xffffffffull) | (u32)-500));
	take_away(&a);
	for (u32 i = 0; i < 2; i++) {
		check_eq(200, seen[i][0]);
		check_eq(-3, seen[i][1]);
		check_eq(60000, seen[i][2]);
		check_eq(-4, seen[i][3]);
		check_eq(100, seen[i][4]);
		check_eq(-500, seen[i][5]);
	}
	check_eq(59793, seen[1][6]);
}

TEST_BOTH(gen_passes_arguments_on_the_stack)
{
	struct hook h[] = { hook(HOOK_FENTRY, spoil), hook(HOOK_FEXIT, spoil) };
	struct model m = scalars(12, 8);
	struct attached a;
	for (u32 kinds = 1; kinds <= 3; kinds++) {
		u32 count = kinds == 3 ? 2 : 1;
		require(put_image(&a, twelve, &m, kinds == 2 ? h + 1 : h, count));
		check_eq(650, twelve(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
		take_away(&a);
		check_eq(1, body_runs);
		check_eq(count, seen_count);
		for (u32 i = 0; i < 12; i++)
			check_eq(i + 1, seen[0][i]);
	}
	check_eq(650, seen[1][12]);
}

TEST_BOTH(gen_keeps_both_words_of_a_wide_return_value)
{
	struct model m = scalars(3, 16);
	struct hook h[] = { hook(HOOK_FENTRY, spoil), hook(HOOK_FEXIT, spoil) };
	struct attached a;
	struct pair p;
	require(put_image(&a, two_words, &m, h, 2));
	p = two_words((struct pair){ 100, 200 }, 7);
	take_away(&a);
	check_eq(207, p.a);
	check_eq(93, p.b);
	check_eq(100, seen[0][0]);
	check_eq(200, seen[0][1]);
	check_eq(7, seen[0][2]);
	check_eq(207, seen[1][3]);
}

TEST_BOTH(gen_keeps_the_hidden_pointer_to_a_result)
{
	struct model m = scalars(1, 40);
	struct hook h[] = { hook(HOOK_FENTRY, spoil), hook(HOOK_FEXIT, spoil) };
	struct attached a;
	struct big r;
	m.ret_hidden = true;
	m.slots[0].place = 1;
	require(put_image(&a, hidden_result, &m, h, 2));
	r = hidden_result(10);
	take_away(&a);
	for (u32 i = 0; i < 5; i++)
		check_eq(10 + i, r.v[i]);
	check_eq(10, seen[0][0]);
}

struct misaligned {
	u8 a;
	u16 b;
	u8 c;
} packed;
SITE static struct misaligned small_hidden_result(void)
{
	return (struct misaligned){ 1, 2, 3 };
}

/* What comes back in rax is the pointer, not the four bytes. */
TEST(gen_pointer_to_a_small_hidden_result_stays_whole)
{
	struct model m = { .ret_size = 4, .ret_hidden = true };
	struct hook h = hook(HOOK_FEXIT, spoil);
	void *(*by_hand)(struct misaligned *) = (void *)small_hidden_result;
	struct attached a;
	struct misaligned r;
	require(put_image(&a, small_hidden_result, &m, &h, 1));
	check_eq((uptr)&r, (uptr)by_hand(&r));
	take_away(&a);
	check_eq((uptr)&r, seen[0][0]);
	check(r.a == 1 && r.b == 2 && r.c == 3);
}

static u32 depth;

/* Runs the traced function again, as a helper may. */
static u64 recurse(const u64 *context)
{
	see(context);
	if (++depth < 5)
		no_argument();
	return 0;
}

TEST(gen_guard_skips_a_hook_inside_itself_and_counts_the_miss)
{
	struct model m = scalars(0, 8);
	struct hook h = hook(HOOK_FENTRY, recurse);
	u32 preempt = this_cpu()->preempt_count;
	struct attached a;
	h.guarded = true;
	h.active_slot = 3;
	depth = 0;
	/* reachable for the image with 32 bits, as all counters of the kernel are */
	static u64 counter;
	counter = 0;
	h.missed = &counter;
	require(put_image(&a, no_argument, &m, &h, 1));
	check_eq(77, no_argument());
	take_away(&a);
	check_eq(1, seen_count);
	check_eq(1, counter);
	check_eq(2, body_runs);
	check_eq(0, this_cpu()->active[3]);
	check_eq(preempt, this_cpu()->preempt_count);
}

static u64 replace_by;

static u64 replace(const u64 *context)
{
	see(context);
	return replace_by;
}

TEST_BOTH(gen_hook_takes_the_place_of_the_body_if_it_gives_something)
{
	struct model m = scalars(0, 8);
	struct hook h[] = { hook(HOOK_FMOD_RET, replace), hook(HOOK_FMOD_RET, spoil), hook(HOOK_FEXIT, see) };
	struct attached a;
	replace_by = 0;
	require(put_image(&a, no_argument, &m, h, 1));
	check_eq(77, no_argument());
	check_eq(1, body_runs);
	take_away(&a);
	replace_by = 1234;
	require(put_image(&a, no_argument, &m, h, 3));
	check_eq(1234, no_argument());
	take_away(&a);
	check_eq(0, body_runs);
	check_eq(2, seen_count); /* spoil did not run any more, the exit hook did */
	check_eq(0, seen[0][0]); /* nothing had replaced the value yet */
	check_eq(1234, seen[1][0]);
}

TEST_BOTH(gen_gate_leads_over_the_exit_hooks)
{
	struct model m = scalars(0, 8);
	struct hook h = hook(HOOK_FEXIT, see);
	struct attached a;
	u8 nop[SITE_LEN], jump[SITE_LEN];
	require(put_image(&a, no_argument, &m, &h, 1));
	poke_make_nop(nop);
	check(memcmp((void *)(a.text.base + a.gate), nop, SITE_LEN) == 0);
	poke_make_jmp(jump, a.text.base + a.gate, a.text.base + a.hooks_end);
	text_write(a.text.base + a.gate, jump, SITE_LEN);
	check_eq(77, no_argument());
	take_away(&a);
	check_eq(1, body_runs);
	check_eq(0, seen_count);
}

static u64 below[8][8]; /* context[-1], context[-2], ... */

/* Leaves its number in the session's word, or finds it there. */
static u64 in_session(const u64 *context)
{
	u64 *word = (u64 *)context - (u8)(context[-1] >> 8);
	u32 run = seen_count++ % 8;
	for (u32 i = 0; i < 3; i++)
		below[run][i] = context[-1 - (int)i];
	below[run][3] = *word;
	*word = context[-3] + 1;
	return 0;
}

TEST_BOTH(gen_sessions_find_their_words_and_cookies)
{
	struct model m = scalars(1, 0);
	struct hook h[4];
	struct attached a;
	u64 value = 1;
	for (u32 i = 0; i < 4; i++) {
		h[i] = hook(i % 2 ? HOOK_FEXIT : HOOK_FENTRY, in_session);
		h[i].owner = &h[i / 2];
		h[i].session = true;
		h[i].header_words = BELOW_COOKIE;
		h[i].cookie = i < 2 ? 0x123456789abcdefull : 50;
	}
	require(put_image(&a, one_pointer, &m, h, 4));
	one_pointer(&value);
	take_away(&a);
	check_eq(2, value);
	check_eq(4, seen_count);
	for (u32 i = 0; i < 4; i++) {
		check_eq(1 | (4 + i % 2) << 8 | (u64)(i / 2) << 63, below[i][0]);
		check_eq((uptr)one_pointer, below[i][1]);
		check_eq(i % 2 ? 50 : 0x123456789abcdefull, below[i][2]);
	}
	check_eq(0, below[0][3]);
	check_eq(0, below[1][3]);
	check_eq(0x123456789abcdf0ull, below[2][3]);
	check_eq(51, below[3][3]);
}

TEST_BOTH(gen_counts_runs_and_time_of_each_hook)
{
	static u64 runs[2], ticks[2];
	struct model m = scalars(3, 16);
	struct hook h[] = { hook(HOOK_FENTRY, spoil), hook(HOOK_FEXIT, spoil) };
	struct attached a;
	struct pair p;
	for (u32 i = 0; i < 2; i++) {
		runs[i] = ticks[i] = 0;
		h[i].runs = &runs[i];
		h[i].ticks = &ticks[i];
	}
	options.stats = true;
	require(put_image(&a, two_words, &m, h, 2));
	for (u32 i = 0; i < 5; i++)
		p = two_words((struct pair){ 100, 200 }, 7);
	take_away(&a);
	options.stats = false;
	check_eq(207, p.a);
	check_eq(93, p.b);
	for (u32 i = 0; i < 2; i++) {
		check_eq(5, runs[i]);
		check(ticks[i] > 0);
	}
}

TEST(gen_image_of_2019_is_nine_instructions)
{
	static const u8 head[] = { 0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xec, 0x08, 0x48,
				   0x89, 0x7d, 0xf8, 0x48, 0x8d, 0x7d, 0xf8, 0xe8 };
	static const u8 tail[] = { 0x48, 0x8b, 0x7d, 0xf8, 0xc9, 0xc3 };
	struct model m = scalars(1, 0);
	struct hook h = hook(HOOK_FENTRY, see);
	struct attached a;
	require(put_image(&a, one_pointer, &m, &h, 1));
	check(memcmp((void *)a.text.base, head, sizeof(head)) == 0);
	check(memcmp((void *)(a.text.base + sizeof(head) + 4), tail, sizeof(tail)) == 0);
	take_away(&a);
}

TEST(gen_reports_a_full_buffer_and_a_far_target)
{
	struct model m = scalars(1, 0);
	struct hook h = hook(HOOK_FENTRY, see);
	static struct plan plan;
	static u8 code[256];
	static struct gen g;
	u32 len;
	plan_make(&plan, &m, &h, 1, &options, gen_frame_align);
	g = (struct gen){ .plan = &plan, .model = &m, .hooks = &h, .original = (uptr)one_pointer };
	struct code c = { .buf = code, .base = 0x10000000, .cap = sizeof(code) };
	check_eq(OK, gen_image(&c, &g));
	len = c.len;
	c = (struct code){ .buf = code, .base = 0x10000000, .cap = len };
	check_eq(OK, gen_image(&c, &g));
	c = (struct code){ .buf = code, .base = 0x10000000, .cap = len - 1 };
	check_eq(ENOSPC, gen_image(&c, &g));
	c = (struct code){ .buf = code, .base = 0x10000000000, .cap = sizeof(code) };
	check_eq(ERANGE, gen_image(&c, &g));
}
