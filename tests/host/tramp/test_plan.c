// SPDX-License-Identifier: MIT
// tramp/plan.c: the steps, their order, and the frame.
#include "kernel/lib/mem.h"
#include "tests/test.h"
#include "tramp/plan.h"

static struct hook hook(enum hook_kind kind, const char *name, bool guarded)
{
	return (struct hook){ .kind = kind, .name = name, .guarded = guarded };
}

/* `slots` arguments of 64 bits, from the seventh on in the stack, and a return value. */
static struct model model(u32 slots, u32 ret_size)
{
	struct model m = { .arg_count = slots, .slot_count = slots, .ret_size = ret_size };
	for (u32 i = 0; i < slots; i++)
		m.slots[i] = (struct slot){ .size = 8, .on_stack = i >= 6, .place = (u8)(i < 6 ? i : i - 6) };
	m.stack_words = slots > 6 ? slots - 6 : 0;
	return m;
}

static const struct plan_options called = { 0 }, jumped = { .by_jmp = true }, counted = { .stats = true };

/* The whole plan as one line: a letter and a number for each step. */
static const char *steps(const struct plan *p)
{
	static const char names[] = "FsSniXpm?e<ktcKT.PMlL0jwOR|rUDx";
	static char text[2048];
	struct strbuf s = STRBUF(text);
	for (u32 i = 0; i < p->count; i++)
		str_printf(&s, "%s%c%u", i ? " " : "", names[p->steps[i].kind], p->steps[i].n);
	return text;
}

TEST(plan_of_one_entry_hook_is_that_of_2019)
{
	struct model m = model(1, 0);
	struct hook h = hook(HOOK_FENTRY, "a", false);
	struct plan p;
	check_eq(OK, plan_make(&p, &m, &h, 1, &called, 8));
	check_str("F0 s0 c0 l0 U0 x0", steps(&p));
	check_eq(16, p.saved);
	check_eq(8, p.frame);
	check_eq(8, p.context);
}

TEST(plan_calls_hooks_of_a_kind_in_order_of_attachment)
{
	struct model m = model(1, 4);
	struct hook h[] = { hook(HOOK_FEXIT, "x", false), hook(HOOK_FENTRY, "a", false),
			    hook(HOOK_FEXIT, "y", false), hook(HOOK_FENTRY, "b", false) };
	struct plan p;
	check_eq(OK, plan_make(&p, &m, h, 4, &called, 8));
	check_str("F0 s0 c1 c3 l0 O0 R0 |0 c0 c2 r0 U0 D0 x0", steps(&p));
	check_eq(8, p.ret);
	check_eq(16, p.context);
}

TEST(plan_of_exit_hooks_alone_leaves_the_registers_as_they_are)
{
	struct model m = model(2, 0);
	struct hook h = hook(HOOK_FEXIT, "x", false);
	struct plan p;
	plan_make(&p, &m, &h, 1, &called, 8);
	check_str("F0 s0 s1 O0 |0 c0 U0 D0 x0", steps(&p));
}

TEST(plan_turns_preemption_off_once_for_all_hooks_of_a_kind)
{
	struct model m = model(1, 0);
	struct hook h[] = { hook(HOOK_FENTRY, "a", true), hook(HOOK_FENTRY, "b", false),
			    hook(HOOK_FENTRY, "c", true) };
	struct plan p;
	plan_make(&p, &m, h, 3, &called, 8);
	check_str("F0 s0 p0 ?0 c0 .0 c1 ?2 c2 .2 P0 l0 U0 x0", steps(&p));
}

TEST(plan_copies_stack_arguments_only_for_the_original)
{
	struct model m = model(8, 8);
	struct hook entry = hook(HOOK_FENTRY, "a", false), exit = hook(HOOK_FEXIT, "x", false);
	struct plan p;
	plan_make(&p, &m, &entry, 1, &called, 8);
	check_str("F0 s0 s1 s2 s3 s4 s5 s6 s7 c0 l0 l1 l2 l3 l4 l5 U0 x0", steps(&p));
	check_eq(72, p.frame);
	plan_make(&p, &m, &exit, 1, &called, 8);
	check_str("F0 s0 s1 s2 s3 s4 s5 s6 s7 w0 w1 O0 R0 |0 c0 r0 U0 D0 x0", steps(&p));
	check_eq(80, p.saved);
	check_eq(88, p.frame);
}

TEST(plan_gives_every_word_of_a_frame_its_own_place)
{
	struct model m = model(3, 16);
	struct hook h = hook(HOOK_FEXIT, "x", false);
	struct plan p;
	plan_make(&p, &m, &h, 1, &called, 8);
	check_eq(8, p.ret_high);
	check_eq(16, p.ret);
	check_eq(40, p.context);
	check_eq(48, p.saved);
	m.ret_size = 40;
	m.ret_hidden = true;
	plan_make(&p, &m, &h, 1, &called, 8);
	check_eq(0, p.ret_high);
	check_eq(32, p.context);
	check_eq(40, p.hidden);
}

TEST(plan_of_an_image_that_is_jumped_to_drops_no_return_address)
{
	struct model m = model(1, 8);
	struct hook entry = hook(HOOK_FENTRY, "a", false), exit = hook(HOOK_FEXIT, "x", false);
	struct plan p;
	plan_make(&p, &m, &exit, 1, &jumped, 8);
	check_str("F0 s0 O0 R0 |0 c0 r0 U0 x0", steps(&p));
	check(p.by_jmp);
	check_eq(0, p.frame % 16);
	plan_make(&p, &m, &entry, 1, &jumped, 8);
	check_str("F0 s0 c0 l0 U0 x0", steps(&p));
	check(!p.by_jmp);
	check_eq(8, p.frame % 16);
}

TEST(plan_lets_a_hook_take_the_place_of_the_body)
{
	struct model m = model(1, 8);
	struct hook h[] = { hook(HOOK_FMOD_RET, "m", true), hook(HOOK_FENTRY, "a", false),
			    hook(HOOK_FMOD_RET, "n", false), hook(HOOK_FEXIT, "x", false) };
	struct plan p;
	plan_make(&p, &m, h, 4, &jumped, 8);
	check_str("F0 s0 00 c1 p0 ?0 c0 K0 .0 P0 j0 c2 K2 j0 l0 O0 R0 |0 c3 r0 U0 x0", steps(&p));
	m.ret_size = 0; /* even so there is a word that says whether the body is to run */
	plan_make(&p, &m, h, 1, &jumped, 8);
	check_str("F0 s0 00 p0 ?0 c0 K0 .0 P0 j0 l0 O0 |0 U0 x0", steps(&p));
	check_eq(8, p.ret);
}

TEST(plan_keeps_below_the_context_what_some_hook_reads)
{
	struct model m = model(2, 8);
	struct hook h[] = { hook(HOOK_FENTRY, "a", false), hook(HOOK_FENTRY, "b", false) };
	struct plan p;
	h[0].header_words = BELOW_COUNT;
	plan_make(&p, &m, h, 1, &called, 8);
	check_str("F0 s0 s1 n2 c0 l0 l1 U0 x0", steps(&p));
	check_eq(16, p.context);
	check_eq(24, p.frame);
	h[1].header_words = BELOW_COOKIE;
	plan_make(&p, &m, h, 2, &called, 8);
	check_str("F0 s0 s1 n2 i0 c0 k1 c1 l0 l1 U0 x0", steps(&p));
	check_eq(40, p.frame);
}

TEST(plan_gives_each_session_its_word)
{
	struct model m = model(1, 8);
	struct hook h[] = { hook(HOOK_FENTRY, "s", false), hook(HOOK_FEXIT, "s", false),
			    hook(HOOK_FENTRY, "t", false), hook(HOOK_FEXIT, "t", false) };
	struct plan p;
	for (u32 i = 0; i < 4; i++) {
		h[i].session = true;
		h[i].owner = &h[i / 2];
	}
	plan_make(&p, &m, h, 4, &jumped, 8);
	check_str("F0 s0 X0 X1 00 e0 c0 e2 c2 l0 O0 R0 |0 <1 c1 <3 c3 r0 U0 x0", steps(&p));
	check_eq(16, p.context);
	check_eq(16 + 8 * 4, p.session);
	check_eq(16 + 8 * 5, p.frame - 8);
}

TEST(plan_shows_no_foreign_word_as_the_value_of_a_void_function)
{
	struct model m = model(1, 0);
	struct hook h = hook(HOOK_FEXIT, "x", false);
	struct plan p;
	h.header_words = BELOW_COUNT; /* it may ask for the return value by bpf_get_func_ret */
	plan_make(&p, &m, &h, 1, &jumped, 8);
	check_str("F0 s0 n1 00 O0 |0 c0 U0 x0", steps(&p));
	check_eq(8, p.ret);
}

TEST(plan_of_hooks_that_may_sleep_leaves_preemption_on)
{
	struct model m = model(1, 0);
	struct hook h[] = { hook(HOOK_FENTRY, "a", true), hook(HOOK_FENTRY, "b", true),
			    hook(HOOK_FENTRY, "c", false) };
	struct plan p;
	h[1].may_sleep = h[2].may_sleep = true;
	plan_make(&p, &m, h, 3, &called, 8);
	check_str("F0 s0 p0 ?0 c0 .0 P0 m0 ?1 c1 .1 M0 c2 l0 U0 x0", steps(&p));
}

TEST(plan_looks_at_the_clock_only_while_statistics_are_on)
{
	struct model m = model(1, 0);
	struct hook h = hook(HOOK_FENTRY, "a", true);
	struct plan p;
	plan_make(&p, &m, &h, 1, &counted, 8);
	check_str("F0 s0 p0 ?0 t0 c0 T0 .0 P0 l0 U0 x0", steps(&p));
	check_eq(16, p.started);
}

TEST(plan_takes_38_hooks_and_refuses_39)
{
	struct model m = model(12, 16);
	struct hook h[39];
	struct plan p;
	for (u32 i = 0; i < 39; i++)
		h[i] = hook((enum hook_kind)(i % 3), "a", true);
	for (u32 i = 0; i < 39; i++) {
		h[i].header_words = BELOW_COOKIE;
		h[i].may_sleep = i % 2;
	}
	check_eq(OK, plan_make(&p, &m, h, 38, &counted, 8));
	check(p.count <= PLAN_STEPS);
	check_eq(E2BIG, plan_make(&p, &m, h, 39, &called, 8));
}

TEST(plan_steps_read_as_phrases)
{
	struct hook h = hook(HOOK_FENTRY, "my_wake_up", false);
	char text[80];
	struct strbuf s = STRBUF(text);
	step_print(&s, &(struct step){ STEP_CALL_HOOK, 0 }, &h);
	check_str("call my_wake_up", text);
	s = (struct strbuf)STRBUF(text);
	step_print(&s, &(struct step){ STEP_SAVE_SLOT, 3 }, &h);
	check_str("save argument slot 3", text);
}
