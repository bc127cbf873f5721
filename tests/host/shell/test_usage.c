// SPDX-License-Identifier: MIT
// What a usage says of the words of its command.
#include "tests/test.h"
#include "shell/usage.h"

static bool counts(const char *usage, u32 least, u32 most)
{
	u32 l, m;
	usage_count(usage, &l, &m);
	return l == least && m == most;
}

TEST(usage_counts_its_words)
{
	check(counts("", 0, 0));
	check(counts("FUNC", 1, 1));
	check(counts("PROG [FUNC|PATTERN] [cookie N]", 1, 4));
	check(counts("list|off|FUNC[+OFFSET] [HOW]", 1, 2));
	check(counts("[N] COMMAND ...", 1, USAGE_ANY));
}

TEST(usage_lists_the_alternatives_of_a_word)
{
	char word[USAGE_WORD];
	const char *usage = "list|FUNC[+OFFSET] [HOW] [cookie N]";
	check(usage_word(usage, 0, 0, word));
	check_str("list", word);
	check(usage_word(usage, 0, 1, word));
	check_str("FUNC", word);
	check(!usage_word(usage, 0, 2, word));
	check(usage_word(usage, 1, 0, word));
	check_str("HOW", word);
	check(usage_word(usage, 3, 0, word));
	check_str("N", word);
	check(!usage_word(usage, 4, 0, word) && !usage_word("", 0, 0, word));
}

TEST(usage_lists_words_and_none)
{
	check(usage_lists("list|dump", "list") && usage_lists("list|dump", "dump"));
	check(!usage_lists("list|dump", "lis") && !usage_lists("list|dump", "list|dump"));
	check(!usage_lists("list|dump", "") && usage_lists("|list", "") && usage_lists("|list", "list"));
	check(usage_lists("", "") && !usage_lists("", "x"));
	check(usage_lists("*", "") && usage_lists("*", "anything"));
}

TEST(usage_begins_with_an_alternative_or_a_kind)
{
	check(usage_begins("on|off", "off") && !usage_begins("on|off", "o") && !usage_begins("on|off", "of"));
	check(usage_begins("list|FUNC", "anything"));
}
