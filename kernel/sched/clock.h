/* SPDX-License-Identifier: MIT */
/* Time: nanoseconds since boot, from the TSC. */
#pragma once
#include "kernel/lib/types.h"

#define HZ      250
#define NS_TICK (1000000000 / HZ)

/* Nanoseconds since boot; never goes back, the same on all CPUs. notrace. */
u64 ktime_get_ns(void);

/* How the time is computed: (TSC - tsc_base) * ns_per_tsc >> 32. False if it is computed otherwise. */
struct ktime_scale {
	u64 tsc_base, ns_per_tsc;
};
bool ktime_scale(struct ktime_scale *scale);

/* Busy-waits. */
void ndelay(u64 ns);

/* Measures the TSC and the APIC's timer against the PIT. Returns what the APIC's timer counts in a tick.
 * Before this, ktime_get_ns returns 0. After apic_init_cpu. */
u32 clock_init(void);
