// SPDX-License-Identifier: MIT
// Cuts a line into commands and words.
#include "kernel/shell/parse.h"
#include "kernel/lib/mem.h"

static const char *skip_spaces(const char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

/* Copies one word, without its quotes, behind what text holds; NULL if a quote stays open. */
static const char *take_word(const char *at, struct strbuf *text)
{
	char quote = 0;
	for (; *at; at++) {
		if (quote) {
			if (*at == quote)
				quote = 0;
			else
				str_putc(text, *at);
		} else if (*at == '"' || *at == '\'') {
			quote = *at;
		} else if (*at == ' ' || *at == '\t' || *at == ';') {
			break;
		} else {
			str_putc(text, *at);
		}
	}
	return quote ? NULL : at;
}

enum err parse_command(const char **at, struct words *w, struct strbuf *log)
{
	const char *p = skip_spaces(*at);
	u32 used = 0;
	*at += strlen(*at);
	w->argc = 0;
	for (; *p && *p != ';'; p = skip_spaces(p)) {
		struct strbuf word = { .buf = w->text + used, .cap = sizeof(w->text) - used };
		if (w->argc == PARSE_WORDS) {
			str_printf(log, "a command has at most %u words", PARSE_WORDS);
			return E2BIG;
		}
		p = take_word(p, &word);
		if (!p) {
			str_printf(log, "a quote is not closed");
			return EINVAL;
		}
		if (word.cut || word.cap < 2) {
			str_printf(log, "a command has at most %u characters", PARSE_TEXT - 1);
			return E2BIG;
		}
		word.buf[word.len] = 0;
		w->argv[w->argc++] = word.buf;
		used += word.len + 1;
	}
	w->argv[w->argc] = NULL;
	*at = *p ? p + 1 : p;
	return OK;
}
