// SPDX-License-Identifier: MIT
// tramp/kprobe: probes at any instruction, by int3 and by jump.
#include "tests/test.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/lib/x86.h"
#include "kernel/io/print.h"
#include "kernel/sched/sched.h"
#include "kernel/cpu/ipi.h"
#include "kernel/cpu/smp.h"
#include "kernel/mem/sym.h"
#include "kernel/mem/text.h"
#include "kernel/net/traffic.h"
#include "kernel/cpu/trap.h"
#include "tramp/image.h"
#include "tramp/kprobe/displaced.h"
#include "tramp/kprobe/kprobe.h"
#include "tramp/text/poke.h"
#include "tramp/text/site.h"
#include "tramp/tramp.h"

/* --- Functions to probe ---------------------------------------------------------------------------- */

static u64 kp_word = 0x1234;

/* Every kind of instruction that a kprobe must treat specially, and some others.
 * The result depends on all of them. */
traceable u64 tv_kp_kinds(u64 a, u64 b)
{
	u64 result = a;
	char from[24] = "twenty-three characters", to[24] = "";
	__asm__ volatile("pushq %%rbp\n\t"
			 "leaq %[word], %%rax\n\t"
			 "addq (%%rax), %[r]\n\t"
			 "addq %[word], %[r]\n\t"
			 "cmpq $5, %[word]\n\t"
			 "je 1f\n\t"
			 "addq $1, %[r]\n\t"
			 "1: jne 2f\n\t"
			 "int3\n\t"
			 "2: jmp 3f\n\t"
			 "int3\n\t"
			 "3: .byte 0xe9, 1, 0, 0, 0\n\t"
			 "int3\n\t"
			 ".byte 0x0f, 0x85, 1, 0, 0, 0\n\t" /* jne, long */
			 "int3\n\t"
			 ".byte 0x0f, 0x84, 0, 0, 0, 0\n\t" /* je, long */
			 "movl $4, %%ecx\n\t"
			 "4: imulq $3, %[r], %[r]\n\t"
			 "loop 4b\n\t"
			 "movl $9, %%ecx\n\t"
			 "5: addq %%rcx, %[r]\n\t"
			 "cmpl $7, %%ecx\n\t"
			 "loopne 5b\n\t"
			 "6: cmpl %%ecx, %%ecx\n\t"
			 "loope 6b\n\t"
			 "jrcxz 7f\n\t"
			 "int3\n\t"
			 "7: incq %%rcx\n\t"
			 "jrcxz 6b\n\t"
			 "call 8f\n\t"
			 "leaq 8f(%%rip), %%rax\n\t"
			 "call *%%rax\n\t"
			 "leaq 9f(%%rip), %%rax\n\t"
			 "jmp *%%rax\n\t"
			 "8: addq $100, %[r]\n\t"
			 "ret\n\t"
			 "9: pushq $55\n\t"
			 "call 10f\n\t"
			 "jmp 11f\n\t"
			 "10: addq 8(%%rsp), %[r]\n\t"
			 "ret $8\n\t"
			 "11: pause\n\t"
			 "xchgq %%rax, %%r8\n\t"
			 "stc\n\t"
			 "pushfq\n\t"
			 "cli\n\t"
			 "pushfq\n\t"
			 "popq %%rax\n\t"
			 "popfq\n\t"
			 "adcq %%rax, %[r]\n\t" /* IF is clear, and with it TF must be */
			 "cli\n\t"
			 "sti\n\t"
			 "pushfq\n\t"
			 "popq %%rax\n\t"
			 "addq %%rax, %[r]\n\t"
			 "cld\n\t"
			 "movl $23, %%ecx\n\t"
			 "rep movsb\n\t"
			 "xorl %%eax, %%eax\n\t"
			 "lock cmpxchgq %%rcx, %[word]\n\t"
			 "setne %%al\n\t"
			 "addq %%rax, %[r]\n\t"
			 "pushq %[word]\n\t"
			 "popq %%rax\n\t"
			 "addq %%rax, %[r]\n\t"
			 "movl %%cs, %%eax\n\t"
			 "addq %%rax, %[r]\n\t"
			 "movq %%gs:0, %%rax\n\t"
			 "testq %%rax, %%rax\n\t"
			 "cmoveq %%rax, %[r]\n\t"
			 "popq %%rbp\n\t"
			 : [r] "+r"(result), "+S"((u64){ (uptr)from }), "+D"((u64){ (uptr)to })
			 : [word] "m"(kp_word)
			 : "rax", "rcx", "r8", "memory", "cc");
	return result + b + strlen(to);
}

struct kp_call {
	u64 x;
	u32 hooked;
};
traceable u64 tv_kp_called(struct kp_call *c)
{
	return c->x * 3 + c->hooked;
}

/* Two instructions that find_insn knows, and the flags behind them. */
traceable u64 tv_kp_flags(u64 a)
{
	u64 flags;
	__asm__ volatile("xorl %%eax, %%eax\n\t"
			 "stc\n\t"
			 "movl $0x11223344, %%ecx\n\t"
			 "movl $0x55667788, %%edx\n\t"
			 "pushfq\n\t"
			 "popq %0\n\t"
			 : "=r"(flags)
			 :
			 : "rax", "rcx", "rdx", "cc");
	return a + flags;
}

/* A jump leads to behind the marked instruction. */
traceable u64 tv_kp_jumped_into(u64 a)
{
	__asm__ volatile("movb $0x44, %%cl\n"
			 "1: incq %0\n\t"
			 "testb $1, %b0\n\t"
			 "jne 1b\n\t"
			 : "+r"(a)
			 :
			 : "rcx", "cc");
	return a;
}

/* --- Helpers --------------------------------------------------------------------------------------- */

static u64 hits;

static notrace void count_probe(struct kprobe *p unused, struct pt_regs *regs unused)
{
	__atomic_fetch_add(&hits, 1, __ATOMIC_RELAXED);
}

static struct kprobe probe_at(uptr addr)
{
	return (struct kprobe){ .addr = addr, .name = "test", .pre_handler = count_probe };
}

static enum err probe_on(struct kprobe *p, enum kprobe_how how)
{
	char text[240] = "";
	struct strbuf log = STRBUF(text);
	enum err e = register_kprobe(p, how, &log);
	if (e)
		kprintf("     0x%lx: %s\n", p->addr, text);
	return e;
}

static void refused(enum err want, struct kprobe p, enum kprobe_how how, const char *pattern)
{
	char text[240] = "";
	struct strbuf log = STRBUF(text);
	check_eq(want, register_kprobe(&p, how, &log));
	if (!check(str_matches(text, pattern)))
		kprintf("     it says: %s\n", text);
}

/* A function as it is without probes, and its instructions. */
enum { MAX_BYTES = 2048, MAX_INSNS = 512 };
struct body {
	struct sym func;
	u8 bytes[MAX_BYTES];
	uptr insns[MAX_INSNS];
	u32 count;
};

static bool read_body(struct body *b, const char *name)
{
	if (!sym_named(name, &b->func) || b->func.len > MAX_BYTES)
		return check(!"a function to probe");
	memcpy(b->bytes, (const void *)b->func.addr, b->func.len);
	b->count = 0;
	for (u32 at = SITE_LEN; at < b->func.len;) {
		struct x86_insn in;
		u32 len = x86_decode(&in, b->bytes + at, b->func.len - at);
		if (!check(len && b->count < MAX_INSNS))
			return false;
		b->insns[b->count++] = b->func.addr + at;
		at += len;
	}
	return true;
}

/* The instruction of a function that begins with these two bytes; 0, and a failure, if it has none. */
static uptr find_insn(const char *name, u8 first, u8 second)
{
	static struct body b;
	if (!read_body(&b, name))
		return 0;
	for (u32 i = 0; i < b.count; i++) {
		const u8 *at = b.bytes + (b.insns[i] - b.func.addr);
		if (at[0] == first && at[1] == second)
			return b.insns[i];
	}
	check(!"the instruction that is looked for");
	return 0;
}

/* movl $0x11223344, %ecx, and movb $0x44, %cl */
static uptr flags_insn(void)
{
	return find_insn("tv_kp_flags", 0xb9, 0x44);
}
static uptr jumped_into_insn(void)
{
	return find_insn("tv_kp_jumped_into", 0xb1, 0x44);
}

static void check_unchanged(const struct body *b)
{
	if (!check(memcmp(b->bytes, (const void *)b->func.addr, b->func.len) == 0))
		kprintf("     %s has changed\n", b->func.name);
}

static struct body body;
static struct kprobe probes[4 * MAX_INSNS];

/* Registers a probe on each instruction that can have one. Returns their count. */
static u32 probe_all(const struct body *b, struct kprobe *p, enum kprobe_how how)
{
	char text[240];
	u32 count = 0;
	for (u32 i = 0; i < b->count; i++) {
		struct strbuf log = STRBUF(text);
		p[count] = probe_at(b->insns[i]);
		enum err e = register_kprobe(&p[count], how, &log);
		count += e == OK;
		check(e == OK || e == EOPNOTSUPP);
	}
	return count;
}

/* Waits until retired memory is freed: when no CPU and no task is inside any more. */
static void wait_reaped(void)
{
	for (u32 i = 0; i < 500 && (kprobe_reap() || image_reap()); i++)
		msleep(2);
	check_eq(0, kprobe_reap());
	check_eq(0, image_reap());
}

/* --- Emulation ------------------------------------------------------------------------------------- */

static struct text scratch_text = { .name = "kprobe_test" };

/* u64 f(u64 flags, u64 unused1, u64 unused2, u64 rcx): 1 if the two-byte branch is taken. */
static u64 (*make_branch(u8 opcode))(u64, u64, u64, u64)
{
	u8 buf[64];
	struct code c = { .buf = buf, .cap = sizeof(buf) };
	mov_ri32(&c, RAX, 1);
	push(&c, RDI);
	popf(&c);
	put(&c, opcode | 2 << 8, 2);
	mov_rr8(&c, RAX, RAX); /* two bytes, replaced by xor below */
	buf[c.len - 2] = 0x31;
	buf[c.len - 1] = 0xc0;
	ret(&c);
	text_write(scratch_text.base, buf, c.len);
	smp_sync_cores();
	return (void *)scratch_text.base;
}

static bool emulated_taken(u8 opcode, u64 flags, u64 rcx)
{
	const u8 bytes[2] = { opcode, 0x10 };
	char text[80];
	struct strbuf log = STRBUF(text);
	struct displaced d;
	struct pt_regs regs = { .ip = 0x1000, .flags = flags, .cx = rcx };
	check_eq(OK, displaced_prepare(&d, bytes, 2, 0x1000, &log));
	check(displaced_run(&d, 0, &regs));
	check(regs.ip == 0x1002 || regs.ip == 0x1012);
	check_eq(flags, regs.flags);
	return regs.ip == 0x1012;
}

/* Linux 8924779df820: JNG and JNLE were emulated wrong. */
TEST(kprobe_every_condition_with_every_combination_of_flags)
{
	static const u32 bits[] = { 1, 4, 0x40, 0x80, 0x800 }; /* CF PF ZF SF OF */
	require(text_alloc(&scratch_text, 64) == OK);
	for (u32 cc = 0; cc < 16; cc++) {
		u64 (*real)(u64, u64, u64, u64) = make_branch((u8)(0x70 + cc));
		for (u32 set = 0; set < 32; set++) {
			u64 flags = 0x202;
			for (u32 i = 0; i < 5; i++)
				flags |= set >> i & 1 ? bits[i] : 0;
			check_eq(real(flags, 0, 0, 0), emulated_taken((u8)(0x70 + cc), flags, 0));
		}
	}
	text_free(&scratch_text);
}

TEST(kprobe_every_loop_with_every_count_and_flag)
{
	require(text_alloc(&scratch_text, 64) == OK);
	for (u32 opcode = 0xe0; opcode <= 0xe3; opcode++) {
		u64 (*real)(u64, u64, u64, u64) = make_branch((u8)opcode);
		for (u64 rcx = 0; rcx < 4; rcx++)
			for (u32 zf = 0; zf <= 0x40; zf += 0x40)
				check_eq(real(0x202 | zf, 0, 0, rcx),
					 emulated_taken((u8)opcode, 0x202 | zf, rcx));
	}
	text_free(&scratch_text);
}

/* --- By int3 --------------------------------------------------------------------------------------- */

TEST(kprobe_on_each_kind_of_instruction_alone)
{
	u64 want = tv_kp_kinds(7, 9);
	u32 count = 0;
	require(read_body(&body, "tv_kp_kinds"));
	for (u32 i = 0; i < body.count; i++) {
		hits = 0;
		if (probe_all(&(struct body){ .func = body.func, .insns = { body.insns[i] }, .count = 1 },
			      probes, KPROBE_INT3) == 0)
			continue;
		count++;
		if (!check_eq(want, tv_kp_kinds(7, 9)))
			kprintf("     probed at +0x%lx\n", body.insns[i] - body.func.addr);
		check(hits > 0);
		unregister_kprobe(&probes[0]);
		check_unchanged(&body);
	}
	check(count > 60);
}

TEST(kprobe_on_all_instructions_at_once)
{
	u64 want = tv_kp_kinds(7, 9);
	u32 bytes, blocks, bytes_after, blocks_after;
	wait_reaped();
	text_usage(&bytes, &blocks);
	require(read_body(&body, "tv_kp_kinds"));
	hits = 0;
	u32 count = probe_all(&body, probes, KPROBE_INT3);
	for (u32 i = 0; i < 10; i++)
		check_eq(want, tv_kp_kinds(7, 9));
	check(hits > 10 * 60);
	for (u32 i = 0; i < count; i++)
		check_eq(0, probes[i].missed);
	for (u32 i = 0; i < count; i++)
		unregister_kprobe(&probes[i]);
	check_unchanged(&body);
	check_eq(want, tv_kp_kinds(7, 9));
	wait_reaped();
	text_usage(&bytes_after, &blocks_after);
	check_eq(bytes, bytes_after);
	check_eq(blocks, blocks_after);
}

static struct pt_regs seen_regs;

static notrace void keep_regs(struct kprobe *p unused, struct pt_regs *regs)
{
	seen_regs = *regs;
	hits++;
}

static notrace void change_regs(struct kprobe *p unused, struct pt_regs *regs)
{
	regs->di += 1000;
	regs->ip = 0; /* means nothing */
}

/* The same for both ways to get there. */
static void sees_and_changes(enum kprobe_how how)
{
	struct kprobe see = { .symbol = "tv_kp_flags", .offset = SITE_LEN, .pre_handler = keep_regs };
	struct kprobe change = { .symbol = "tv_kp_flags", .offset = SITE_LEN, .pre_handler = change_regs };
	u64 want = tv_kp_flags(42);
	uptr sp = (uptr)__builtin_frame_address(0);
	hits = 0;
	require(probe_on(&see, how) == OK);
	require(probe_on(&change, how) == OK);
	check_eq(how, kprobe_how(&see));
	check_eq(want + 1000, tv_kp_flags(42));
	check_eq(1, hits);
	check_eq(see.addr, seen_regs.ip);
	check_eq(42, seen_regs.di);
	check_eq(KERNEL_CS, seen_regs.cs);
	check_eq(KERNEL_DS, seen_regs.ss);
	check(seen_regs.flags & 0x200);
	check(seen_regs.sp < sp && seen_regs.sp > sp - 4096);
	struct sym caller;
	check(sym_at(*(uptr *)seen_regs.sp, &caller) && str_matches(caller.name, "sees_and_changes"));
	unregister_kprobe(&change);
	check_eq(want, tv_kp_flags(42));
	unregister_kprobe(&see);
	check_eq(2, hits);
	check_eq(want, tv_kp_flags(42));
	check_eq(2, hits);
	wait_reaped();
}

TEST(kprobe_by_int3_sees_and_changes_registers)
{
	sees_and_changes(KPROBE_INT3);
}

/* No CPU and no task is inside, so the memory need not wait for the next change. */
TEST(kprobe_by_jump_gives_its_memory_back_when_it_goes)
{
	struct kprobe p = probe_at(flags_insn());
	u64 bytes, bytes_after, allocations;
	u32 text, text_after, blocks;

	wait_reaped();
	heap_usage(&bytes, &allocations);
	text_usage(&text, &blocks);
	require(probe_on(&p, KPROBE_JUMP) == OK);
	unregister_kprobe(&p);
	heap_usage(&bytes_after, &allocations);
	text_usage(&text_after, &blocks);
	check(bytes_after <= bytes); /* what other tests left may have been freed meanwhile */
	check(text_after <= text);
}

TEST(kprobe_by_jump_sees_and_changes_registers)
{
	sees_and_changes(KPROBE_JUMP);
}

static u32 order[4], order_len;

static notrace void note_order(struct kprobe *p, struct pt_regs *regs unused)
{
	order[order_len++ % 4] = (u32)(uptr)p->private;
}

TEST(kprobe_several_on_one_instruction_share_it)
{
	struct kprobe p[3];
	uptr addr = flags_insn();
	require(read_body(&body, "tv_kp_flags"));
	for (u32 i = 0; i < 3; i++) {
		p[i] = probe_at(addr);
		p[i].pre_handler = note_order;
		p[i].private = (void *)(uptr)i;
		require(probe_on(&p[i], KPROBE_INT3) == OK);
	}
	order_len = 0;
	tv_kp_flags(1);
	check_eq(3, order_len);
	check(order[0] == 0 && order[1] == 1 && order[2] == 2);
	unregister_kprobe(&p[1]);
	order_len = 0;
	tv_kp_flags(1);
	check_eq(2, order_len);
	check(order[0] == 0 && order[1] == 2);
	unregister_kprobe(&p[0]);
	unregister_kprobe(&p[2]);
	check_unchanged(&body);
}

static notrace void call_again(struct kprobe *p unused, struct pt_regs *regs unused)
{
	hits++;
	tv_kp_flags(5);
}

TEST(kprobe_hit_by_its_own_handler_is_missed)
{
	for (enum kprobe_how how = KPROBE_INT3; how <= KPROBE_JUMP; how++) {
		struct kprobe p = probe_at(flags_insn());
		u64 want = tv_kp_flags(3);
		p.pre_handler = call_again;
		hits = 0;
		require(probe_on(&p, how) == OK);
		check_eq(want, tv_kp_flags(3));
		check_eq(1, hits);
		check_eq(1, p.missed);
		unregister_kprobe(&p);
	}
	wait_reaped();
}

TEST(kprobe_refuses_with_a_reason)
{
	struct sym func;
	require(sym_named("tv_kp_flags", &func));
	refused(ENOENT, (struct kprobe){ .symbol = "no_such_function" }, KPROBE_AUTO,
		"no function is called *");
	refused(ENOENT, probe_at(5), KPROBE_AUTO, "0x5 lies in no function");
	refused(EOPNOTSUPP, (struct kprobe){ .symbol = "memcpy", .offset = 5 }, KPROBE_AUTO, "*notrace*");
	refused(EOPNOTSUPP, (struct kprobe){ .symbol = "context_switch", .offset = 5 }, KPROBE_AUTO, "*");
	refused(EOPNOTSUPP, (struct kprobe){ .symbol = "tv_twice" }, KPROBE_AUTO,
		"tv_twice cannot be traced: two functions have this name");
	refused(EINVAL, probe_at(func.addr + 3), KPROBE_AUTO, "the first 5 bytes are the site's*");
	refused(EINVAL, probe_at(func.addr), KPROBE_INT3, "the entry is the site's*");
	refused(EINVAL, probe_at(flags_insn() + 1), KPROBE_AUTO, "*not the beginning of an instruction");
	refused(EINVAL, probe_at(flags_insn()), KPROBE_FTRACE, "ftrace has only*");
	refused(EINVAL, (struct kprobe){ .symbol = "tv_kp_flags", .offset = 100000 }, KPROBE_AUTO,
		"*only*bytes");
}

TEST(kprobe_undoes_everything_when_memory_runs_out)
{
	char text[200];
	u64 before, after, allocations;
	u32 failures = 0;
	struct kprobe p = probe_at(flags_insn());
	wait_reaped();
	require(read_body(&body, "tv_kp_flags"));
	heap_usage(&before, &allocations);
	for (u32 nth = 1; nth < 50; nth++) {
		struct strbuf log = STRBUF(text);
		heap_fail_after(nth);
		enum err e = register_kprobe(&p, KPROBE_JUMP, &log);
		heap_fail_after(0);
		if (e == OK)
			break;
		failures++;
		require(e == ENOMEM);
		check_unchanged(&body);
		wait_reaped();
		heap_usage(&after, &allocations);
		check(after <= before); /* what other tests left may have been freed meanwhile */
	}
	check(failures >= 4);
	unregister_kprobe(&p);
	wait_reaped();
	heap_usage(&after, &allocations);
	check(after <= before);
}

static u32 asked;

/* As a probe that another CPU arms between two questions. */
static notrace bool owns_at_second_look(struct pt_regs *regs unused)
{
	return asked++ == 1;
}

TEST(kprobe_that_comes_between_two_looks_is_found)
{
	static const u8 bytes[] = { 0xcc, 0x90 };
	struct pt_regs regs = { .ip = (uptr)bytes + 1 };
	asked = 0;
	preempt_disable();
	trap_handler *owner = poke_set_foreign(owns_at_second_look),
		     *handler = trap_set_handler(TRAP_BP, NULL);
	bool taken = handler(&regs);
	trap_set_handler(TRAP_BP, handler);
	poke_set_foreign(owner);
	preempt_enable();
	check(taken);
	check_eq(2, asked);
}

/* An int3 of no owner: the handler refuses it, and the dispatcher would panic. */
TEST(kprobe_leaves_a_foreign_int3_alone)
{
	static const u8 bytes[] = { 0xcc, 0x90 };
	struct pt_regs regs = { .ip = (uptr)bytes + 1 };
	trap_handler *handler = trap_set_handler(TRAP_BP, NULL);
	bool taken = handler(&regs);
	trap_set_handler(TRAP_BP, handler);
	check(!taken);
	check_eq((uptr)bytes + 1, regs.ip);
}

/* --- By jump --------------------------------------------------------------------------------------- */

TEST(kprobe_jump_says_why_not)
{
	require(read_body(&body, "tv_kp_kinds"));
	refused(EOPNOTSUPP, probe_at(jumped_into_insn()), KPROBE_JUMP, "*the jump at +0x* leads to among *");
	refused(EOPNOTSUPP, probe_at(body.insns[0]), KPROBE_JUMP, "*indirect jump at*");
	refused(EOPNOTSUPP, probe_at(body.insns[body.count - 1]), KPROBE_JUMP, "*");
	check_unchanged(&body);
	struct kprobe p = probe_at(jumped_into_insn());
	require(probe_on(&p, KPROBE_AUTO) == OK);
	check_eq(KPROBE_INT3, kprobe_how(&p));
	check(str_matches(kprobe_why_no_jump(&p), "*the jump at*"));
	unregister_kprobe(&p);
}

TEST(kprobe_jump_yields_to_a_probe_inside)
{
	struct kprobe first = probe_at(0), inside = probe_at(0);
	struct kp_call call = { .x = 5 };
	u64 want = tv_kp_called(&call);
	require(read_body(&body, "tv_kp_called"));
	first.addr = body.insns[0]; /* push rbp: 1 byte */
	inside.addr = body.insns[1];
	hits = 0;
	require(probe_on(&first, KPROBE_JUMP) == OK);
	check_eq(0xe9, *(const u8 *)first.addr);
	require(probe_on(&inside, KPROBE_AUTO) == OK);
	check_eq(KPROBE_INT3, kprobe_how(&first));
	check_eq(want, tv_kp_called(&call));
	check_eq(2, hits);
	unregister_kprobe(&first);
	check_eq(want, tv_kp_called(&call));
	check_eq(3, hits);
	unregister_kprobe(&inside);
	check_unchanged(&body);
	wait_reaped();
}

/* Once the jump is there, no reason is left why it is not. */
TEST(kprobe_jump_comes_when_its_obstacle_is_gone)
{
	struct kprobe first = probe_at(0), second = probe_at(0), inside = probe_at(0);
	require(read_body(&body, "tv_kp_called"));
	first.addr = second.addr = body.insns[0];
	inside.addr = body.insns[1];
	require(probe_on(&inside, KPROBE_AUTO) == OK);
	require(probe_on(&first, KPROBE_AUTO) == OK);
	check_eq(KPROBE_INT3, kprobe_how(&first));
	check(kprobe_why_no_jump(&first)[0]);
	unregister_kprobe(&inside);
	require(probe_on(&second, KPROBE_AUTO) == OK);
	check_eq(KPROBE_JUMP, kprobe_how(&first));
	check_str("", kprobe_why_no_jump(&first));
	unregister_kprobe(&second);
	unregister_kprobe(&first);
	check_unchanged(&body);
	wait_reaped();
}

TEST(kprobe_that_asks_for_int3_keeps_it)
{
	struct kprobe asks = probe_at(flags_insn()), other = asks;
	require(probe_on(&asks, KPROBE_INT3) == OK);
	require(probe_on(&other, KPROBE_AUTO) == OK);
	check_eq(KPROBE_INT3, kprobe_how(&asks));
	check_str("another probe here asked for int3", kprobe_why_no_jump(&other));
	unregister_kprobe(&other);
	refused(EBUSY, other, KPROBE_JUMP, "another probe here asked for int3");
	require(probe_on(&other, KPROBE_AUTO) == OK);
	unregister_kprobe(&asks);
	require(probe_on(&asks, KPROBE_JUMP) == OK);
	check_eq(KPROBE_JUMP, kprobe_how(&other));
	unregister_kprobe(&asks);
	unregister_kprobe(&other);
	wait_reaped();
}

TEST(kprobe_on_all_instructions_by_jump_where_it_goes)
{
	u64 want = tv_kp_flags(4);
	u32 jumps = 0;
	require(read_body(&body, "tv_kp_flags"));
	for (u32 i = 0; i < body.count; i++) {
		struct kprobe p = probe_at(body.insns[i]);
		hits = 0;
		require(probe_on(&p, KPROBE_AUTO) == OK);
		jumps += kprobe_how(&p) == KPROBE_JUMP;
		check_eq(want, tv_kp_flags(4));
		check_eq(1, hits);
		unregister_kprobe(&p);
		check_unchanged(&body);
	}
	check(jumps >= 5);
	wait_reaped();
}

/* --- At the entry, through the site ---------------------------------------------------------------- */

TEST(kprobe_by_ftrace_sees_and_changes_registers)
{
	struct kprobe see = { .symbol = "tv_kp_flags", .pre_handler = keep_regs };
	struct kprobe change = { .symbol = "tv_kp_flags", .pre_handler = change_regs };
	u64 want = tv_kp_flags(42);
	require(read_body(&body, "tv_kp_flags"));
	hits = 0;
	require(probe_on(&see, KPROBE_AUTO) == OK);
	require(probe_on(&change, KPROBE_FTRACE) == OK);
	check_eq(KPROBE_FTRACE, kprobe_how(&see));
	check_eq(want + 1000, tv_kp_flags(42));
	check_eq(1, hits);
	check_eq(body.func.addr, seen_regs.ip);
	unregister_kprobe(&change);
	check_eq(want, tv_kp_flags(42));
	unregister_kprobe(&see);
	check_eq(want, tv_kp_flags(42));
	check_eq(2, hits);
	check_unchanged(&body);
	wait_reaped();
}

static notrace u64 no_hook(const u64 *context unused)
{
	return 0;
}

/* The entry is BPF's then; probes behind it conflict with no other user. */
TEST(kprobe_beside_bpf_on_one_function)
{
	static u32 users;
	char text[240] = "";
	struct strbuf log = STRBUF(text);
	struct site *site = site_named("tv_kp_called");
	struct hook hook = {
		.kind = HOOK_FENTRY, .code = (uptr)no_hook, .name = "hook", .owner = &users, .users = &users
	};
	struct kprobe inside = { .symbol = "tv_kp_called", .offset = 5, .pre_handler = count_probe };
	struct kp_call call = { .x = 4 };
	tramp_lock();
	check_eq(OK, tramp_add(&site, 1, &hook, 1, &log));
	tramp_unlock();
	refused(EBUSY, (struct kprobe){ .symbol = "tv_kp_called" }, KPROBE_AUTO,
		"tv_kp_called belongs to BPF*");
	hits = 0;
	for (enum kprobe_how how = KPROBE_INT3; how <= KPROBE_JUMP; how++) {
		require(probe_on(&inside, how) == OK);
		check_eq(12, tv_kp_called(&call));
		unregister_kprobe(&inside);
	}
	check_eq(2, hits);
	tramp_lock();
	check_eq(OK, tramp_remove(&site, 1, &users, &log));
	tramp_unlock();
	wait_reaped();
}

/* --- Returns --------------------------------------------------------------------------------------- */

/* The instruction leaves enough room for a jump before the first branch. */
traceable u64 tv_kp_factorial(u64 n)
{
	__asm__ volatile("movl $1, %%ecx" ::: "rcx");
	return n < 2 ? 1 : n * tv_kp_factorial(n - 1);
}

static u64 returned[16], return_to[16];

static notrace void note_return(struct kretprobe *rp unused, uptr ret_addr, struct pt_regs *regs)
{
	return_to[hits % 16] = ret_addr;
	returned[hits++ % 16] = regs->ax;
	if (regs->ax == 24)
		regs->ax = 1000;
}

static struct kretprobe on_factorial(u32 maxactive)
{
	return (struct kretprobe){ .kp = { .symbol = "tv_kp_factorial", .name = "test" },
				   .handler = note_return,
				   .maxactive = maxactive };
}

TEST(kretprobe_sees_each_return_of_a_recursion)
{
	for (enum kprobe_how how = KPROBE_INT3; how <= KPROBE_FTRACE; how++) {
		char text[200] = "";
		struct strbuf log = STRBUF(text);
		static struct kretprobe rp;
		struct sym caller;
		rp = on_factorial(0);
		hits = 0;
		if (!check_eq(OK, register_kretprobe(&rp, how, &log))) {
			kprintf("     %s\n", text);
			return;
		}
		check_eq(6 * 5 * 1000, tv_kp_factorial(6)); /* the handler makes 1000 of 4! */
		check_eq(6, hits);
		check(returned[0] == 1 && returned[1] == 2 && returned[2] == 6 && returned[3] == 24);
		check(returned[4] == 5000 && returned[5] == 30000);
		check(sym_at(return_to[4], &caller) && str_matches(caller.name, "tv_kp_factorial"));
		check(sym_at(return_to[5], &caller) && str_matches(caller.name, "test_kretprobe*"));
		unregister_kretprobe(&rp);
		check_eq(720, tv_kp_factorial(6));
		check_eq(6, hits);
		check_eq(0, rp.nmissed);
	}
	wait_reaped();
}

TEST(kretprobe_counts_calls_beyond_maxactive)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	static struct kretprobe rp;
	rp = on_factorial(2);
	hits = 0;
	require(register_kretprobe(&rp, KPROBE_AUTO, &log) == OK);
	check_eq(720, tv_kp_factorial(6));
	check_eq(2, hits);
	check_eq(4, rp.nmissed);
	check_eq(0, rp.active);
	unregister_kretprobe(&rp);
	wait_reaped();
}

static bool kp_asleep, kp_wake, kp_done;

traceable u64 tv_kp_sleep(u64 x)
{
	write_once(kp_asleep, true);
	while (!read_once(kp_wake))
		msleep(1);
	return x + 1;
}

static int kp_sleeper(void *arg unused)
{
	bool right = tv_kp_sleep(41) == 42;
	write_once(kp_done, right);
	return 0;
}

TEST(kretprobe_leaves_while_a_task_sleeps_inside)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	static struct kretprobe rp;
	rp = (struct kretprobe){ .kp = { .symbol = "tv_kp_sleep" }, .handler = note_return };
	kp_asleep = kp_wake = kp_done = false;
	hits = 0;
	require(register_kretprobe(&rp, KPROBE_AUTO, &log) == OK);
	require(kthread_run(kp_sleeper, NULL, -1, "kp_sleeper"));
	while (!read_once(kp_asleep))
		msleep(1);
	unregister_kretprobe(&rp);
	memset(&rp, 0x5a, sizeof(rp)); /* nothing reads it any more */
	write_once(kp_wake, true);
	while (!read_once(kp_done))
		msleep(1);
	check_eq(0, hits);
	wait_reaped();
}

TEST(kretprobe_that_fails_leaves_its_address_as_it_was)
{
	char text[200];
	struct sym func;
	require(sym_named("tv_kp_factorial", &func));
	struct kretprobe rp = { .kp = { .addr = func.addr, .name = "test" }, .handler = note_return };
	enum err e = ENOMEM;
	u32 nth = 1;
	for (; e && nth < 50; nth++) {
		struct strbuf log = STRBUF(text);
		heap_fail_after(nth);
		e = register_kretprobe(&rp, KPROBE_INT3, &log);
		heap_fail_after(0);
		check_eq(func.addr + (e ? 0 : SITE_LEN), rp.kp.addr);
	}
	require(e == OK && nth > 2);
	unregister_kretprobe(&rp);
	wait_reaped();
}

TEST(kretprobe_of_a_function_that_does_not_return_is_refused)
{
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	struct kretprobe rp = { .kp = { .symbol = "do_exit" }, .handler = note_return };
	check_eq(EOPNOTSUPP, register_kretprobe(&rp, KPROBE_AUTO, &log));
	check_str("do_exit does not return", text);
}

/* --- Under load ------------------------------------------------------------------------------------ */

struct kp_load {
	u64 calls, hooked, wrong;
	bool running;
};
static struct kp_load kp_loads[MAX_CPUS];
static bool kp_stop;
static u64 marks;

static notrace void mark_called(struct kprobe *p unused, struct pt_regs *regs)
{
	((struct kp_call *)regs->di)->hooked++;
	__atomic_fetch_add(&marks, 1, __ATOMIC_RELAXED);
}

static int kp_load_cpu(void *arg)
{
	struct kp_load *l = arg;
	bool pauses = l != &kp_loads[cpu_count() - 1];
	while (!read_once(kp_stop)) {
		if (pauses && l->calls % 256 == 255)
			msleep(1);
		struct kp_call c = { .x = l->calls++ };
		u64 got = tv_kp_called(&c);
		l->hooked += c.hooked;
		if (c.hooked > 1 || got != c.x * 3 + c.hooked)
			l->wrong++;
	}
	write_once(l->running, false);
	return 0;
}

static void under_load(enum kprobe_how how, u32 rounds)
{
	u64 hooked = 0, calls = 0, missed = 0;
	require(read_body(&body, "tv_kp_called"));
	kp_stop = false;
	marks = 0;
	for (u32 cpu = 0; cpu < cpu_count(); cpu++) {
		kp_loads[cpu] = (struct kp_load){ .running = true };
		require(kthread_run(kp_load_cpu, &kp_loads[cpu], (int)cpu, "kp_load/%u", cpu));
	}
	for (u32 i = 0; i < rounds; i++) {
		struct kprobe p = { .symbol = "tv_kp_called",
				    .offset = SITE_LEN,
				    .pre_handler = mark_called };
		if (!check_eq(OK, probe_on(&p, how)))
			break;
		if (i % 8 == 0)
			msleep(1);
		unregister_kprobe(&p);
		missed += p.missed;
	}
	write_once(kp_stop, true);
	for (u32 cpu = 0; cpu < cpu_count(); cpu++) {
		while (read_once(kp_loads[cpu].running))
			msleep(1);
		hooked += kp_loads[cpu].hooked;
		calls += kp_loads[cpu].calls;
		check_eq(0, kp_loads[cpu].wrong);
	}
	kprintf("     %llu calls, %llu of them probed\n", calls, hooked);
	check_eq(marks, hooked);
	check_eq(0, missed);
	check(hooked > 0 && hooked < calls);
	check_unchanged(&body);
	wait_reaped();
}

TEST(kprobe_by_int3_comes_and_goes_under_load)
{
	under_load(KPROBE_INT3, 300);
}

TEST(kprobe_by_jump_comes_and_goes_under_load)
{
	under_load(KPROBE_JUMP, 100);
}

static const char *const busy_functions[] = { "kfree_skb", "__schedule", "alloc_skb", "wake_up_process" };
static struct body busy[array_len(busy_functions)];

/* Packets go through them in the meantime, and every packet arrives. */
static void on_busy_functions(enum kprobe_how how, u32 functions)
{
	struct traffic_counts before = traffic_counts;
	u32 count = 0, jumps = 0;
	u64 missed = 0;
	for (u32 i = 0; i < functions; i++)
		require(read_body(&busy[i], busy_functions[i]));
	hits = 0;
	require(traffic_start() == OK);
	for (u32 i = 0; i < functions; i++)
		count += probe_all(&busy[i], probes + count, how);
	for (u32 i = 0; i < count; i++)
		jumps += kprobe_how(&probes[i]) == KPROBE_JUMP;
	msleep(50);
	for (u32 i = 0; i < count; i++) {
		unregister_kprobe(&probes[i]);
		missed += probes[i].missed;
	}
	traffic_stop();
	u64 sent = traffic_counts.sent - before.sent;
	for (u32 i = 0; i < functions; i++)
		check_unchanged(&busy[i]);
	kprintf("     %u probes (%u jumps), %llu hits, %llu missed, %llu frames\n", count, jumps, hits,
		missed, sent);
	check(count > 60 && hits > 1000);
	check_eq(before.bad_payload, traffic_counts.bad_payload);
	wait_reaped();
}

TEST(kprobe_on_every_instruction_of_busy_functions)
{
	on_busy_functions(KPROBE_INT3, 4);
}

TEST(kprobe_on_busy_functions_by_jump_where_it_goes)
{
	on_busy_functions(KPROBE_AUTO, 2);
}
