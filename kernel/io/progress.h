/* SPDX-License-Identifier: MIT */
/* Work that may take longer than a second: Ctrl-C stops it, and a terminal shows how far it is.
 *
 *  - Every loop that a command may wait for calls progress_stop in each turn, and ends when that returns true.
 *    What it was part of returns EINTR, after it has undone or said what it has changed.
 *  - At most one command runs at a time. A thread that works for it may call progress_stop too. */
#pragma once
#include "kernel/lib/fmt.h"

/* Returns whether Ctrl-C has been typed since progress_reset. It looks ten times a second; so it costs little
 * more than a look at the clock. From the second second on, a terminal shows `done of of` in one line that is
 * written again and again; not if of is 0. Task context, interrupts on. */
bool progress_stop(u64 done, u64 of);

/* Wipes that line out; before the command prints. progress_stop has done so when it returns true. */
void progress_wipe(void);

/* Prints "stopped at 5 of 10", or "stopped" if there is no such number: where it was when Ctrl-C was typed.
 * Prints nothing if it was not. */
void progress_print_stop(struct strbuf *s);

/* Wipes the line out and forgets a Ctrl-C. The shell does it before and after each command that it runs. */
void progress_reset(void);
