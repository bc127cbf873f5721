// SPDX-License-Identifier: MIT
// Cuts lines into commands and writes the words back between bars.
#include "tests/test.h"
#include "kernel/lib/mem.h"
#include "shell/parse.h"

static struct words words;
static char log_text[128];

/* All commands of a line: "a|b; c", or the name of the error. */
static const char *parsed(const char *line)
{
	static char text[2 * PARSE_TEXT];
	struct strbuf s = STRBUF(text), log = STRBUF(log_text);
	const char *at = line;
	while (*at) {
		enum err e = parse_command(&at, &words, &log);
		str_puts(&s, at == line || !s.len ? "" : "; ");
		if (e)
			str_puts(&s, err_name(e));
		for (u32 i = 0; i < words.argc && !e; i++)
			str_printf(&s, "%s%s", i ? "|" : "", words.argv[i]);
	}
	return text;
}

TEST(parse_words_and_commands)
{
	static const struct {
		const char *line, *want;
	} rows[] = {
		{ "help", "help" },
		{ "  attach  my_wake_up\twake_up_process ", "attach|my_wake_up|wake_up_process" },
		{ "attach wakeup; work wake 10;trace", "attach|wakeup; work|wake|10; trace" },
		{ "echo 'a b;c' \"d 'e'\"", "echo|a b;c|d 'e'" },
		{ "a'b c'd", "ab cd" },
		{ "a ''", "a|" },
		{ "a; ;b", "a; ; b" },
		{ "a 'b; c", "EINVAL" },
		{ "a; \"b", "a; EINVAL" },
		{ "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16" },
		{ "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 '18;'; a", "E2BIG; a" },
	};
	for (u32 i = 0; i < array_len(rows); i++)
		check_str(rows[i].want, parsed(rows[i].line));
}

TEST(parse_refuses_what_is_too_long)
{
	char line[PARSE_TEXT + 2];
	memset(line, 'x', sizeof(line));
	line[PARSE_TEXT - 1] = 0;
	check_eq(PARSE_TEXT - 1, strlen(parsed(line)));
	line[PARSE_TEXT - 1] = 'x';
	line[PARSE_TEXT] = 0;
	check_str("E2BIG", parsed(line));
	line[0] = line[PARSE_TEXT - 3] = line[PARSE_TEXT - 1] = ' ';
	line[PARSE_TEXT] = 'y'; /* the last word begins where the text is full */
	line[PARSE_TEXT + 1] = 0;
	check_str("E2BIG", parsed(line));
}
