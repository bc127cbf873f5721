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

/* BPF is about to claim site. OK: nobody else is there, or sharing is on, and the site calls the shared
 * caller now. EBUSY: ftrace is there, and who. EINVAL: the site does not hold what it should. */
enum err share_check_bpf(struct site *site, struct strbuf *log);

/* BPF has left site, site->tramp and site->direct are 0: ftrace may use a cheaper caller again. */
void share_bpf_left(struct site *site);

/* The same for ftrace, which passes what wants the site. With sharing on, BPF's image has the form that is
 * called when this returns OK. */
enum err share_check_ftrace(struct site *site, bool ipmodify, struct strbuf *log);
