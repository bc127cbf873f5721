// SPDX-License-Identifier: MIT
#include "kernel/cpu/backtrace.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/sym.h"
#include "kernel/cpu/trap.h"
#include "tests/test.h"

enum { FREE_VECTOR = 0x90 };

static struct pt_regs seen;
static u32 times;

static notrace bool note(struct pt_regs *regs)
{
	seen = *regs;
	times++;
	return true;
}

TEST(trap_handler_sees_all_registers_and_may_change_them)
{
	u64 sum;
	times = 0;
	trap_set_handler(FREE_VECTOR, note);
	__asm__ volatile(
	    "movq $1, %%r8; movq $2, %%r9; movq $3, %%r10; movq $4, %%r11\n\t"
	    "movq $5, %%r12; movq $6, %%r13; movq $7, %%r14; movq $8, %%r15\n\t"
	    "movq $9, %%rbx; movq $10, %%rsi; movq $11, %%rdi; movq $12, %%rdx; movq $13, %%rcx\n\t"
	    "movq $14, %%rax\n\t"
	    "int $0x90\n\t"
	    "addq %%rbx, %%rax; addq %%rcx, %%rax; addq %%rdx, %%rax; addq %%rsi, %%rax\n\t"
	    "addq %%rdi, %%rax; addq %%r8, %%rax; addq %%r9, %%rax; addq %%r10, %%rax\n\t"
	    "addq %%r11, %%rax; addq %%r12, %%rax; addq %%r13, %%rax; addq %%r14, %%rax\n\t"
	    "addq %%r15, %%rax"
	    : "=a"(sum)
	    :
	    : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
	      "memory", "cc");
	trap_set_handler(FREE_VECTOR, NULL);
	check_eq(1, times);
	check_eq(14 * 15 / 2, sum);
	check_eq(FREE_VECTOR, seen.orig_ax);
	check_eq(1, seen.r8);
	check_eq(8, seen.r15);
	check_eq(9, seen.bx);
	check_eq(10, seen.si);
	check_eq(11, seen.di);
	check_eq(12, seen.dx);
	check_eq(13, seen.cx);
	check_eq(14, seen.ax);
	check_eq(KERNEL_CS, seen.cs);
}

static u64 pushed_target(u64 v)
{
	return v + 1;
}

/* What the patcher's handler does: as if `call pushed_target` stood behind the int3. */
static notrace bool emulate_call(struct pt_regs *regs)
{
	times++;
	regs->sp -= sizeof(regs->ip);
	*(unsigned long *)regs->sp = regs->ip;
	regs->ip = (uptr)pushed_target;
	return true;
}

/* 8 and 16 bytes below an int3's stack pointer may be written by its handler, whatever the stack's
 * alignment, and the words above keep what they hold. */
TEST(trap_breakpoint_handler_may_push_a_call)
{
	u64 results[2], above[2];
	times = 0;
	trap_handler *patcher = trap_set_handler(TRAP_BP, emulate_call);
	__asm__ volatile("movq $41, %%rdi\n\t"
			 "pushq $0x5a5a\n\t"
			 "int3\n\t"
			 "popq %1\n\t"
			 "movq %%rax, %0\n\t"
			 "movq $42, %%rdi\n\t"
			 "pushq $0x6b6b\n\t"
			 "pushq $0x7c7c\n\t"
			 "int3\n\t"
			 "popq %3\n\t"
			 "popq %%rcx\n\t"
			 "movq %%rax, %2\n\t"
			 : "=&b"(results[0]), "=&r"(above[0]), "=&r"(results[1]), "=&r"(above[1])
			 :
			 : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
	trap_set_handler(TRAP_BP, patcher);
	check_eq(2, times);
	check_eq(42, results[0]);
	check_eq(43, results[1]);
	check_eq(0x5a5a, above[0]);
	check_eq(0x7c7c, above[1]);
}

static notrace bool skip_ud2(struct pt_regs *regs)
{
	times++;
	regs->ip += 2;
	return true;
}

TEST(trap_handler_may_move_on)
{
	times = 0;
	trap_set_handler(TRAP_UD, skip_ud2);
	__asm__ volatile("ud2; ud2");
	trap_set_handler(TRAP_UD, NULL);
	check_eq(2, times);
}

/* A backtrace from inside a handler: through the entry code to the interrupted function, and on to its
 * callers. */
static char chain[1024];

static void add_name(uptr addr, void *arg)
{
	struct strbuf *s = arg;
	struct sym sym;
	if (sym_at(addr, &sym))
		str_printf(s, "%s ", sym.name);
}

static notrace bool take_backtrace(struct pt_regs *regs)
{
	struct strbuf s = STRBUF(chain);
	(void)regs;
	backtrace_walk(NULL, add_name, &s);
	return true;
}

static traceable u64 interrupted_here(u64 v)
{
	__asm__ volatile("int $0x90" ::: "memory");
	return v + 1;
}

TEST(trap_backtrace_goes_through_an_interrupt)
{
	trap_set_handler(FREE_VECTOR, take_backtrace);
	check_eq(2, interrupted_here(1));
	trap_set_handler(FREE_VECTOR, NULL);
	check(str_matches(chain, "take_backtrace trap_dispatch interrupted_here "
				 "test_trap_backtrace_goes_through_an_interrupt *tests_run *"));
}
