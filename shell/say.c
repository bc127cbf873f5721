// SPDX-License-Identifier: MIT
// The one form of all refusals.
#include "shell/say.h"
#include "kernel/io/print.h"
#include "shell/style.h"

enum err shell_fail(enum err e, const char *fmt, ...)
{
	char text[SENTENCE_LEN];
	struct strbuf s = STRBUF(text);
	va_list args;
	va_start(args, fmt);
	str_vprintf(&s, fmt, args);
	va_end(args);
	kprintf("%serror %s: %s%s\n", style(STYLE_REASON), err_name(e), text, style_end());
	return e;
}

enum err refuse_off(const char *what, struct strbuf *log)
{
	return str_refuse(log, ENOENT, "%s is not on", what);
}
