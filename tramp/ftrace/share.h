/* SPDX-License-Identifier: MIT */
/* Which users can have a site: BPF or ftrace, or, with `share on`, both.
 *
 * A shared site calls ftrace's common full-register caller. The caller runs the callbacks, restores all
 * registers, and goes to site->direct, BPF's image, with the stack as after a call from the site. So the
 * image must be one that is entered as if called (tramp_share). */
#pragma once
#include "tramp/ftrace/ftrace.h"

/* Whether sharing is on; off at boot. The caller of all functions here holds tramp_lock. */
bool share_mode(void);

/* EBUSY: sharing cannot be switched off while a site is shared; log names the site. */
enum err share_set_mode(bool on, struct strbuf *log);

/* Call it before ops takes the site. If the site has a program and sharing is on, it makes BPF's image one
 * that is entered as if called. EBUSY: the site has a program, or another ops that changes regs->ip; log
 * names it. Other errors as for tramp_share. */
enum err share_make_room(struct site *site, const struct ftrace_ops *ops, struct strbuf *log);

/* Returns OK if BPF can have a site that ftrace has, EBUSY if not; log names the ops. */
enum err share_check_bpf(const struct site *site, struct strbuf *log);
