/* SPDX-License-Identifier: MIT */
/* The print buffer: what programs print with trace_printk, as lines in the form of ftrace. */
#pragma once
#include "kernel/lib/fmt.h"

#define TRACE_LINES 4096 /* how many are kept: the last ones */
#define TRACE_WHO   96   /* with its 0; a longer name loses its middle: "a_long_na..e_program" */

/* Adds one line with the running task, the CPU, the context and the time.
 *
 *   - `who` stands where ftrace prints the function.
 *   - Newlines at the end of the message are left out; other newlines become spaces.
 *   - A full buffer loses its oldest line. Reading takes none out.
 *   - Any context, NMI too. notrace. */
void trace_write(const char *who, const char *message, u32 len);

/* A line in parts; trace_format appends it as the command `trace` shows it:
 *           <idle>-0     [001] ..s1    68.517276: my_wake_up: We are waking up rcu_preempt:10      */
struct trace_line {
	u64 ns;
	u32 cpu, pid, preempt_count;
	bool irqs_off, need_resched;
	char comm[16], who[TRACE_WHO], message[160];
};
void trace_format(struct strbuf *s, const struct trace_line *line);

/* Lines are counted from boot, from 0. Copies line *at, or the oldest line if that one is no longer kept, and
 * moves *at behind it. Returns false, and changes nothing, if there is none yet. */
bool trace_read(u64 *at, struct trace_line *line);

/* Empties the buffer. */
void trace_clear(void);

/* Lines lost since trace_clear: the buffer was full, or an NMI found it locked. */
u64 trace_lost(void);

/* The number of the next line that will be written. */
u64 trace_end(void);

/* The number of the oldest line that is kept; trace_end() if none is. It only grows, so who wants both reads it first. */
u64 trace_begin(void);
