// SPDX-License-Identifier: MIT
// The end. The first CPU to come here reports; what panics meanwhile, there or elsewhere, just stops.
#include "kernel/panic.h"
#include "kernel/backtrace.h"
#include "kernel/cpu.h"
#include "kernel/lib/fmt.h"
#include "kernel/power.h"
#include "kernel/print.h"
#include "kernel/smp.h"
#include "kernel/trap_x86_64.h"

static u32 panicking;

static inline __attribute__((always_inline)) noreturn notrace void report(const struct pt_regs *regs,
									  const char *fmt, va_list args)
{
	static char text[1024];
	struct strbuf s = STRBUF(text);
	irqs_off();
	if (__atomic_exchange_n(&panicking, 1, __ATOMIC_ACQ_REL))
		cpu_stop();
	smp_stop_others();
	print_break_lock();
	str_vprintf(&s, fmt, args);
	kprintf("\npanic: %s\n", s.buf);
	if (regs) {
		s = STRBUF(text);
		regs_print(&s, regs);
		kputs(s.buf, s.len);
	}
	backtrace_print(regs);
	machine_exit(false);
}

notrace void panic(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	report(NULL, fmt, args);
}

notrace void panic_regs(const struct pt_regs *regs, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	report(regs, fmt, args);
}
