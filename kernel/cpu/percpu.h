/* SPDX-License-Identifier: MIT */
/* This CPU's own variables (struct cpu, kernel/cpu/smp.h), by their offset in kernel/layout.h, each in one
 * instruction: so an interrupt comes before or after it, and a task that moves does it on one CPU. */
#pragma once
#include "kernel/cpu/x86_64/percpu.h"
