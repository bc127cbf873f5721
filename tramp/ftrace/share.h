/* SPDX-License-Identifier: MIT */
/* Who owns a site: BPF or ftrace, or, with `share on`, both.
 *
 * A shared site calls ftrace's common full-register caller. That runs the callbacks, puts all registers
 * back, and goes to site->direct, BPF's image, with the stack as a call from the site would have left it:
 * so the image must be of the form that is called, see tramp_share. */
#pragma once
#include "tramp/ftrace/ftrace.h"

/* Off at boot. All of these under tramp_lock. */
bool share_mode(void);

/* EBUSY: off is refused while a site is shared, and which one. */
enum err share_set_mode(bool on, struct strbuf *log);

/* Whether ops may have the site: no program is there, or sharing is on and BPF's image is made to be called. EBUSY:
 * a program is there, or another ops that changes regs->ip, and which one. */
enum err share_check_ftrace(struct site *site, const struct ftrace_ops *ops, struct strbuf *log);

/* Whether BPF may have a site that ftrace has. EBUSY: no, and which ops is there. */
enum err share_check_bpf(const struct site *site, struct strbuf *log);
