/* SPDX-License-Identifier: MIT */
/* The guided walk: from five bytes of nop to programs that watch the kernel. */
#pragma once
#include "kernel/lib/err.h"

/* Shows the steps from number `first` (1: all of them) to the last, and runs their commands by exec
 * (shell_exec). To begin later than at the first step, or to go back, it attaches what the steps before would
 * have attached, and detaches all else. If pause is true, it waits for a key after each step. Leaves nothing
 * attached. Returns the first error of a command, unless the step is about that error. */
enum err demo_run(u32 first, bool pause, enum err (*exec)(const char *line));
