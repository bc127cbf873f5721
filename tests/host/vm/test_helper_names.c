// SPDX-License-Identifier: MIT
// vm/run/helper_names.c: the names are those of Linux's header on this system.
#include <linux/bpf.h>
#include "vm/run/helper_names.h"
#include "tests/test.h"
#include "vm/run/helper.h"

#define NAME(name) #name
static const char *const linux_names[] = { __BPF_FUNC_MAPPER(NAME) };

static const char *name_of(u32 id)
{
	static char text[96];
	struct strbuf s = STRBUF(text);
	text[0] = 0;
	helper_print_name(&s, id);
	return text;
}

static void check_name(const char *name, u32 id)
{
	char want[96] = "";
	struct strbuf s = STRBUF(want);
	str_printf(&s, "bpf_%s (%u)", name, id);
	check_str(want, name_of(id));
}

TEST(helper_names_are_those_of_linux)
{
	check(array_len(linux_names) > 200);
	for (u32 id = 1; id < array_len(linux_names); id++)
		check_name(linux_names[id], id);
	check_name("cgrp_storage_delete", 211);
}

TEST(helper_names_are_those_of_the_table)
{
	u32 found = 0;
	for (u32 id = 1; id <= 211; id++) {
		const struct helper *h = helper_find(id);
		if (h)
			check_name(h->name, id);
		found += h != NULL;
	}
	check(found > 20);
}

TEST(helper_names_end_where_linux_ends)
{
	check_str("0", name_of(0));
	check_str("212", name_of(212));
	check_str("-1", name_of(0xffffffff));
}

TEST(helper_names_come_with_what_is_here_instead)
{
	char text[96] = "";
	struct strbuf s = STRBUF(text);
	helper_print_instead(&s, BPF_FUNC_ktime_get_tai_ns);
	check_str("; bpf_ktime_get_ns is here", text);
	s = STRBUF(text);
	text[0] = 0;
	helper_print_instead(&s, BPF_FUNC_get_prandom_u32);
	helper_print_instead(&s, 4711);
	check_str("", text);
}
