/* SPDX-License-Identifier: MIT */
/* How the shell refuses. */
#pragma once
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"

#define SENTENCE_LEN 768 /* room for a refusal that names objects and programs */

/* Prints "error EBUSY: " and the sentence, and returns e. */
enum err shell_fail(enum err e, const char *fmt, ...) printf_like(2, 3);
