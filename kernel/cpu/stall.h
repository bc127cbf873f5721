/* SPDX-License-Identifier: MIT */
/* Waits for other CPUs that must not last for ever. */
#pragma once
#include "kernel/lib/types.h"

#define STALL_SECONDS 10

/* One wait; { 0 } when it begins. */
struct stall {
	u64 since;  /* when its round began */
	u32 rounds; /* those that are over */
	u32 cpu;    /* where it began; the caller may move */
};

/* A caller that waits for something that these CPUs (bit n: CPU n) must do calls it again and again, a second
 * or less apart. Panics when it has waited for STALL_SECONDS. what says what did not happen: "a sync has not
 * been answered". The panic names the CPU, where it is and which program it runs.
 *
 * A CPU that is only slow must not count as one that hangs: an emulated one may not have run at all.
 * So a round of a second is over only when each of the CPUs has taken an NMI in it, and ten rounds make
 * ten seconds; one that takes no NMI for three seconds is not waited for. Any context; has no site. */
void stall_check(struct stall *s, u32 cpus, const char *what);

/* For an NMI's handler: this CPU has taken one. */
void stall_seen(void);

/* For the tick: whether the next CPU's still comes. It is what finds a CPU that hangs with interrupts off
 * while no CPU waits for it. */
void stall_tick(void);
