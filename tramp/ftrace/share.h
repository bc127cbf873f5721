/* SPDX-License-Identifier: MIT */
/* Which users can have a site: BPF or ftrace, or, with `share on`, both.
 *
 * A shared site calls ftrace's common full-register caller. The caller runs the callbacks, restores all
 * registers, and goes to site->direct, BPF's image, with the stack as after a call from the site. So the
 * image must be made to be called, see tramp_share. */
#pragma once
#include "tramp/ftrace/ftrace.h"

/* Off at boot. The caller of each of these holds tramp_lock. */
bool share_mode(void);

/* EBUSY: off is refused while a site is shared; log names it. */
enum err share_set_mode(bool on, struct strbuf *log);

/* Before ops takes the site. If a program is there and sharing is on, BPF's image becomes one that is
 * called. EBUSY: a program is there, or another ops that changes regs->ip; log names it. Else as
 * tramp_share. */
enum err share_make_room(struct site *site, const struct ftrace_ops *ops, struct strbuf *log);

/* Whether BPF can have a site that ftrace has. EBUSY: no; log names the ops. */
enum err share_check_bpf(const struct site *site, struct strbuf *log);
