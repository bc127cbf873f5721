/* SPDX-License-Identifier: MIT */
/* The guided walk: from five bytes of nop to programs that watch the kernel. */
#pragma once
#include "kernel/lib/err.h"

/* Shows every step, its commands run by exec (shell_exec); after each it waits for a key if pause. Leaves
 * nothing attached. Returns the first error of a command. */
enum err demo_run(bool pause, enum err (*exec)(const char *line));
