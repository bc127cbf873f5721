/* SPDX-License-Identifier: MIT */
/* Who owns a site: BPF or ftrace, or, with `share on`, both.
 *
 * A shared site calls ftrace's common full-register caller. That runs the callbacks, puts all registers
 * back, and goes to site->direct, BPF's image, with the stack as a call from the site would have left it:
 * so the image must be of the form that is called, see tramp_share. */
#pragma once
#include "tramp/text/site.h"

/* Off at boot. All of these under tramp_lock. */
bool share_mode(void);

/* EBUSY: off is refused while a site is shared, and which one. */
enum err share_set_mode(bool on, struct strbuf *log);

/* Makes ftrace the neighbour of trampolines (tramp/tramp.h). Once, at boot. */
void share_init(void);

/* ftrace is about to claim site, for an ops that changes ip or not. OK: no trampoline is there, or sharing is on,
 * and BPF's image has the form that is called. EBUSY: a program is there, and which one. */
enum err share_check_ftrace(struct site *site, bool ipmodify, struct strbuf *log);
