/* SPDX-License-Identifier: MIT */
/* The guided walk: from five bytes of nop to programs that watch the kernel. */
#pragma once
#include "kernel/lib/err.h"

/* Shows all steps and runs their commands by exec (shell_exec). If pause is true, it waits for a key after
 * each step. Leaves nothing attached. Returns the first error of a command. */
enum err demo_run(bool pause, enum err (*exec)(const char *line));
