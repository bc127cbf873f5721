/* SPDX-License-Identifier: MIT */
/* What of the kernel a program may name: `extern ... __ksym`. Functions that it may call are rows of one
 * table, as helpers are; any function's or global variable's address it may take. In instructions both are
 * BTF ids of the kernel, as on Linux (RFC 9669 section 4.3.2: src 2 of a call; 5.4: src 3 of a 64-bit
 * immediate); without the kernel's BTF there are none. */
#pragma once
#include "kernel/lib/btf.h"
#include "vm/run/helper.h"

enum { KFUNC_SESSION_IS_RETURN = 1, KFUNC_SESSION_COOKIE, KFUNC_MSLEEP, KFUNCS = KFUNC_MSLEEP };

/* Looks all rows up in the kernel's BTF; NULL: forgets them. */
void kfunc_init(const struct btf *kernel);

/* The row of the function with that BTF id, or of that name if it has one; NULL if there is none. The row's
 * name is the function's. */
const struct helper *kfunc_find(u32 btf_id);
const struct helper *kfunc_named(const char *name);
u32 kfunc_btf_id(const struct helper *kfunc);

/* "bpf_session_is_return, msleep", for people. */
void kfunc_print_names(struct strbuf *s);

/* The address of what has that id: a FUNC or a VAR; 0 if it is neither, or not in the kernel. */
uptr ksym_address(u32 btf_id);

/* What a 64-bit immediate of the program stands for (RFC 9669 section 5.4): a number, the address of a map, in a map's
 * value, or of what the kernel has. Not for LD_FUNC: where a function lies depends on who compiles it. */
u64 prog_wide_value(const struct prog *p, const struct insn *in);

/* The same by name: *btf_id is 0 if there is such a thing, but BTF does not know it. 0 if there is none. */
uptr ksym_named(const char *name, u32 *btf_id);

/* Functions that programs may call. */

/* Whether this is the program's run at the function's exit; ctx: a session's context. */
bool bpf_session_is_return(void *ctx);

/* A session's own word: what is written there at entry is there at exit. */
u64 *bpf_session_cookie(void *ctx);
