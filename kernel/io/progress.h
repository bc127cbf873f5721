/* SPDX-License-Identifier: MIT */
/* For work that may take longer than a second: Ctrl-C stops it, and a terminal shows how far it is.
 *
 *  - Every loop for which a command may wait calls progress_stop in each turn, and ends if that returns true.
 *    The function with the loop then undoes or reports what it has changed, and returns EINTR.
 *  - At most one command runs at a time. A thread that works for it may call progress_stop too. */
#pragma once
#include "kernel/lib/fmt.h"

/* Returns whether Ctrl-C has been typed that stopped no earlier command. It checks that ten times a second, and
 * otherwise only reads the clock. After one second a terminal shows how much is done ("5 of 10") in a line
 * that is written again and again; of 0 shows no line. Task context, interrupts on. */
bool progress_stop(u64 done, u64 of);

/* Wipes that line out. A command calls it before it prints. progress_stop calls it before it returns true. */
void progress_wipe(void);

/* Appends how far the work was when Ctrl-C was typed: "stopped at 5 of 10", or "stopped" if `of` was 0.
 * Appends nothing if Ctrl-C was not typed. */
void progress_print_stop(struct strbuf *s);

/* Wipes the line out and forgets the Ctrl-C that progress_stop has told of. The shell does it before and after each command that it runs. */
void progress_reset(void);
