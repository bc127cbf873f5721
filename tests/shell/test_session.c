// SPDX-License-Identifier: MIT
// A random session of the shell: 1,000 lines made from the table of commands that help prints, most of them
// sensible, some garbled. The machine survives all of them; and when all is detached, audit is clean.
//
// A line follows its command's usage: for "list|off|FUNC [regs]" it is one of the alternatives, with or
// without what stands in brackets. A new command is part of the session once its usage has only words that
// make_word knows.
#include "tests/stress/stress.h"
#include "tests/test.h"
#include "kernel/io/boot_info.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "shell/load.h"
#include "shell/shell.h"
#include "shell/usage.h"
#include "tramp/text/site.h"
#include "tramp/text/tracepoint.h"
#include "vm/object.h"
#include "vm/run/map.h"

#define LINES     1000
#define PER_BLOCK 25 /* lines until all is detached and audited */

static struct stress_random random;
static bool replaces; /* the line names a program that replaces results */

static u32 below(u32 n)
{
	return stress_random(&random, n);
}

/* These end the session or do not end, take minutes, or break a site until they are called again. */
static bool is_left_out(const struct command *c)
{
	static const char *const names[] = { "poweroff", "demo", "compare", "poke-test", "watch" };
	for (u32 i = 0; i < array_len(names); i++)
		if (strcmp(c->name, names[i]) == 0)
			return true;
	return false;
}

static const struct object *any_object(void)
{
	const struct object *o = object_first();
	for (u32 i = below(8); i && o->next; i--)
		o = o->next;
	return below(4) ? o : object_first();
}

static const char *program(void)
{
	const struct object *o = any_object();
	const struct prog *p = o->progs[below(o->prog_count)];
	replaces |= p->type == PROG_FMOD_RET;
	return p->name;
}

static const char *object(void)
{
	const struct object *o = any_object();
	for (u32 i = 0; i < o->prog_count; i++)
		replaces |= o->progs[i]->type == PROG_FMOD_RET;
	return o->name;
}

/* The name of a program or a map, sometimes with its object's before it. */
static const char *name(void)
{
	static char whole[128];
	struct strbuf s = STRBUF(whole);
	const struct object *o = any_object();
	const char *map = o->map_count ? o->maps[below(o->map_count)]->name : NULL;
	if (!map || below(2))
		return program();
	if (below(4))
		return map;
	str_printf(&s, "%s/%s", o->name, map);
	return whole;
}

/* A result of a program must not replace a pointer that its caller then follows. */
static const char *function(void)
{
	static const char *const busy[] = { "kfree_skb",    "wake_up_process", "netif_receive_skb",
					    "schedule",     "alloc_skb",       "sched_tick",
					    "mutex_lock",   "kmalloc",         "__do_softirq",
					    "page_alloc",   "call_rcu",        "kprintf",
					    "count_fentry", "no_such_function" };
	if (replaces)
		return "send_frame";
	return below(2) ? busy[below(array_len(busy))] : site_nth(below(site_count()))->name;
}

static const char *one_of(const char *const words[], u32 count)
{
	return words[below(count)];
}

#define ONE_OF(...) \
	one_of((const char *const[]){ __VA_ARGS__ }, array_len(((const char *const[]){ __VA_ARGS__ })))

/* A value for a word of usage; the word itself if it is not in capitals. NULL if it is unknown. */
static const char *make_word(const char *word)
{
	if (word[0] < 'A' || word[0] > 'Z')
		return word;
	if (strcmp(word, "FUNC") == 0 || strcmp(word, "FUNC[+OFFSET]") == 0)
		return function();
	if (strcmp(word, "PATTERN") == 0)
		return replaces ? "send_frame"
				: ONE_OF("*", "*skb*", "s*", "zz*", "?*", "", "**a*b*", "net*");
	if (strcmp(word, "PROG") == 0)
		return below(3) ? program() : object();
	if (strcmp(word, "OBJECT") == 0)
		return object();
	if (strcmp(word, "NAME") == 0)
		return name();
	if (strcmp(word, "N") == 0)
		return ONE_OF("0", "1", "5", "20", "60", "0x10", "-1", "99999999999", "18446744073709551616",
			      "x");
	if (strcmp(word, "CHAPTER") == 0)
		return ONE_OF("1", "19", "0", "99", "x");
	if (strcmp(word, "TRACEPOINT") == 0)
		return tracepoint_nth(below(tracepoint_count()))->name;
	if (strcmp(word, "KIND") == 0)
		return ONE_OF("xlated", "jited");
	if (strcmp(word, "HOW") == 0)
		return ONE_OF("int3", "jump", "ftrace", "auto");
	if (strcmp(word, "COMMAND") == 0)
		return shell_command(below(20))->name;
	return NULL;
}

/* One of the alternatives in usage[len], or sometimes another word. */
static void add_word(struct strbuf *line, const char *usage, u32 len)
{
	char words[64], *word = words;
	u32 alternatives = 1;
	str_copy(words, usage, min(len + 1, (u32)sizeof(words)));
	for (u32 i = 0; i < len; i++)
		alternatives += words[i] == '|';
	for (u32 chosen = below(alternatives); chosen; chosen--)
		while (*word++ != '|')
			;
	for (char *end = word; *end; end++)
		if (*end == '|')
			*end = '\0';
	const char *made = make_word(word);
	if (!check(made)) {
		kprintf("     \"%s\" of \"%s\"\n", word, usage);
		return;
	}
	if (below(16) == 0)
		made = ONE_OF("", "'", "%s%n", "[a-z]*", "xlated", "jited", "on", "cookie", "a;b");
	str_printf(line, " %s", made);
	if (strcmp(word, "FUNC[+OFFSET]") == 0 && below(2))
		str_puts(line, ONE_OF("+0", "+5", "+17", "+0x2c", "+99999", "+-1", "+x", "+"));
}

/* Words of usage from left to right, those in brackets only sometimes. */
static void add_words(struct strbuf *line, const char *usage)
{
	bool in_brackets = false, taken = true;
	while (*usage) {
		u32 len = 0;
		if (*usage == '[') {
			in_brackets = true;
			taken = below(2);
			usage++;
		}
		if (strncmp(usage, "[OBJECT/]", 9) == 0) /* of a name; the name alone will do */
			usage += 9;
		while (usage[len] && usage[len] != ' ' && !(in_brackets && usage[len] == ']'))
			len++;
		if (taken)
			add_word(line, usage, len);
		usage += len;
		if (in_brackets && *usage == ']') {
			in_brackets = false;
			taken = true;
			usage++;
		}
		while (*usage == ' ')
			usage++;
	}
}

/* The more words a command takes, the more often it is chosen; those that only list take none. */
static const struct command *any_command(void)
{
	const struct command *c;
	u32 least, most, count = 0;
	while (shell_command(count))
		count++;
	do {
		c = shell_command(below(count));
		usage_count(c->usage, &least, &most);
	} while (is_left_out(c) || below(16) > most * most);
	return c;
}

static void make_line(struct strbuf *line)
{
	const struct command *c = any_command();
	replaces = false;
	str_puts(line, c->name);
	add_words(line, c->usage);
}

/* Each of these may find nothing to detach. */
static void take_all_off(void)
{
	shell_exec("detach all; ftrace off; graph off; kprobe off; hijack off; share off; stats off");
	check_eq(OK, shell_exec("entry jmp; audit"));
}

TEST(session_of_1000_random_lines)
{
	const char *option = boot_option("seed");
	u64 seed = 1;
	require(!option || parse_u64(option, &seed));
	random.state = seed * 0x9e3779b97f4a7c15ull | 1;
	require(load_all() == OK);
	for (u32 i = 0; i < LINES; i++) {
		char text[256] = "";
		struct strbuf line = STRBUF(text);
		make_line(&line);
		if (str_matches(text, "trace follow*")) /* until Ctrl-C */
			continue;
		shell_exec(text);
		if (i % PER_BLOCK == PER_BLOCK - 1)
			take_all_off();
	}
	check_eq(OK, shell_exec("work net 20; mem; poke-test kfree_skb; poke-test kfree_skb; audit"));
	kprintf("     seed %llu, %u lines\n", seed, LINES);
}
