/* SPDX-License-Identifier: MIT */
/* Reports a program that runs for seconds. */
#pragma once

struct pt_regs;

/* For the tick. regs: what the tick interrupted. Prints once for each such run:
 * "CPU 1 has been in m3loop (m3loop.bpf.c:8) for 5 s". Has no site. */
void long_run_tick(const struct pt_regs *regs);
