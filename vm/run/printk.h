/* SPDX-License-Identifier: MIT */
/* What bpf_printk does: it prints a program's format into the trace buffer, with Linux's restrictions. */
#pragma once
#include "vm/prog.h"

#define PRINTK_ARGS 12

/* Formats and hands the line to trace_write under the program's name. fmt is fmt_size bytes anywhere, with
 * its 0 at the end. Conversions, with flags and width as in printf:
 *
 *      %d %i %u %x %X   with l or ll
 *      %c %s %%         a string of the kernel; unreadable ones are empty; %pks and %pus are the same
 *      %p %px %pK       a number
 *      %ps %pS %pB      the name of code at the argument; of the last two with the offset
 *      %pI4 %pi4        an IPv4 address that the argument points to, 127.0.0.1 and 127.000.000.001
 *      %pI6 %pi6        one of IPv6, with colons and without
 *      %pM              one of Ethernet
 *
 * Returns the line's length, or -EINVAL if the format is anything else, holds bytes that do not print, or
 * wants more than count arguments; then the first time for each program a line in the trace says why. */
i64 printk_format(const struct prog *p, uptr fmt, u32 fmt_size, const u64 *args, u32 count);

/* Whether printk_format accepts the format; if not, why gets a sentence. All fmt_size bytes must be
 * readable. */
bool printk_check(const char *fmt, u32 fmt_size, u32 count, struct strbuf *why);
