// SPDX-License-Identifier: MIT
// The end. The first CPU to come here reports, and others that do meanwhile just stop. If it comes here
// again, the report itself has failed: then the verdict is all that is left to give.
#include "kernel/cpu/panic.h"
#include "kernel/cpu/backtrace.h"
#include "kernel/cpu/blame.h"
#include "kernel/cpu/cpu.h"
#include "kernel/lib/fmt.h"
#include "kernel/io/power.h"
#include "kernel/io/print.h"
#include "kernel/cpu/ipi.h"
#include "kernel/cpu/smp.h"
#include "kernel/cpu/x86_64/trap.h"

static u32 panicking; /* which CPU, counted from 1 */

/* Returns on the first CPU that comes here, which goes on alone. */
static notrace void stop_all(void)
{
	u32 first = 0, me = smp_processor_id() + 1;
	irqs_off();
	if (!__atomic_compare_exchange_n(&panicking, &first, me, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		if (first == me)
			machine_exit(false);
		cpu_stop();
	}
	smp_stop_others();
	print_break_lock();
}

static inline __attribute__((always_inline)) noreturn notrace void
report(const struct pt_regs *regs, u32 cpus, const char *fmt, va_list args)
{
	static char text[1024];
	struct strbuf s = STRBUF(text);
	stop_all();
	str_vprintf(&s, fmt, args);
	blame_name_cpu(&s, cpus);
	kprintf("\npanic: %s\n", s.buf);
	if (regs) {
		s = STRBUF(text);
		regs_print(&s, regs);
		kputs(s.buf, s.len);
	}
	backtrace_print(regs);
	blame_print_programs(regs);
	blame_print_cpus(cpus);
	machine_exit(false);
}

notrace void panic(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	report(NULL, 0, fmt, args);
}

notrace void panic_regs(const struct pt_regs *regs, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	report(regs, 0, fmt, args);
}

notrace void panic_about(u32 cpus, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	report(NULL, cpus, fmt, args);
}
