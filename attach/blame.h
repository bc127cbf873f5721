/* SPDX-License-Identifier: MIT */
/* Tells kernel/cpu/blame.h about programs: which run on a CPU, which are attached to a function. */
#pragma once

/* Once, at boot. */
void attach_blame_init(void);
