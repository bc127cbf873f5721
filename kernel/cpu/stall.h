/* SPDX-License-Identifier: MIT */
/* Waits for other CPUs that must not last for ever. */
#pragma once
#include "kernel/lib/types.h"

#define STALL_SECONDS 10

/* One wait; { 0 } when it begins. */
struct stall {
	u64 since;  /* when its round began */
	u32 rounds; /* rounds that are over */
	u32 cpu;    /* where the wait began; the caller may move */
};

/* For a caller that waits for something that these CPUs (bit n: CPU n) must do, and that calls this again and
 * again, a second or less apart. Panics when the wait has lasted STALL_SECONDS; the panic names a CPU, where
 * it is, and which program it runs. `what` says what has not happened: "a sync has not been answered".
 *
 * A CPU that is only slow must not count as one that hangs: an emulated CPU may not have run at all.
 * So a round of a second is over only when each of the CPUs has taken an NMI in it, and ten rounds make
 * ten seconds. A CPU that takes no NMI delays a round by two seconds at most. Any context; has no site. */
void stall_check(struct stall *s, u32 cpus, const char *what);

/* For an NMI's handler: this CPU has taken one. */
void stall_seen(void);

/* For the tick: panics if the next CPU's tick has not come for STALL_SECONDS. So a CPU that hangs with
 * interrupts off is found even if no CPU waits for it. */
void stall_tick(void);
