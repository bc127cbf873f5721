/* SPDX-License-Identifier: MIT */
/* The print buffer: what programs print with trace_printk, as lines in the form of ftrace. */
#pragma once
#include "kernel/lib/fmt.h"

#define TRACE_LINES 4096 /* how many can wait for a reader */
#define TRACE_WHO   96   /* with its 0; a longer name loses its middle: "a_long_na..e_program" */

/* Adds one line with the running task, the CPU, the context and the time.
 *
 *   - `who` stands where ftrace prints the function.
 *   - Newlines at the end of the message are left out; other newlines become spaces.
 *   - A full buffer loses its oldest line.
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

/* Takes the oldest line; false if the buffer is empty. */
bool trace_read(struct trace_line *line);

/* Lines lost so far because the buffer was full. */
u64 trace_lost(void);

/* Lines that wait for a reader. */
u32 trace_count(void);
