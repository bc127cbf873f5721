/* SPDX-License-Identifier: MIT */
/* What a program may name of the kernel: `extern ... __ksym`.
 *
 * - It may call the functions that are rows of one table, as helpers are.
 * - It may take the address of any function and of any global variable.
 * - In instructions both are BTF ids of the kernel, as on Linux (RFC 9669 section 4.3.2: src 2 of a call;
 *   5.4: src 3 of a 64-bit immediate). Without the kernel's BTF a program can name nothing. */
#pragma once
#include "kernel/lib/btf.h"
#include "vm/run/helper.h"

enum {
	KFUNC_SESSION_IS_RETURN = 1,
	KFUNC_SESSION_COOKIE,
	KFUNC_MSLEEP,
	KFUNC_ITER_NUM_NEW,
	KFUNC_ITER_NUM_NEXT,
	KFUNC_ITER_NUM_DESTROY,
	KFUNCS = KFUNC_ITER_NUM_DESTROY,
};

/* Finds all rows in the kernel's BTF. NULL forgets them. */
void kfunc_init(const struct btf *kernel);

/* Returns the kernel's own BTF, as kfunc_init got it. */
const struct btf *kfunc_types(void);

/* kfunc_find returns the row of the function with that BTF id; kfunc_named that of the function with that
 * name, if BTF knows it. NULL if no row fits. kfunc_btf_id returns the id of a row. */
const struct helper *kfunc_find(u32 btf_id);
const struct helper *kfunc_named(const char *name);
u32 kfunc_btf_id(const struct helper *kfunc);

/* Prints the names of all rows: "bpf_session_is_return, msleep". */
void kfunc_print_names(struct strbuf *s);

/* Returns the address of the function or variable with that id; 0 if it is neither, or not in the kernel. */
uptr ksym_address(u32 btf_id);

/* Returns the value of a 64-bit immediate of the program (RFC 9669 section 5.4): a number, or the address
 * of a map, of a byte in a map's value, or of a symbol of the kernel. Not for LD_FUNC: functions have
 * different addresses in the interpreter and the JIT. */
u64 prog_wide_value(const struct prog *p, const struct insn *in);

/* Returns the address of the symbol with that name, 0 if none has it; *btf_id is 0 if BTF does not know
 * it. */
uptr ksym_named(const char *name, u32 *btf_id);

/* Functions that programs may call; others are in iter.h. */

/* Whether this is the program's run at the function's exit. ctx is a session's context. */
bool bpf_session_is_return(void *ctx);

/* Returns the address of a session's own word. It keeps its value from entry to exit. */
u64 *bpf_session_cookie(void *ctx);
