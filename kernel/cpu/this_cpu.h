/* SPDX-License-Identifier: MIT */
/* Reads and changes this CPU's own variables (struct cpu, kernel/cpu/smp.h), by their offset in
 * kernel/layout.h. Each function is one instruction: no interrupt comes in its middle, and a task that moves
 * executes it on one CPU. this_cpu_set (kernel/cpu/cpu.h) tells a CPU where its struct is, before anything
 * that has a site runs there. */
#pragma once
#include "kernel/cpu/x86_64/this_cpu.h"
