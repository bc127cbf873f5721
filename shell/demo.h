/* SPDX-License-Identifier: MIT */
/* The guided walk: from five bytes of nop to programs that watch the kernel. */
#pragma once
#include "kernel/lib/err.h"

/* Shows every step; after each it waits for a key if pause. Leaves nothing attached. Gives the first
 * error of a command that it ran. */
enum err demo_run(bool pause);
