/* SPDX-License-Identifier: MIT */
/* From a line to commands: words between spaces, '...' and "..." keep spaces and ';', a ';' outside
 * quotes ends a command. Pure. */
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

/* Takes the next command from *at and moves it behind its ';'. argc is 0 for an empty command, as at
 * the end of the line. E2BIG: too long or too many words. EINVAL: a quote is not closed; *at is then at
 * the end of the line. */
enum err parse_command(const char **at, struct words *w, struct strbuf *log);
