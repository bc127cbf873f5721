// SPDX-License-Identifier: MIT
// Cuts a line into commands and words.
#include "shell/parse.h"
#include "kernel/lib/mem.h"

static const char *skip_spaces(const char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

/* Appends one word without its quotes to text. Returns where it ends; NULL if a quote is not closed. */
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

/* Why the word just taken cannot stay, or NULL. */
static const char *word_error(const struct words *w, const struct strbuf *word)
{
	if (w->argc == PARSE_WORDS)
		return "a command has at most 16 words";
	if (word->cut || word->cap < 2)
		return "a command has at most 511 characters";
	return NULL;
}
_Static_assert(PARSE_WORDS == 16 && PARSE_TEXT == 512, "the sentences above");

/* Reads a command that is too long to its end, so that the next one is found. */
enum err parse_command(const char **at, struct words *w, struct strbuf *log)
{
	const char *p = skip_spaces(*at), *error = NULL;
	u32 used = 0;
	*at += strlen(*at);
	w->argc = 0;
	for (; *p && *p != ';'; p = skip_spaces(p)) {
		struct strbuf word = { .buf = w->text + used, .cap = sizeof(w->text) - used };
		p = take_word(p, &word);
		if (!p)
			return str_refuse(log, EINVAL, "a quote is not closed");
		error = error ? error : word_error(w, &word);
		if (error)
			continue;
		word.buf[word.len] = 0;
		w->argv[w->argc++] = word.buf;
		used += word.len + 1;
	}
	*at = *p ? p + 1 : p;
	w->argv[w->argc] = NULL;
	if (!error)
		return OK;
	return str_refuse(log, E2BIG, "%s", error);
}
