/* SPDX-License-Identifier: MIT */
/* Functions of the kernel that a program may call by their names: `extern ... __ksym`. One table, rows as
 * of helpers; the loader makes of the name the row's number, which is the call's imm (src 2). On Linux
 * it is the function's BTF id. */
#pragma once
#include "vm/helper.h"

enum { KFUNC_SESSION_IS_RETURN = 1, KFUNC_SESSION_COOKIE, KFUNC_MSLEEP };

/* By number or by name; NULL if there is none. The row's name is the function's. */
const struct helper *kfunc_find(u32 number);
const struct helper *kfunc_named(const char *name);

/* "bpf_session_is_return, msleep", for people. */
void kfunc_print_names(struct strbuf *s);
