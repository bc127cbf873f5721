/* SPDX-License-Identifier: MIT */
/* How one CPU makes the others do something.
 *
 * - A call and a hold need interrupts on, and no lock held that an interrupted CPU could be spinning for.
 * - A CPU may ask for a sync while a call is in progress, but not for a call while a sync is.
 * - Each panics if a CPU does not answer for STALL_SECONDS (kernel/cpu/stall.h). */
#pragma once
#include "kernel/lib/types.h"

/* Sets the handlers, and this CPU's APIC id. After apic_init_cpu. */
void ipi_init(void);

/* Runs fn(arg) in interrupt context on every other online CPU, and returns when all have returned. */
void smp_call_others(void (*fn)(void *arg), void *arg);

/* Runs fn(arg) here while every other CPU waits in its handler, interrupts off, with its stack pointer in
 * cpu->kernel_sp: a still picture of the whole machine. fn must take no lock. Neither fn nor what it calls
 * may have a site: a program that does not end there could not be reported by any CPU. */
void smp_hold_others(void (*fn)(void *arg), void *arg);

/* Returns when every online CPU, this one too, has executed a serialising instruction (SDM vol. 3,
 * "Handling Self- and Cross-Modifying Code"). notrace throughout: the patcher runs through it. */
void smp_sync_cores(void);

/* Stops all other CPUs for ever, whatever they are doing. Waits until they have stopped, for a second at
 * most. For a panic. notrace. */
void smp_stop_others(void);
