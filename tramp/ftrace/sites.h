/* SPDX-License-Identifier: MIT */
/* Changes what the sites of functions with callbacks call. The caller holds tramp_lock. */
#pragma once
#include "tramp/ftrace/ftrace.h"
#include "tramp/ftrace/hash.h"

/* Makes ops->own, its own caller. ENOMEM */
enum err ftrace_make_caller(struct ftrace_ops *ops, struct strbuf *log);

/* For ops that joins the functions of h, or leaves them: makes each of their sites call what it must call
 * then. EBUSY: another owner has one of them; EINVAL: a site does not hold what it should. On failure every
 * site leads to the same users as before; an image of BPF's may have become one that is entered as if
 * called. */
enum err ftrace_change_sites(struct ftrace_ops *ops, struct ftrace_hash *h, bool join, struct strbuf *log);
