/* SPDX-License-Identifier: MIT */
/* What a call of a function takes, in ticks of the time-stamp counter. With --icount a tick is one instruction,
 * and the figures are exact. */
#pragma once
#include "kernel/lib/types.h"

/* A function that can be called again and again, always with the same work; and the tracepoint that goes with
 * it. run makes that many calls, and maybe a few more, but always as many more. */
struct measure_drive {
	const char *func, *tracepoint;
	void (*run)(u32 calls), (*run_tracepoint)(u32 calls);
};
extern const struct measure_drive measure_drives[2];

/* NULL if it is not known how to call that function. */
const struct measure_drive *measure_drive_named(const char *func);

/* Ticks of MEASURE_CALLS calls, with interrupts off. N calls and 2 N are timed, and subtracted, so that what does
 * not belong to a call is not in it; of each the least of many rounds, so that what other CPUs did meanwhile is
 * not. It calls at least MEASURE_CALLS_IN_ALL times. */
enum { MEASURE_CALLS = 32, MEASURE_ROUNDS = 64, MEASURE_CALLS_IN_ALL = (MEASURE_ROUNDS + 1) * 3 * MEASURE_CALLS };
u64 measure_calls(void (*run)(u32 calls));

/* The ticks of a call, to the nearest, by which one measurement exceeds another; 0 if it does not. */
u64 measure_extra(u64 ticks, u64 base);

/* Whether a tick is an instruction. */
bool measure_is_exact(void);
