// SPDX-License-Identifier: MIT
// Finds the command of a line, checks its arguments, runs it; and serves the terminal.
#include "shell/shell.h"
#include "kernel/io/boot_info.h"
#include "kernel/io/console.h"
#include "kernel/lib/mem.h"
#include "kernel/lib/nearest.h"
#include "kernel/io/power.h"
#include "kernel/io/print.h"
#include "kernel/io/progress.h"
#include "kernel/sched/sched.h"
#include "shell/complete.h"
#include "shell/demo.h"
#include "shell/demo_steps.h"
#include "shell/edit.h"
#include "shell/json.h"
#include "shell/linux_words.h"
#include "shell/load.h"
#include "shell/parse.h"
#include "shell/say.h"
#include "shell/style.h"
#include "shell/table.h"
#include "shell/usage.h"
#include "shell/watch.h"

/* clang-format off */
static const struct family {
	const char *title; /* NULL: of the family above */
	const struct command *commands;
} families[] = {
	{ "Functions", site_commands },
	{ NULL, poke_commands },
	{ "Programs", prog_commands },
	{ NULL, map_commands },
	{ "Trampolines", tramp_commands },
	{ NULL, cost_commands },
	{ "The old ways", ftrace_commands },
	{ NULL, kprobe_commands },
	{ "The machine", system_commands },
	{ "The shell", learn_commands },
	{ NULL, shell_commands },
};
/* clang-format on */

const struct command *shell_command(u32 i)
{
	for (u32 f = 0; f < array_len(families); f++)
		for (const struct command *c = families[f].commands; c->name; c++)
			if (i-- == 0)
				return c;
	return NULL;
}

static const struct command *find_command(const char *name)
{
	const struct command *c;
	for (u32 i = 0; (c = shell_command(i)); i++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

static enum err refuse_command(const char *name, struct strbuf *log)
{
	struct nearest n = { .wrong = name };
	const struct command *c;
	for (u32 i = 0; (c = shell_command(i)); i++)
		nearest_offer(&n, c->name);
	str_printf(log, "there is no command %s", name);
	nearest_print(&n, log, "; help lists them all");
	return ENOENT;
}

/* Removes a -j that is the last word, or stands behind bpftool, where people of Linux write it. */
static bool take_json(struct words *w)
{
	u32 at = w->argc - 1;
	if (strcmp(w->argv[0], "bpftool") == 0 && at && strcmp(w->argv[1], "-j") == 0)
		at = 1;
	if (!at || strcmp(w->argv[at], "-j") || strcmp(w->argv[0], "watch") == 0)
		return false; /* that of watch is for the command that it repeats */
	memmove(w->argv + at, w->argv + at + 1, (w->argc - at) * sizeof(*w->argv));
	w->argc--;
	return true;
}

static enum err run_as_json(const struct command *c, char **args, struct strbuf *log)
{
	if (!c->tables || !usage_lists(c->tables, args[0] ? args[0] : ""))
		return str_refuse(log, EINVAL, "%s%s%s prints no table that -j could turn into JSON", c->name,
				  args[0] ? " " : "", args[0] ? args[0] : "");
	json_begin();
	return json_end(c->run(args, log), log);
}

static enum err run_command(struct words *w, struct strbuf *log)
{
	bool as_json = take_json(w);
	enum err e = linux_words(w, log);
	if (e)
		return e;
	const struct command *c = find_command(w->argv[0]);
	u32 least, most, count = w->argc - 1;
	if (!c)
		return refuse_command(w->argv[0], log);
	usage_count(c->usage, &least, &most);
	if (count < least || count > most || (count && !usage_begins(c->usage, w->argv[1])))
		return refuse_usage(c, c->name, log);
	return as_json ? run_as_json(c, w->argv + 1, log) : c->run(w->argv + 1, log);
}

/* Says that Ctrl-C stopped a command, unless that has been said; text is what the command says about it. */
static void tell_of_stop(const char *text)
{
	char where[64] = "";
	struct strbuf s = STRBUF(where);
	progress_print_stop(&s);
	if (s.len)
		kprintf("%s%s%s\n", where, *text ? ": " : "", text);
	progress_reset();
}

/* Runs commands one after the other, until Ctrl-C stops one. If announce is true, it prints each before it runs,
 * unless the machine is to be quiet. */
static enum err run_line(const char *line, bool announce)
{
	announce = announce && !boot_option("quiet");
	enum err first = OK;
	progress_reset();
	while (*line) {
		char text[SENTENCE_LEN] = "";
		struct strbuf log = STRBUF(text);
		struct words w;
		const char *begin = line;
		enum err e = parse_command(&line, &w, &log);
		while (*begin == ' ')
			begin++;
		if (announce && (e || w.argc))
			kprintf("%s%.*s\n", PROMPT, (int)(line - begin) - (line[-1] == ';'), begin);
		if (!e && w.argc)
			e = run_command(&w, &log);
		if (e == EINTR) {
			tell_of_stop(text);
			return e;
		}
		progress_reset();
		if (e && log.len)
			shell_fail(e, "%s", text);
		first = first ? first : e;
	}
	return first;
}

enum err shell_exec(const char *line)
{
	return run_line(line, true);
}
MAY_SLEEP(shell_exec);

static void help_line(const struct command *c)
{
	enum { HELP = 37 };
	if (style_columns() < 80)
		kprintf("  %s %s\n    %s\n", c->name, c->usage, c->help);
	else
		kprintf("  %s %-*s %s\n", c->name, HELP - 1 - (int)strlen(c->name), c->usage, c->help);
}

/* Prints a text under a label, which may be "". */
static void help_part(const char *label, const char *text)
{
	enum { INDENT = 2, LABEL = 10 };
	u32 column = INDENT + (*label ? LABEL : 0);
	kprintf("%*s%-*s", INDENT, "", (int)(column - INDENT), label);
	print_wrapped(text, column, column);
}

static void help_more(const struct command *c)
{
	kprintf("%s%s%s %s\n", style(STYLE_NAME), c->name, style_end(), c->usage);
	help_part("", c->about);
	help_part("example", c->example);
	help_part("on Linux", c->on_linux);
}

/* For programs that drive the shell. */
static enum err help_table(struct strbuf *log)
{
	const struct command *c;
	struct table t;
	table_begin(&t, "*command|usage|help|example|prints a table|tables");
	for (u32 i = 0; (c = shell_command(i)); i++)
		table_add(&t, "%s\t%s\t%s\t%s\t%s\t%s", c->name, c->usage, c->help, c->example,
			  c->tables ? "yes" : "no", c->tables ? c->tables : "");
	return table_print(&t, log);
}

static enum err cmd_help(char **args, struct strbuf *log)
{
	if (json_is_on())
		return help_table(log);
	if (args[0]) {
		const struct command *c = find_command(args[0]);
		if (!c)
			return refuse_command(args[0], log);
		help_more(c);
		return OK;
	}
	for (u32 i = 0; i < array_len(families); i++) {
		if (families[i].title)
			kprintf("%s\n", families[i].title);
		for (const struct command *c = families[i].commands; c->name; c++)
			help_line(c);
	}
	print_wrapped("Several on one line: a; b. Tab completes, arrow up brings back old lines, Ctrl-C "
		      "stops what runs. -j behind a command that prints a table prints it as JSON. "
		      "OBJECT/PROG and OBJECT/MAP say which, where two objects have a name. An object is "
		      "called like its file without .bpf.o; no two have one name. site, tramp and prog take "
		      "places, too, as audit and panics print them: FUNC+0x5, or an address. bpftool's "
		      "words are understood: prog dump xlated name PROG.",
		      0, 0);
	return OK;
}

static void complete_commands(struct edit_matches *m)
{
	const struct command *c;
	for (u32 i = 0; (c = shell_command(i)); i++)
		edit_offer(m, c->name);
}

/* The commands of the demo have said why they fail; this adds nothing. */
static enum err cmd_demo(char **args, struct strbuf *log)
{
	u64 first = 1;
	if (args[0] && (!parse_u64(args[0], &first) || first < 1 || first > demo_step_count))
		return str_refuse(log, EINVAL, "%s is not a step of the demo: say 1 to %u", args[0],
				  demo_step_count);
	return demo_run((u32)first, boot_option("tty") != NULL, shell_exec);
}

static enum err run_unannounced(const char *line)
{
	return run_line(line, false);
}

static enum err cmd_watch(char **args, struct strbuf *log)
{
	return watch_run(args, run_unannounced, log);
}

const struct command shell_commands[] = {
	{ "demo", "[N]", "a guided walk through the mechanism", cmd_demo,
	  "Walks through the mechanism, from five bytes of nop to programs that watch the kernel, from step "
	  "N on. It runs commands that can be typed here, and leaves nothing attached.",
	  "demo", "nothing", .tables = NULL },
	{ "help", "[COMMAND]", "this list, or more about one command", cmd_help,
	  "Lists the commands, or says more about one of them. Each has an example that works as it stands, "
	  "and what does the same on Linux.",
	  "help attach", "man; bpftool help", .tables = "" },
	{ "watch", "[N] COMMAND ...", "repeat a command until Ctrl-C", cmd_watch,
	  "Runs a command again and again, with a pause of one second, or of N seconds, until Ctrl-C. "
	  "Several commands need quotes; one that fails ends it.",
	  "watch 2 'work net 100; map dump freed_per_cpu'", "watch -n 2 bpftool map dump name freed_per_cpu",
	  .tables = NULL },
	{ 0 },
};

/* What Tab offers for each kind of word. */
static const struct kind {
	const char *name;
	void (*offer)(struct edit_matches *m);
} kinds[] = {
	{ "COMMAND", complete_commands },  { "FUNC", complete_functions },
	{ "PROG", complete_programs },     { "KIND", complete_kinds_of_code },
	{ "NAME", complete_maps },         { "TRACEPOINT", complete_tracepoints },
	{ "HOW", complete_ways_to_probe },
};

static void complete_argument(struct edit_matches *m, const char *usage, u32 index)
{
	char word[USAGE_WORD];
	for (u32 i = 0; usage_word(usage, index, i, word); i++) {
		if (!usage_is_kind(word))
			edit_offer(m, word);
		for (u32 k = 0; k < array_len(kinds); k++)
			if (strcmp(kinds[k].name, word) == 0)
				kinds[k].offer(m);
	}
}

/* How many words stand before the command that watch repeats; 0 without watch. */
static u32 words_of_watch(const struct words *w)
{
	u64 seconds;
	if (!w->argc || strcmp(w->argv[0], "watch"))
		return 0;
	return w->argc > 1 && parse_u64(w->argv[1], &seconds) ? 2 : 1;
}

/* The command of the word begins behind the last ';'. */
static void complete(struct edit_matches *m, const char *line, u32 word)
{
	char before[EDIT_LINE], ignored[64];
	const char *at = before;
	struct strbuf log = STRBUF(ignored);
	struct words w = { 0 };
	str_copy(before, line, min(word + 1, EDIT_LINE));
	for (const char *p = before; *p; p++)
		if (*p == ';')
			at = p + 1;
	if (parse_command(&at, &w, &log))
		return;
	u32 first = words_of_watch(&w);
	if (w.argc == first) {
		complete_commands(m);
		return;
	}
	const struct command *c = find_command(w.argv[first]);
	if (c)
		complete_argument(m, c->usage, w.argc - first - 1);
}

/* Reads lines and runs them until the input ends. */
static void serve(void)
{
	static struct edit edit;
	edit.prompt = PROMPT;
	edit.echo = boot_option("tty") != NULL;
	edit.columns = style_columns();
	edit.write = kputs;
	edit.complete = complete;
	for (;;) {
		enum edit_result result = EDIT_MORE;
		edit_begin(&edit);
		while (result == EDIT_MORE)
			result = edit_key(&edit, (char)console_getc());
		if (result == EDIT_END)
			return;
		if (edit.is_cut && !edit.echo)
			shell_fail(E2BIG, "the line is longer than %u characters; it is not run",
				   EDIT_LINE - 1);
		else
			run_line(edit.line, !edit.echo);
	}
}

void shell_start(void)
{
	if (boot_info.cmdline_is_cut) {
		shell_fail(E2BIG, "the boot command line, with its commands, is too long; nothing is done");
		machine_exit(false);
	}
	const char *commands = boot_option("exec");
	style_init();
	enum err e = load_all();
	if (commands) {
		enum err failed = shell_exec(commands);
		e = e && failed != EINTR ? e : failed;
	} else {
		if (boot_option("demo"))
			e = demo_run(1, boot_option("tty") != NULL, shell_exec);
		if (boot_option("tty") || !boot_option("demo"))
			serve();
	}
	if (e == EINTR)
		machine_exit_stopped();
	machine_exit(e == OK);
}
