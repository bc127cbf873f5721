/* SPDX-License-Identifier: MIT */
/* What of the kernel a program may name: `extern ... __ksym`. Functions that it may call are rows of one
 * table, as helpers are; any function's or global variable's address it may take. In instructions both are
 * BTF ids of the kernel, as on Linux (RFC 9669 section 4.3.2: src 2 of a call; 5.4: src 3 of a 64-bit
 * immediate); without the kernel's BTF a program can name nothing. */
#pragma once
#include "kernel/lib/btf.h"
#include "vm/run/helper.h"

enum { KFUNC_SESSION_IS_RETURN = 1, KFUNC_SESSION_COOKIE, KFUNC_MSLEEP, KFUNCS = KFUNC_MSLEEP };

/* Finds all rows in the kernel's BTF. NULL forgets them. */
void kfunc_init(const struct btf *kernel);

/* The row of the function with that BTF id, or of that name if BTF knows it; NULL if no row fits. The row's
 * name is the function's. */
const struct helper *kfunc_find(u32 btf_id);
const struct helper *kfunc_named(const char *name);
u32 kfunc_btf_id(const struct helper *kfunc);

/* Prints "bpf_session_is_return, msleep". */
void kfunc_print_names(struct strbuf *s);

/* The address of the function or variable with that id; 0 if it is neither, or not in the kernel. */
uptr ksym_address(u32 btf_id);

/* What a 64-bit immediate of the program stands for (RFC 9669 section 5.4): a number, the address of a map,
 * in a map's value, or of a symbol of the kernel. Not for LD_FUNC: interpreter and JIT put functions at
 * different addresses. */
u64 prog_wide_value(const struct prog *p, const struct insn *in);

/* The same by name. 0 if nothing has that name; *btf_id is 0 if BTF does not know it. */
uptr ksym_named(const char *name, u32 *btf_id);

/* Functions that programs may call. */

/* Whether this is the program's run at the function's exit. ctx is a session's context. */
bool bpf_session_is_return(void *ctx);

/* A session's own word: it keeps from entry to exit what is written to it. */
u64 *bpf_session_cookie(void *ctx);
