// SPDX-License-Identifier: MIT
// Lab 5: pokes the site of a function of three arguments to lead to a trampoline written by hand, and looks at
// registers and memory. The hook, in call.asm, leaves junk in every register that a function may change.
#define LAB_LIMIT 500
#include "labs/lab.h"
#include "labs/05-nasm/lab5.h"
#include "kernel/lib/mem.h"
#include "tramp/text/poke.h"

/* What the hook may find, and the body must find. */
static u64 arg[3];
static u64 body_saw[3];

static traceable u64 lab5_three(u64 a, u64 b, u64 c)
{
	body_saw[0] = a;
	body_saw[1] = b;
	body_saw[2] = c;
	lab5.body_runs++;
	return a * 3 + b * 5 + c * 7;
}

static notrace bool change(const u8 old[SITE_LEN], const u8 new[SITE_LEN])
{
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	struct poke p = { .addr = (uptr)lab5_three };

	memcpy(p.old, old, SITE_LEN);
	memcpy(p.new, new, SITE_LEN);
	return lab_ok(poke_batch(&p, 1, &log) == OK,
		      "the site of lab5_three holds what the check has put there");
}

/* Calls lab5_three through the trampoline, with three numbers. Puts the nop back before anything is judged. */
static notrace bool call_through(void (*trampoline)(void), const char *name, u64 *result)
{
	u8 nop[SITE_LEN], call[SITE_LEN];

	memset(&lab5, 0, sizeof(lab5));
	memset(body_saw, 0, sizeof(body_saw));
	for (u32 i = 0; i < 3; i++)
		arg[i] = lab_random(0x7fffffff) << 32 | lab_random(0x7fffffff);
	lab_did("site of lab5_three -> call %s; lab5_three(0x%llx, 0x%llx, 0x%llx)", name, arg[0], arg[1],
		arg[2]);
	poke_make_nop(nop);
	poke_make_call(call, (uptr)lab5_three, (uptr)trampoline);
	if (!change(nop, call))
		return false;
	*result = lab5_call((uptr)lab5_three, arg[0], arg[1], arg[2]);
	return change(call, nop);
}

#define ENTRY lab5_entry, "lab5_entry"
#define EXIT  lab5_exit, "lab5_exit"

static notrace u64 right_result(void)
{
	return arg[0] * 3 + arg[1] * 5 + arg[2] * 7;
}

static notrace bool hook_ran(void)
{
	return lab_eq(1, lab5.runs, "runs of the hook");
}

static notrace bool hook_saw_arguments(void)
{
	return hook_ran() && lab_eq(arg[0], lab5.seen[0], "context[0]") &&
	       lab_eq(arg[1], lab5.seen[1], "context[1]") && lab_eq(arg[2], lab5.seen[2], "context[2]");
}

static notrace bool body_got_arguments(void)
{
	return lab_eq(1, lab5.body_runs, "runs of the body") &&
	       lab_eq(arg[0], body_saw[0], "a, as the body found it") &&
	       lab_eq(arg[1], body_saw[1], "b, as the body found it") &&
	       lab_eq(arg[2], body_saw[2], "c, as the body found it");
}

static notrace bool registers_kept(void)
{
	static const char *const names[LAB5_KEPT] = { "changed bits of rbx", "changed bits of rbp",
						      "changed bits of r12", "changed bits of r13",
						      "changed bits of r14", "changed bits of r15",
						      "changed bits of rsp" };
	for (u32 i = 0; i < LAB5_KEPT; i++)
		if (!lab_eq(0, lab5.kept[i], names[i]))
			return false;
	return true;
}

LAB_TEST(lab5_hook_runs)
{
	u64 r;
	if (call_through(ENTRY, &r))
		hook_ran();
}

LAB_TEST(lab5_hook_sees)
{
	u64 r;
	if (call_through(ENTRY, &r))
		hook_saw_arguments();
}

LAB_TEST(lab5_body_gets)
{
	u64 r;
	if (call_through(ENTRY, &r) && hook_ran() && body_got_arguments())
		lab_eq(right_result(), r, "what the caller got");
}

LAB_TEST(lab5_aligned)
{
	u64 r;
	if (call_through(ENTRY, &r) && hook_ran())
		lab_eq(8, lab5.rsp % 16, "rsp modulo 16 on the hook's first instruction");
}

LAB_TEST(lab5_kept)
{
	u64 r;
	if (call_through(ENTRY, &r) && hook_ran())
		registers_kept();
}

LAB_TEST(lab5_exit_sees)
{
	u64 r;
	if (call_through(EXIT, &r) && hook_saw_arguments() &&
	    lab_eq(1, lab5.body_done, "runs of the body before the hook"))
		lab_eq(right_result(), lab5.seen[3], "context[3], the result");
}

LAB_TEST(lab5_exit_returns)
{
	u64 r;
	if (call_through(EXIT, &r) && hook_ran() && body_got_arguments())
		lab_eq(right_result(), r, "what the caller got");
}

LAB_TEST(lab5_exit_clean)
{
	u64 r;
	if (call_through(EXIT, &r) && hook_ran() &&
	    lab_eq(8, lab5.rsp % 16, "rsp modulo 16 on the hook's first instruction"))
		registers_kept();
}
