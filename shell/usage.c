// SPDX-License-Identifier: MIT
// Reads the usage of a command.
#include "shell/usage.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/mem.h"

void usage_count(const char *usage, u32 *least, u32 *most)
{
	u32 depth = 0;
	*least = *most = 0;
	for (const char *at = usage; *at; at++) {
		depth += *at == '[';
		depth -= *at == ']';
		if (*at == '.') {
			*most = USAGE_ANY;
			return;
		}
		if (at == usage || at[-1] == ' ') {
			*least += !depth;
			*most += 1;
		}
	}
}

static bool ends_alternative(char ch)
{
	return !ch || ch == ' ' || ch == '|' || ch == '[' || ch == ']';
}

bool usage_word(const char *usage, u32 index, u32 i, char word[USAGE_WORD])
{
	struct strbuf s = { .buf = word, .cap = USAGE_WORD };
	for (; *usage && index; usage++)
		index -= *usage == ' ';
	usage += *usage == '[';
	for (; *usage && *usage != ' ' && i; usage++)
		i -= *usage == '|';
	if (i)
		return false;
	while (!ends_alternative(*usage))
		str_putc(&s, *usage++);
	return s.len > 0;
}

bool usage_lists(const char *alternatives, const char *word)
{
	u32 len = str_until(alternatives, '|');
	if (strcmp(alternatives, "*") == 0)
		return true;
	if (strlen(word) == len && strncmp(alternatives, word, len) == 0)
		return true;
	return alternatives[len] && usage_lists(alternatives + len + 1, word);
}

bool usage_is_kind(const char *alternative)
{
	return *alternative >= 'A' && *alternative <= 'Z';
}

bool usage_begins(const char *usage, const char *word)
{
	char alternative[USAGE_WORD];
	for (u32 i = 0; usage_word(usage, 0, i, alternative); i++)
		if (usage_is_kind(alternative) || strcmp(alternative, word) == 0)
			return true;
	return false;
}

enum err refuse_usage(const struct command *family, const char *name, struct strbuf *log)
{
	while (strcmp(family->name, name))
		family++;
	return str_refuse(log, EINVAL, "usage: %s %s", name, family->usage);
}
