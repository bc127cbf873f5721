/* SPDX-License-Identifier: MIT */
/* What bpf_printk does: it prints a program's format into the trace buffer, with Linux's restrictions. */
#pragma once
#include "vm/prog.h"

#define PRINTK_ARGS 12

/* Formats a line and passes it to trace_write under the program's name. fmt is the address of fmt_size bytes,
 * the last of which is 0; it may be bad. Conversions, with flags and width as in printf:
 *
 *      %d %i %u %x %X   with l or ll
 *      %c %s %%         a string of the kernel; unreadable ones are empty; %pks and %pus are the same
 *      %p %px %pK       a number
 *      %ps %pS %pB      the name of the code at the argument; the last two with the offset in it
 *      %pI4 %pi4        an IPv4 address that the argument points to, 127.0.0.1 and 127.000.000.001
 *      %pI6 %pi6        an IPv6 address, with colons and without
 *      %pM              an Ethernet address
 * Returns the line's length. Returns -EINVAL if the format has another conversion or bytes that do not print,
 * cannot be read, is longer than 320 bytes, or needs more than count arguments. Then a line in the trace says
 * why, once for each program. */
i64 printk_format(const struct prog *p, uptr fmt, u32 fmt_size, const u64 *args, u32 count);

/* Whether printk_format accepts the format; if not, `why` gets a sentence. The caller's fmt must be
 * readable. */
bool printk_check(const char *fmt, u32 fmt_size, u32 count, struct strbuf *why);
