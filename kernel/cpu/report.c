// SPDX-License-Identifier: MIT
// What a panic prints: the reason, registers, a backtrace, the programs that had to do with it; and the same
// of other CPUs, if the panic is about them. All other CPUs have stopped before. Nothing here takes a lock or
// has a site.
#include "kernel/cpu/report.h"
#include "kernel/cpu/backtrace.h"
#include "kernel/cpu/blame.h"
#include "kernel/cpu/ipi.h"
#include "kernel/cpu/panic.h"
#include "kernel/cpu/smp.h"
#include "kernel/cpu/x86_64/trap.h"
#include "kernel/io/print.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/sym.h"
#include "kernel/sched/task.h"

static notrace void add_running(const void *id unused, const char *place, void *arg)
{
	struct strbuf *s = arg;
	str_printf(s, "%s%s", s->len ? ", " : "", place);
}

static notrace void add_attached(uptr addr, void *arg)
{
	blame_add_attached(arg, addr);
}

static notrace void print_running(const struct cpu *cpu, const struct pt_regs *regs)
{
	char text[512] = "";
	struct strbuf s = STRBUF(text);
	blame_visit_running(cpu, regs, add_running, &s);
	if (s.len)
		kprintf("  programs that CPU %u runs: %s\n", cpu->id, text);
}

/* Prints a line for the programs that run on this CPU, and one for those that are attached to functions of
 * the backtrace. A line without programs is left out. */
static notrace void print_programs(const struct pt_regs *regs)
{
	char text[512] = "";
	struct strbuf s = STRBUF(text);
	print_running(this_cpu(), regs);
	backtrace_walk(regs, add_attached, &s);
	if (s.len)
		kprintf("  programs attached to these functions: %s\n", text);
}

struct seat {
	char place[BLAME_PLACE_LEN];
};

static notrace void note_innermost(const void *id unused, const char *place, void *arg)
{
	struct seat *seat = arg;
	if (!seat->place[0])
		str_copy(seat->place, place, sizeof(seat->place));
}

static notrace bool runs_program(const struct cpu *cpu, struct seat *seat)
{
	seat->place[0] = 0;
	if (cpu->stopped)
		blame_visit_running(cpu, cpu->stopped, note_innermost, seat);
	return seat->place[0];
}

/* A CPU is idle if its idle task runs, in no interrupt and in no program. One that took no NMI is not: the
 * NMI that stops a CPU counts in preempt_count. */
static notrace bool is_idle(const struct cpu *cpu)
{
	struct seat seat;
	u32 inside = cpu->preempt_count & ~((u32)PREEMPT_NO_RESCHED | NMI_OFFSET);
	return cpu->stopped && cpu->current_task->flags & PF_IDLE && !inside && !runs_program(cpu, &seat);
}

/* Of these CPUs, those that may be the cause: the only one, or of several those that are not idle. */
static notrace u32 suspects(u32 which)
{
	u32 busy = 0;
	for (u32 i = 0; i < MAX_CPUS; i++)
		if (which & 1u << i && !is_idle(&cpus[i]))
			busy |= 1u << i;
	return which & (which - 1) ? busy : which;
}

static notrace const struct cpu *choose_cpu(u32 which, struct seat *seat)
{
	for (u32 i = 0; i < MAX_CPUS; i++)
		if (which & 1u << i && runs_program(&cpus[i], seat))
			return &cpus[i];
	return which ? &cpus[__builtin_ctz(which)] : NULL;
}

/* Appends ": CPU 3 is in w_loop1 (loop1.bpf.c:7)" for one of these CPUs: one that runs a program, if any. */
static notrace void name_cpu(struct strbuf *s, u32 which)
{
	struct seat seat = { "" };
	const struct cpu *cpu = choose_cpu(suspects(which), &seat);
	if (!cpu)
		return;
	str_printf(s, ": CPU %u ", cpu->id);
	if (seat.place[0]) {
		str_printf(s, "is in %s", seat.place);
	} else if (cpu->stopped) {
		str_puts(s, "is at ");
		sym_print(s, cpu->stopped->ip);
	} else {
		str_puts(s, "answers no NMI");
	}
}

static notrace void print_regs(const struct pt_regs *regs)
{
	char text[1024];
	struct strbuf s = STRBUF(text);
	regs_print(&s, regs);
	kputs(s.buf, s.len);
}

/* Registers, backtrace and programs. */
static notrace void print_cpu(const struct cpu *cpu)
{
	const struct pt_regs *regs = cpu->stopped;
	if (!regs) {
		kprintf("CPU %u answers no NMI\n", cpu->id);
		return;
	}
	kprintf("CPU %u, %s, interrupts %s:\n", cpu->id, cpu->current_task->comm,
		regs->flags & FLAGS_IF ? "on" : "off");
	print_regs(regs);
	backtrace_print(regs);
	print_running(cpu, regs);
}

static notrace void print_cpus(u32 which)
{
	u32 shown = suspects(which);
	for (u32 i = 0; i < MAX_CPUS; i++)
		if (shown & 1u << i)
			print_cpu(&cpus[i]);
}

static notrace void report(const char *what, const struct pt_regs *regs, u32 which)
{
	char text[160] = "";
	struct strbuf s = STRBUF(text);
	smp_stop_others();
	print_break_lock();
	name_cpu(&s, which);
	kprintf("\npanic: %s%s\n", what, text);
	if (regs)
		print_regs(regs);
	backtrace_print(regs);
	print_programs(regs);
	print_cpus(which);
}

void report_init(void)
{
	panic_set_reporter(report);
}
