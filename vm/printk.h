/* SPDX-License-Identifier: MIT */
/* What bpf_printk does: a format of the program's, with Linux's restrictions, into the print buffer. */
#pragma once
#include "kernel/lib/err.h"

#define PRINTK_ARGS 12

/* Formats and hands the line to trace_write under the name who. fmt is fmt_size bytes anywhere, with
 * its 0 at the end. Conversions: %d %i %u %x %X with l or ll, %c %s %p %px %pK %%, flags and width as in
 * printf; %s reads a kernel string that may not be there. The line's length, or -EINVAL if the format
 * is anything else, holds bytes that do not print, or wants more than count arguments. */
i64 printk_format(const char *who, uptr fmt, u32 fmt_size, const u64 *args, u32 count);
