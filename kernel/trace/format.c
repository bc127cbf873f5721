// SPDX-License-Identifier: MIT
// A line of the print buffer as ftrace would print it; pure.
#include "kernel/trace/trace.h"

/* preempt_count's parts (kernel/cpu/smp.h). */
enum { DEPTH = 0xff, SERVING_SOFTIRQ = 0x100, HARDIRQ = 0x0f0000, NMI = 0xf00000 };

static char context_char(u32 count)
{
	bool soft = count & SERVING_SOFTIRQ;
	if (count & NMI)
		return count & HARDIRQ || soft ? 'Z' : 'z';
	if (count & HARDIRQ)
		return soft ? 'H' : 'h';
	return soft ? 's' : '.';
}

static char depth_char(u32 count)
{
	u32 depth = count & DEPTH;
	return depth ? "0123456789abcdef"[min(depth, 15u)] : '.';
}

/* In ftrace's words: irqs-off, need-resched, hardirq/softirq, preempt-depth. */
void trace_format(struct strbuf *s, const struct trace_line *l)
{
	u64 us = l->ns / 1000;
	str_printf(s, "%16s-%-5u [%03u] %c%c%c%c %5llu.%06llu: %s: %s", l->pid ? l->comm : "<idle>", l->pid,
		   l->cpu, l->irqs_off ? 'd' : '.', l->need_resched ? 'N' : '.',
		   context_char(l->preempt_count), depth_char(l->preempt_count), us / 1000000, us % 1000000,
		   l->who, l->message);
}
