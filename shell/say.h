/* SPDX-License-Identifier: MIT */
/* How the shell refuses. */
#pragma once
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"

#define SENTENCE_LEN 768 /* room for a refusal that names objects and programs */

/* What a command says when it is to end something that does not run; the same for all commands, and nothing changes:
 * ENOENT, and "X is not attached", which detach says of programs, or "X is not on". `detach all` alone succeeds,
 * because all of nothing is nothing. */
enum err refuse_off(const char *what, struct strbuf *log);

/* Prints "error EBUSY: " and the sentence, and returns e. */
enum err shell_fail(enum err e, const char *fmt, ...) printf_like(2, 3);
