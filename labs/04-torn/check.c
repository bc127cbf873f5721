// SPDX-License-Identifier: MIT
// Lab 4: a function whose torn calls land on int3s, callers on all other CPUs, and a record of all writes.
#define LAB_LIMIT 2000
#include "labs/04-torn/torn.h"
#include "labs/lab.h"
#include "kernel/cpu/ipi.h"
#include "kernel/cpu/smp.h"
#include "kernel/lib/fmt.h"
#include "kernel/mem/text.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/timer.h"

/* victim(x) returns x + 1. 0x10900 bytes behind its first instruction are 16 programs that count their runs.
 * So a call of program i is e8 (16 i) 09 01 00, and each mixture of it with the nop 0f 1f 44 00 00 goes to an
 * int3 in between: +0x441f, +0x4400 + 16 i, +0x0900 + 16 i. */
enum { PROGRAMS = 16, FIRST_PROGRAM = 0x10900, MIXTURES = 3 };
u32 victim(u32 x);
extern const u8 victim_programs[];
u32 program_runs;
__asm__(".pushsection .text\n"
	".balign 16\n"
	"victim: .byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n"
	"leal 1(%rdi), %eax\n"
	"ret\n"
	".org victim + 5 + 0x10900, 0xcc\n"
	"victim_programs:\n"
	".set n, 0\n"
	".rept 16\n"
	".org victim_programs + 16 * n, 0xcc\n"
	"lock incl program_runs(%rip)\n"
	"ret\n"
	".set n, n + 1\n"
	".endr\n"
	".balign 16, 0xcc\n"
	".popsection");

static const u8 nop[SITE_LEN] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };
static u8 call[SITE_LEN];

static notrace uptr site(void)
{
	return (uptr)victim;
}

static void draw_call(void)
{
	i32 distance = FIRST_PROGRAM + 16 * (1 + (i32)lab_random(PROGRAMS - 1));
	call[0] = 0xe8;
	memcpy(call + 1, &distance, 4);
}

static notrace uptr torn_at(u32 written)
{
	u8 mixture[SITE_LEN];
	i32 distance;
	memcpy(mixture, nop, SITE_LEN);
	memcpy(mixture, call, written);
	memcpy(&distance, mixture + 1, 4);
	return site() + SITE_LEN + (uptr)(i64)distance;
}

static const char *hex_of(const u8 five[SITE_LEN])
{
	static char hex[2][20];
	static u32 next;
	struct strbuf s = STRBUF(hex[next++ % 2]);
	str_hex(&s, five, SITE_LEN, " ");
	return s.buf;
}

/* --- The other CPUs ------------------------------------------------------------------------------------- */

enum { MORE_CALLS = 3 };
static struct cpu_calls {
	u64 calls, wrong, traps, torn[MIXTURES + 1], elsewhere;
	bool running;
} cpus_calls[MAX_CPUS];
static bool stop_callers, callers_run;
static int poker; /* the CPU that pokes */

/* Pauses, so that eight of them do not take all the time of one CPU that emulates them. */
static int call_victim(void *arg)
{
	struct cpu_calls *c = arg;
	while (!read_once(stop_callers)) {
		if (victim(7) != 8)
			c->wrong++;
		write_once(c->calls, c->calls + 1);
		if (c->calls % 4 == 0)
			msleep(1);
	}
	write_once(c->running, false);
	return 0;
}

static void start_callers(void)
{
	poker = (int)smp_processor_id();
	memset(cpus_calls, 0, sizeof(cpus_calls));
	stop_callers = false;
	for (int cpu = 0; cpu < (int)cpu_count(); cpu++)
		if (cpu != poker) {
			cpus_calls[cpu].running = true;
			kthread_run(call_victim, &cpus_calls[cpu], cpu, "caller/%d", cpu);
		}
	callers_run = true;
	hold();
}

static void end_callers(void)
{
	callers_run = false;
	write_once(stop_callers, true);
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		while (read_once(cpus_calls[cpu].running))
			msleep(1);
}

/* --- What the student's code calls ---------------------------------------------------------------------- */

static char story[300]; /* writes and syncs, in their order */
static struct event {
	u32 at, len; /* len 0: a sync */
	u8 bytes[SITE_LEN];
} events[32];
static u32 event_count, holds;
static bool outside;
static void (*at_each_state)(void);

static void begin_story(void (*fn)(void))
{
	event_count = holds = 0;
	outside = false;
	story[0] = 0;
	at_each_state = fn;
}

static void note(struct event e)
{
	struct strbuf s = { .buf = story, .len = (u32)strlen(story), .cap = sizeof(story) };
	str_printf(&s, "%s", s.len ? "; " : "");
	if (e.len == 0) {
		str_puts(&s, "sync");
	} else {
		str_printf(&s, e.len > 1 ? "[%u..%u]=" : "[%u]=", e.at, e.at + e.len - 1);
		str_hex(&s, e.bytes, e.len, " ");
	}
	if (event_count < array_len(events))
		events[event_count++] = e;
	if (at_each_state)
		at_each_state();
}

void write_code(uptr addr, const u8 *bytes, u32 len)
{
	struct event e = { .at = (u32)(addr - site()), .len = len };
	if (addr < site() || len == 0 || len > SITE_LEN || addr + len > site() + SITE_LEN) {
		outside = true;
		return;
	}
	memcpy(e.bytes, bytes, len);
	text_patch(addr, bytes, len);
	note(e);
}

void sync_cpus(void)
{
	smp_sync_cores();
	note((struct event){ 0 });
}

void hold(void)
{
	holds++;
	for (int cpu = 0; callers_run && cpu < (int)cpu_count(); cpu++) {
		u64 before = read_once(cpus_calls[cpu].calls);
		while (cpu != poker && read_once(cpus_calls[cpu].calls) < before + MORE_CALLS)
			msleep(1);
	}
}

/* --- Every int3 ----------------------------------------------------------------------------------------- */

static trap_handler *usual;
static bool ask_mended; /* whether mended_trap is asked */
static u32 unclaimed;   /* int3s at the site that it did not take */

static notrace bool on_int3(struct pt_regs *regs)
{
	struct cpu_calls *c = &cpus_calls[smp_processor_id()];
	uptr addr = regs->ip - 1;
	u32 mixture = 1;
	if (ask_mended && mended_trap(regs)) {
		c->traps++;
		return true;
	}
	if (addr == site()) { /* go on, so that the report can be made */
		__atomic_fetch_add(&unclaimed, 1, __ATOMIC_RELAXED);
		regs->ip = site() + SITE_LEN;
		return true;
	}
	if (addr < site() || addr >= (uptr)victim_programs + 16 * PROGRAMS)
		return usual(regs);
	while (mixture <= MIXTURES && torn_at(mixture) != addr)
		mixture++;
	if (mixture <= MIXTURES)
		c->torn[mixture]++;
	else
		c->elsewhere++;
	regs->ip = *(uptr *)regs->sp; /* as the `ret` of a program */
	regs->sp += sizeof(uptr);
	return true;
}

static void begin(bool mended)
{
	draw_call();
	ask_mended = mended;
	unclaimed = program_runs = 0;
	usual = trap_set_handler(TRAP_BP, on_int3);
}

/* Whatever the student left there, the site holds the nop again. */
static void end(void)
{
	static const u8 int3 = 0xcc;
	ask_mended = false;
	text_patch(site(), &int3, 1);
	smp_sync_cores();
	text_patch(site() + 1, nop + 1, SITE_LEN - 1);
	smp_sync_cores();
	text_patch(site(), nop, 1);
	smp_sync_cores();
	msleep(1);
	trap_set_handler(TRAP_BP, usual);
}

/* --- The wrong way -------------------------------------------------------------------------------------- */

LAB_TEST(lab4_a_bytes)
{
	char want[200];
	struct strbuf s = STRBUF(want);
	begin(false);
	begin_story(NULL);
	lab_did("poke_by_bytes(victim, %s)", hex_of(call));
	poke_by_bytes(site(), call);
	end();
	for (u32 i = 0; i < SITE_LEN; i++)
		str_printf(&s, "%s[%u]=%02x", i ? "; " : "", i, call[i]);
	lab_want("%s; 5 holds", want);
	lab_got("%s; %u holds%s", story[0] ? story : "no write", holds,
		outside ? "; a write outside the site" : "");
	if (strcmp(want, story) || holds != SITE_LEN || outside)
		lab_fail();
}

LAB_TEST(lab4_b_torn)
{
	u32 cpus[MIXTURES + 1] = { 0 };
	begin(false);
	begin_story(NULL);
	start_callers();
	lab_did("poke_by_bytes(victim, %s) while %u CPUs call victim", hex_of(call), cpu_count() - 1);
	poke_by_bytes(site(), call);
	hold();
	end_callers();
	end();
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		for (u32 k = 1; k <= MIXTURES; k++)
			cpus[k] += cpus_calls[cpu].torn[k] > 0;
	u32 others = cpu_count() - 1;
	lab_want("CPUs that executed the mixture of 1, 2, 3 new bytes: %u, %u, %u", others, others, others);
	lab_got("%u, %u, %u", cpus[1], cpus[2], cpus[3]);
	if (cpus[1] != others || cpus[2] != others || cpus[3] != others)
		lab_fail();
}

LAB_TEST(lab4_a_predicted)
{
	draw_call();
	for (u32 round = 0; round < 20; round++) {
		u32 written = round % (SITE_LEN + 1);
		uptr addr = site(), want = written ? torn_at(written) : site() + SITE_LEN;
		lab_did("torn_target(%#lx, %s, %u)", addr, hex_of(call), written);
		if (!lab_eq(want, torn_target(addr, call, written), "the address"))
			return;
		for (u32 i = 1; i < SITE_LEN; i++) /* from here on any call, backwards too */
			call[i] = (u8)lab_random(256);
	}
}

/* --- The right way -------------------------------------------------------------------------------------- */

static void poke_alone(const u8 new[SITE_LEN], void (*fn)(void))
{
	begin_story(fn);
	lab_did("poke_mended(victim, %s), one CPU", hex_of(new));
	poke_mended(site(), new);
	at_each_state = NULL;
}

static bool story_is_bad(const char *want)
{
	lab_want("%s", want);
	lab_got("%s%s", story[0] ? story : "no write", outside ? "; a write outside the site" : "");
	lab_fail();
	return false;
}

/* The int3, then the tail in one write or several, then the first byte. */
static bool order_is_right(const u8 new[SITE_LEN])
{
	struct event writes[array_len(events)];
	u32 n = 0, tail = 0;
	for (u32 i = 0; i < event_count; i++)
		if (events[i].len)
			writes[n++] = events[i];
	if (n == 0 || outside || writes[0].at != 0 || writes[0].len != 1 || writes[0].bytes[0] != 0xcc)
		return story_is_bad("[0]=cc first, and nothing with it");
	for (u32 i = 1; i + 1 < n; i++) {
		if (writes[i].at == 0)
			return story_is_bad("no write to [0] before the tail is whole");
		tail += writes[i].len;
	}
	if (n < 3 || tail < SITE_LEN - 1)
		return story_is_bad("the tail [1..4] written between int3 and first byte");
	if (writes[n - 1].at != 0 || writes[n - 1].len != 1)
		return story_is_bad("[0] alone, last");
	return lab_bytes(new, (const void *)site(), SITE_LEN);
}

LAB_TEST(lab4_a_order)
{
	begin(false);
	poke_alone(call, NULL);
	if (order_is_right(call)) {
		poke_alone(nop, NULL);
		order_is_right(nop);
	}
	end();
}

LAB_TEST(lab4_a_syncs)
{
	u32 last_write = 0, syncs[3] = { 0 }; /* behind the int3, the tail, the first byte */
	begin(false);
	poke_alone(call, NULL);
	end();
	for (u32 i = 0; i < event_count; i++)
		if (events[i].len)
			last_write = i;
	for (u32 i = 0, phase = 0; i < event_count; i++) {
		if (events[i].len)
			phase = i == last_write ? 2 : events[i].at ? 1 : 0;
		else
			syncs[phase]++;
	}
	if (!syncs[0])
		story_is_bad("a sync between the int3 and the tail: before it, a CPU may still be inside the "
			     "old bytes");
	else if (!syncs[1])
		story_is_bad(
		    "a sync between the tail and the first byte: before it, a CPU may see the old tail");
	else if (!syncs[2])
		story_is_bad("a sync behind the first byte: before it, a CPU may still trap");
}

/* From the first write on the function does what the new bytes say. */
static u32 want_runs;
static const char *state_is_wrong;

static notrace void call_now(void)
{
	u32 before = program_runs;
	if (victim(7) != 8)
		state_is_wrong = "victim(7) returned another number than 8";
	else if (unclaimed)
		state_is_wrong = "mended_trap returned false";
	else if (program_runs - before != want_runs)
		state_is_wrong = "the program did not run as the new bytes say";
	if (!state_is_wrong)
		return;
	at_each_state = NULL;
	lab_did("poke_mended(victim, %s), and victim(7) after: %s", hex_of(want_runs ? call : nop), story);
	lab_want("8, and %u run%s of the program", want_runs, want_runs == 1 ? "" : "s");
	lab_got("%s", state_is_wrong);
	lab_fail();
}

LAB_TEST(lab4_a_handler)
{
	state_is_wrong = NULL;
	begin(true);
	want_runs = 1;
	poke_alone(call, call_now);
	want_runs = 0;
	if (!lab_failed())
		poke_alone(nop, call_now);
	end();
}

static notrace void hit_foreign(void)
{
	void (*foreign)(void) = (void *)torn_at(1);
	u64 before = cpus_calls[smp_processor_id()].torn[1];
	foreign();
	if (cpus_calls[smp_processor_id()].torn[1] == before)
		lab_ok(false, "false from mended_trap, for an int3 that is not at the site");
}

LAB_TEST(lab4_a_foreign)
{
	static const u8 int3 = 0xcc;
	begin(true);
	lab_did("an int3 elsewhere, while poke_mended is in progress");
	poke_alone(call, hit_foreign);
	poke_alone(nop, NULL);
	unclaimed = 0;
	lab_did("an int3 at the site, of another owner, when poke_mended has returned");
	text_patch(site(), &int3, 1);
	smp_sync_cores();
	victim(7);
	lab_ok(unclaimed == 1, "false from mended_trap");
	end();
}

LAB_TEST(lab4_b_mended)
{
	u64 torn = 0, wrong = 0, trapped = 0;
	begin(true);
	start_callers();
	for (u32 i = 0; i < 4; i++) {
		begin_story(hold);
		poke_mended(site(), i % 2 ? nop : call);
	}
	at_each_state = NULL;
	end_callers();
	end();
	for (u32 cpu = 0; cpu < cpu_count(); cpu++) {
		struct cpu_calls *c = &cpus_calls[cpu];
		torn += c->torn[1] + c->torn[2] + c->torn[3] + c->elsewhere;
		wrong += c->wrong;
		trapped += c->traps > 0;
	}
	u32 others = cpu_count() - 1;
	lab_did("poke_mended to %s and back, twice, while %u CPUs call victim", hex_of(call), others);
	lab_want("0 torn executions, 0 wrong results, 0 int3s without an owner, int3s taken by %u CPUs",
		 others);
	lab_got("%llu, %llu, %u, %llu", torn, wrong, unclaimed, trapped);
	if (torn || wrong || unclaimed || trapped != others)
		lab_fail();
}
