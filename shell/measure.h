/* SPDX-License-Identifier: MIT */
/* Measures a call of a function in ticks of the time-stamp counter. With --icount a tick is one instruction,
 * and the figures are exact. */
#pragma once
#include "kernel/lib/types.h"

/* A function whose calls always do the same work, and its tracepoint. run makes that many calls, and a few
 * more whose number does not depend on calls. */
struct measure_drive {
	const char *func, *tracepoint;
	void (*run)(u32 calls), (*run_tracepoint)(u32 calls);
};
extern const struct measure_drive measure_drives[2];

/* NULL if no drive calls that function. */
const struct measure_drive *measure_drive_named(const char *func);

/* Returns the ticks of MEASURE_CALLS calls, with interrupts off. It subtracts the time of N calls from that
 * of 2 N, so that the ends of the loop do not count. Of each it takes the least of many rounds, so that what
 * other CPUs did meanwhile does not count. It calls at least MEASURE_CALLS_IN_ALL times. */
enum {
	MEASURE_CALLS = 32,
	MEASURE_ROUNDS = 64,
	MEASURE_CALLS_IN_ALL = (MEASURE_ROUNDS + 1) * 3 * MEASURE_CALLS
};
u64 measure_calls(void (*run)(u32 calls));

/* The ticks a call by which ticks exceed base, both for MEASURE_CALLS calls, rounded; 0 if they do not. */
u64 measure_extra(u64 ticks, u64 base);

/* Whether a tick is an instruction. */
bool measure_is_exact(void);
