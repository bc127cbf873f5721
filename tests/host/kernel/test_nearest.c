// SPDX-License-Identifier: MIT
// kernel/lib/nearest: how far names are from each other, and when one is near enough to be offered.
#include "kernel/lib/mem.h"
#include "kernel/lib/nearest.h"
#include "tests/test.h"

TEST(nearest_counts_edits)
{
	static const struct {
		const char *a, *b;
		u32 edits;
	} cases[] = {
		{ "", "", 0 },
		{ "", "ab", 2 },
		{ "kfree_skb", "kfree_skb", 0 },
		{ "kfree_sbk", "kfree_skb", 1 }, /* swapped */
		{ "KFREE_SBK", "kfree_skb", 1 },
		{ "free_skb", "kfree_skb", 1 }, /* inserted */
		{ "kkfree_skb", "kfree_skb", 1 },
		{ "kfree-skb", "kfree_skb", 1 },
		{ "wakeup_proces", "wake_up_process", 2 },
		{ "attach", "detach", 2 },
		{ "ATTACH", "attach", 0 },
		{ "abc", "xyz", 3 },
	};
	for (u32 i = 0; i < array_len(cases); i++) {
		check_eq(cases[i].edits, nearest_edits(cases[i].a, cases[i].b, 8));
		check_eq(cases[i].edits, nearest_edits(cases[i].b, cases[i].a, 8));
		if (cases[i].edits > 1)
			check_eq(2, nearest_edits(cases[i].a, cases[i].b, 1));
	}
}

TEST(nearest_of_long_names)
{
	char a[NEAREST_LEN + 2], b[NEAREST_LEN + 2];
	memset(a, 'a', sizeof(a));
	memset(b, 'a', sizeof(b));
	a[NEAREST_LEN] = b[NEAREST_LEN] = 0;
	b[NEAREST_LEN - 1] = 'b';
	check_eq(1, nearest_edits(a, b, 3));
	a[NEAREST_LEN] = 'a';
	a[NEAREST_LEN + 1] = 0;
	check_eq(4, nearest_edits(a, a, 3));
}

static const char *said_of(const char *wrong)
{
	static const char *const names[] = { "links", "site", "attach", "detach", "ps", "wake_up_process" };
	static char text[64];
	struct strbuf s = STRBUF(text);
	struct nearest n = { .wrong = wrong };
	for (u32 i = 0; i < array_len(names); i++)
		nearest_offer(&n, names[i]);
	text[0] = 0;
	nearest_print(&n, &s, "; no idea");
	return text;
}

TEST(nearest_offers_only_what_is_near)
{
	check_str("; did you mean links?", said_of("link"));
	check_str("; did you mean links?", said_of("lnks"));
	check_str("; did you mean site?", said_of("stie"));
	check_str("; did you mean attach?", said_of("atach"));
	check_str("; did you mean detach?", said_of("dettach"));
	check_str("; did you mean attach?", said_of("ATTACH"));
	check_str("; did you mean wake_up_process?", said_of("wakeup_proces"));
	check_str("; did you mean attach?", said_of("attach")); /* itself, and no other one after it */
	check_str("; did you mean wake_up_process?", said_of("wake_up_proc"));
	check_str("; no idea", said_of("wake_up_pro"));
	check_str("; no idea", said_of("p"));
	check_str("; no idea", said_of("frob"));
	check_str("; no idea", said_of(""));
}
