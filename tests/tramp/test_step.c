// SPDX-License-Identifier: MIT
// A task goes through code by single steps and is stopped at one instruction, with interrupts on, as if it
// had been interrupted there. Then another task changes the code.
#include "tests/test.h"
#include "kernel/cpu/cpu.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "kernel/sched/sched.h"
#include "kernel/cpu/smp.h"
#include "kernel/sched/task.h"
#include "kernel/mem/text.h"
#include "kernel/cpu/trap.h"
#include "tramp/text/poke.h"
#include "tramp/tramp.h"

/* The function stepped through, and what it may be poked to. */
traceable u32 tv_stepped(u32 x)
{
	return x + 1;
}
static __attribute__((noipa)) notrace u32 step_replacement(u32 x)
{
	return x + 1000;
}
extern const u8 step_call_a[], step_call_b[];
static u32 calls_a, calls_b;
__asm__(".pushsection .text\n"
	"step_call_a: incl calls_a(%rip)\n"
	"ret\n"
	"step_call_b: incl calls_b(%rip)\n"
	"ret\n"
	".popsection");

static struct walker {
	struct task_struct *task;
	uptr low, high; /* instructions are counted that lie in here; 0, 0: all */
	u32 stop_at;
	u32 counted, torn;
	uptr stopped_ip;
	u32 answer;
	bool stopped, released, finished;
} walker;

static bool counts(uptr ip)
{
	return walker.high ? ip - walker.low < walker.high - walker.low : true;
}

/* Vector 1: an instruction has ended, and regs->ip is the next. */
static bool stepped(struct pt_regs *regs)
{
	uptr in_site = regs->ip - (uptr)tv_stepped;
	if (current != walker.task)
		return false;
	if (!(regs->flags & FLAGS_TF)) /* behind the popfq that ends it */
		return true;
	walker.torn += in_site > 0 && in_site < SITE_LEN;
	if (!counts(regs->ip) || walker.counted++ != walker.stop_at)
		return true;
	walker.stopped_ip = regs->ip;
	write_once(walker.stopped, true);
	irqs_on();
	while (!read_once(walker.released))
		yield();
	irqs_off();
	return true;
}

static notrace __attribute__((noinline)) u32 run_stepped(u32 x)
{
	u32 (*fn)(u32) = tv_stepped;
	u32 ret;
	__asm__ volatile("pushfq; orq %2, (%%rsp); popfq\n\t"
			 "call *%1\n\t"
			 "pushfq; andq %3, (%%rsp); popfq"
			 : "=&a"(ret), "+r"(fn)
			 : "i"(FLAGS_TF), "i"(~FLAGS_TF), "D"(x)
			 : "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory", "cc");
	return ret;
}

static int walk_once(unused void *arg)
{
	write_once(walker.task, current); /* for stepped, of which the compiler knows nothing */
	walker.answer = run_stepped(7);
	write_once(walker.task, NULL);
	write_once(walker.finished, true);
	return 0;
}

/* Waits until it has stopped. Returns false if it came to the end instead. */
static bool walk_until(u32 stop_at, uptr low, uptr high)
{
	walker = (struct walker){ .stop_at = stop_at, .low = low, .high = high };
	calls_a = calls_b = 0;
	if (!check(kthread_run(walk_once, NULL, (int)cpu_count() - 1, "walker")))
		return false;
	while (!read_once(walker.stopped) && !read_once(walker.finished))
		yield();
	return !read_once(walker.finished);
}

static void let_it_finish(void)
{
	write_once(walker.released, true);
	while (!read_once(walker.finished))
		yield();
}

/* --- A site ------------------------------------------------------------------------------------ */

enum kind { NOP, CALL_A, CALL_B, JMP, KINDS };

static void make_bytes(u8 bytes[SITE_LEN], enum kind kind)
{
	uptr at = (uptr)tv_stepped;
	switch (kind) {
	case NOP: poke_make_nop(bytes); return;
	case CALL_A: poke_make_call(bytes, at, (uptr)step_call_a); return;
	case CALL_B: poke_make_call(bytes, at, (uptr)step_call_b); return;
	default: poke_make_jmp(bytes, at, (uptr)step_replacement);
	}
}

static void change(enum kind from, enum kind to)
{
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	struct poke p = { .addr = (uptr)tv_stepped };
	make_bytes(p.old, from);
	make_bytes(p.new, to);
	if (!check_eq(OK, poke_batch(&p, 1, &log)))
		kprintf("     %s\n", text);
}

static u32 release_at;

static void release(u32 step)
{
	if (step == release_at)
		let_it_finish();
}

/* The walker stops at an instruction before the change, and goes on after one of its steps, to the end. */
static bool walk_through_change(enum kind from, enum kind to, u32 stop_at, u32 step)
{
	enum kind done = from;
	if (!walk_until(stop_at, 0, 0))
		return false;
	/* The first stop is at the site itself: it executes what the site holds later. */
	if (stop_at == 0)
		check_eq((uptr)tv_stepped, walker.stopped_ip);
	if (stop_at == 0 && step >= 3)
		done = to;
	release_at = step;
	poke_observe(release);
	change(from, to);
	poke_observe(NULL);
	change(to, from);
	check_eq(0, walker.torn);
	check_eq(done == JMP ? 1007 : 8, walker.answer);
	check_eq(done == CALL_A, calls_a);
	check_eq(done == CALL_B, calls_b);
	return true;
}

TEST(step_a_cpu_stopped_at_any_instruction_goes_on_right_at_any_step_of_a_poke)
{
	u32 walks = 0;
	trap_handler *usual = trap_set_handler(TRAP_DB, stepped);
	for (enum kind from = NOP; from < KINDS; from++) {
		for (enum kind to = NOP; to < KINDS; to++) {
			bool more = from != to;
			if (more && from != NOP)
				change(NOP, from);
			for (u32 stop_at = 0; more; stop_at++)
				for (u32 step = 1; step <= 7 && more; step++, walks++)
					more = walk_through_change(from, to, stop_at, step);
			if (from != to && from != NOP)
				change(from, NOP);
		}
	}
	trap_set_handler(TRAP_DB, usual);
	kprintf("     %u walks\n", walks);
	check(walks > 12 * 7 * 4);
}

/* --- An image ---------------------------------------------------------------------------------- */

static u32 hook_users, hook_runs;

static u64 count_run(unused const u64 *context)
{
	hook_runs++;
	return 0;
}

static const struct hook hooks[] = {
	{ .kind = HOOK_FENTRY,
	  .code = (uptr)count_run,
	  .name = "entry",
	  .owner = &hook_users,
	  .users = &hook_users },
	{ .kind = HOOK_FEXIT,
	  .code = (uptr)count_run,
	  .name = "exit",
	  .owner = &hook_users,
	  .users = &hook_users },
};

static void attach_hooks(struct site *site, u32 first, u32 count)
{
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	tramp_lock();
	if (!check_eq(OK, tramp_add(&site, 1, hooks + first, count, &log)))
		kprintf("     %s\n", text);
	tramp_unlock();
}

static void detach_hooks(struct site *site)
{
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	tramp_lock();
	check_eq(OK, tramp_remove(&site, 1, &hook_users, &log));
	tramp_unlock();
}

/* A block that would get the place of the image, if that were free. */
static struct text others[8];

static void use_free_text(void)
{
	for (u32 i = 0; i < array_len(others); i++)
		check_eq(OK, text_alloc(&others[i], 128));
}

static void free_others(void)
{
	for (u32 i = 0; i < array_len(others); i++)
		text_free(&others[i]);
}

/* The walker stops at an instruction of the image, which is then retired. */
static bool walk_through_image(struct site *site, u32 first, u32 count, u32 stop_at)
{
	u8 code[16];
	attach_hooks(site, first, count);
	const struct text *text = &site->tramp->image->text;
	uptr low = text->base, high = low + text->len;
	bool stopped = walk_until(stop_at, low, high);
	memcpy(code, (const void *)low, sizeof(code));
	detach_hooks(site);
	if (stopped) {
		check(image_reap() > 0);
		use_free_text();
		check_eq(0, memcmp(code, (const void *)low, sizeof(code)));
		let_it_finish();
		free_others();
	}
	check_eq(8, walker.answer);
	check_eq(0, image_reap());
	check_eq(0, hook_users);
	check_eq(0xcc, *(const u8 *)low);
	return stopped;
}

static void walk_through_all_of_image(u32 first, u32 count)
{
	struct site *site = site_named("tv_stepped");
	trap_handler *usual = trap_set_handler(TRAP_DB, stepped);
	u32 stops = 0;
	while (walk_through_image(site, first, count, stops))
		stops++;
	trap_set_handler(TRAP_DB, usual);
	kprintf("     stopped at each of %u instructions\n", stops);
	check(stops > 5);
}

/* "Image reused under a preempted task": the half page of 2020. */
TEST(step_image_outlives_a_task_preempted_at_any_of_its_instructions)
{
	walk_through_all_of_image(0, 1);
}

TEST(step_image_with_an_exit_outlives_a_task_preempted_at_any_of_its_instructions)
{
	walk_through_all_of_image(1, 1);
}
