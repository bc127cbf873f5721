/* SPDX-License-Identifier: MIT */
/* Cuts a line into commands and their words. A ';' ends a command, spaces and tabs separate words, and
 * quotes, '...' or "...", keep all of these in a word. Pure. */
#pragma once
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"

#define PARSE_WORDS 16
#define PARSE_TEXT  512

struct words {
	u32 argc;
	char *argv[PARSE_WORDS + 1]; /* into text; NULL behind the last */
	char text[PARSE_TEXT];
};

/* Reads the next command from *at, and moves *at behind its ';'. argc is 0 for an empty command, and so at
 * the end of the line. E2BIG: the command is too long or has too many words. EINVAL: a quote is not closed;
 * *at is then at the end of the line. */
enum err parse_command(const char **at, struct words *w, struct strbuf *log);
