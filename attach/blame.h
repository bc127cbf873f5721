/* SPDX-License-Identifier: MIT */
/* The teller of kernel/cpu/blame.h: which programs run on a CPU, and which are attached to a function. */
#pragma once

/* Once, at boot. */
void attach_blame_init(void);
