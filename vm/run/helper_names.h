/* SPDX-License-Identifier: MIT */
/* The names of all Linux's helpers, and what to use instead of those that this kernel lacks. */
#pragma once
#include "kernel/lib/fmt.h"

/* Prints "bpf_probe_write_user (36)"; only the number if Linux has no helper of that number. */
void helper_print_name(struct strbuf *s, u32 id);

/* Prints what a program can use instead of a helper that this kernel does not have, or why it has none, as
 * the end of a sentence: "; bpf_ktime_get_ns is here". Prints nothing for most of them. */
void helper_print_instead(struct strbuf *s, u32 id);
