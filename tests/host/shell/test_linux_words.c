// SPDX-License-Identifier: MIT
// shell/linux_words: bpftool's words become this shell's; for a command of another tool there is a sentence.
#include "kernel/lib/mem.h"
#include "shell/linux_words.h"
#include "tests/test.h"

/* Returns the words that line becomes, with a space between them, or the sentence that refuses it. */
static const char *becomes(const char *line)
{
	static char text[256];
	struct strbuf s = STRBUF(text);
	struct words w;
	text[0] = 0;
	if (!check_eq(OK, parse_command(&line, &w, &s)))
		return text;
	enum err e = linux_words(&w, &s);
	check_eq(e ? ENOENT : OK, e);
	check(!w.argv[w.argc]);
	for (u32 i = 0; i < w.argc && !e; i++)
		str_printf(&s, "%s%s", i ? " " : "", w.argv[i]);
	return text;
}

TEST(linux_words_of_bpftool_become_ours)
{
	check_str("prog list", becomes("prog show"));
	check_str("prog list", becomes("bpftool prog show"));
	check_str("prog list", becomes("sudo bpftool prog list"));
	check_str("prog show p", becomes("prog show name p"));
	check_str("prog dump p xlated", becomes("prog dump xlated name p"));
	check_str("prog dump p;q jited", becomes("bpftool prog dump jited name 'p;q'"));
	check_str("map dump m", becomes("bpftool map dump name m"));
	check_str("links", becomes("link list"));
	check_str("help attach", becomes("attach --help"));
	check_str("help attach", becomes("sudo attach -h"));
	check_str("help", becomes("?"));
}

TEST(linux_words_leave_other_commands_alone)
{
	check_str("prog show p", becomes("prog show p"));
	check_str("prog dump xlated name", becomes("prog dump xlated name"));
	check_str("prog dump xlated name p q", becomes("prog dump xlated name p q"));
	check_str("map show m", becomes("map show m"));
	check_str("prog dump p jited", becomes("prog dump p jited"));
	check_str("attach cat ls", becomes("attach cat ls"));
	check_str("sudo", becomes("sudo"));
	check_str("attach p --help", becomes("attach p --help"));
	check_str("frob 1", becomes("frob 1"));
	check_str("x", becomes("x"));
}

TEST(linux_words_say_what_to_type)
{
	check_str(
	    "there is no dmesg here; trace prints what programs wrote; the kernel writes to this terminal",
	    becomes("dmesg -w"));
	check_str("there is no cat /sys/kernel/debug/tracing/trace_pipe here; trace follow prints its lines "
		  "as they come",
		  becomes("sudo cat /sys/kernel/debug/tracing/trace_pipe"));
	check_str("there is no cat here; there are no files; help lists the commands", becomes("cat readme"));
	check_str("there is no prog dump xlated id here; programs have names: prog list shows them",
		  becomes("prog dump xlated id 5"));
	check_str("there is no bpftool here; type its words: prog list, map list, link list",
		  becomes("bpftool"));
}
