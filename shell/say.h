/* SPDX-License-Identifier: MIT */
/* How a command refuses. */
#pragma once
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"

#define SENTENCE_LEN 768 /* room for what a refusal says, with the names of objects and programs in it */

/* Prints "error EBUSY: " and the sentence; returns e, so that a command can end with it. */
enum err shell_fail(enum err e, const char *fmt, ...) printf_like(2, 3);
