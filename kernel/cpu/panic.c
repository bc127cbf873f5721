// SPDX-License-Identifier: MIT
// The end. The first CPU that panics reports. A CPU that panics meanwhile just stops. If the first one panics
// again, the report itself has failed: then it only makes the emulator exit.
#include "kernel/cpu/panic.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/smp.h"
#include "kernel/io/power.h"
#include "kernel/lib/fmt.h"

static u32 panicking; /* which CPU, counted from 1 */
static panic_reporter *reporter;

void panic_set_reporter(panic_reporter *r)
{
	reporter = r;
}

/* Returns on the first CPU that panics. That CPU goes on alone. */
static notrace void begin_end(void)
{
	u32 first = 0, me = smp_processor_id() + 1;
	irqs_off();
	if (__atomic_compare_exchange_n(&panicking, &first, me, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return;
	if (first == me)
		machine_exit(false);
	cpu_stop();
}

/* Inlined, so that no backtrace shows it. */
static inline __attribute__((always_inline)) noreturn notrace void end(const struct pt_regs *regs, u32 cpus,
								       const char *fmt, va_list args)
{
	static char text[1024];
	struct strbuf s = STRBUF(text);
	begin_end();
	str_vprintf(&s, fmt, args);
	if (reporter)
		reporter(text, regs, cpus);
	machine_exit(false);
}

notrace void panic(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	end(NULL, 0, fmt, args);
}

notrace void panic_regs(const struct pt_regs *regs, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	end(regs, 0, fmt, args);
}

notrace void panic_about(u32 cpus, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	end(NULL, cpus, fmt, args);
}
