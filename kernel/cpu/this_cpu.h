/* SPDX-License-Identifier: MIT */
/* This CPU's own variables (struct cpu, kernel/cpu/smp.h), by their offset in kernel/layout.h, each in one
 * instruction: so an interrupt comes before or after it, and a task that moves does it on one CPU. The CPU is
 * told where its struct is by this_cpu_set (kernel/cpu/cpu.h), before anything that has a site runs there. */
#pragma once
#include "kernel/cpu/x86_64/this_cpu.h"
