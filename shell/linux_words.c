// SPDX-License-Identifier: MIT
// One table of Linux's commands, and what they are called here.
#include "shell/linux_words.h"
#include "kernel/lib/mem.h"

#define ANY "*" /* in runs: the word for which typed has a "*" */

enum { RUNS = 4 };

/* The first row that fits a command counts. */
static const struct linux_command {
	const char *typed;      /* a pattern for each of its first words */
	const char *runs[RUNS]; /* the words that do it here; then typed fits only as a whole */
	const char *here;       /* otherwise: what to type */
} commands[] = {
	{ "* --help", .runs = { "help", ANY } },
	{ "* -h", .runs = { "help", ANY } },
	{ "?", .runs = { "help" } },
	{ "prog show", .runs = { "prog", "list" } },
	{ "prog list name *", .runs = { "prog", "show", ANY } },
	{ "prog show name *", .runs = { "prog", "show", ANY } },
	{ "prog dump xlated name *", .runs = { "prog", "dump", ANY, "xlated" } },
	{ "prog dump jited name *", .runs = { "prog", "dump", ANY, "jited" } },
	{ "prog tracelog", .runs = { "trace", "follow" } },
	{ "map show", .runs = { "map", "list" } },
	{ "map dump name *", .runs = { "map", "dump", ANY } },
	{ "link list", .runs = { "links" } },
	{ "link show", .runs = { "links" } },
	{ "prog * id", .here = "programs have names: prog list shows them" },
	{ "prog dump * id", .here = "programs have names: prog list shows them" },
	{ "prog load*", .here = "the launcher's --load FILE.bpf.o loads, and attach PROG attaches" },
	{ "prog *tach", .here = "attach PROG attaches, and detach PROG detaches" },
	{ "map dump id", .here = "maps have names: map list shows them" },
	{ "map lookup", .here = "map dump NAME prints all of a map" },
	{ "link detach", .here = "detach PROG detaches, and links lists what is attached" },
	{ "btf",
	  .here = "funcs FUNC prints a function's types; on the host, make build/vmlinux.h writes all" },
	{ "bpftool", .here = "type its words: prog list, map list, link list" },
	{ "bpftrace -l*", .here = "funcs PATTERN and tracepoints list what can be traced" },
	{ "bpftrace", .here = "attach PROG FUNC attaches a program, and ftrace FUNC counts calls" },
	{ "perf probe", .here = "kprobe FUNC+OFFSET and kretprobe FUNC set probes" },
	{ "perf", .here = "cost PROG and compare kfree_skb measure, and stats on counts runs of programs" },
	{ "trace-cmd", .here = "graph FUNC writes calls to the trace buffer, and trace prints it" },
	{ "dmesg", .here = "trace prints what programs wrote; the kernel writes to this terminal" },
	{ "cat *tracing/trace", .here = "trace prints the trace buffer" },
	{ "cat *tracing/trace_pipe", .here = "trace follow prints its lines as they come" },
	{ "cat *available_filter_functions", .here = "funcs lists what can be traced" },
	{ "cat *available_events", .here = "tracepoints lists them" },
	{ "cat *enabled_functions", .here = "links and ftrace list show what is attached" },
	{ "cat *kprobes/list", .here = "kprobe list shows the probes" },
	{ "cat */kallsyms", .here = "funcs lists the functions with their addresses" },
	{ "cat */cpuinfo", .here = "cpus lists the CPUs" },
	{ "cat */meminfo", .here = "mem prints the memory in use" },
	{ "cat", .here = "there are no files; help lists the commands" },
	{ "ls", .here = "there are no files; prog list, map list and funcs list what exists" },
	{ "cd", .here = "there are no files; help lists the commands" },
	{ "echo * > *bpf_stats_enabled", .here = "stats on counts the runs of programs" },
	{ "echo", .here = "ftrace FUNC, graph FUNC and kprobe FUNC do what writing to tracefs does" },
	{ "*top", .here = "watch ps repeats the list of tasks, and stats shows the time that programs take" },
	{ "free", .here = "mem prints the memory in use" },
	{ "lscpu", .here = "cpus lists the CPUs" },
	{ "uname", .here = "this is fivebyte; cpus and mem describe the machine" },
	{ "modprobe", .here = "there are no modules; the launcher's --load FILE.bpf.o loads programs" },
	{ "*mod",
	  .here = "there are no modules; prog list lists the programs, and --load FILE.bpf.o brings more" },
	{ "sysctl", .here = "stats on counts the runs of programs" },
	{ "ping", .here = "work net N sends N packets" },
	{ "strace", .here = "there are no processes; attach PROG FUNC traces a function of the kernel" },
	{ "gdb", .here = "make gdb on the host starts it" },
	{ "objdump", .here = "tramp FUNC and prog dump PROG jited print machine code" },
	{ "lab*", .here = "learn lists them, and make lab N=1 in a terminal of your own begins one" },
	{ "make", .here = "type it in a terminal of your own, in fivebyte's folder" },
	{ "man", .here = "help COMMAND says more about a command" },
	{ "clear", .here = "Ctrl-L clears the screen" },
	{ "history", .here = "arrow up brings back old lines" },
	{ "exit", .here = "poweroff ends the session, and Ctrl-] x ends QEMU" },
	{ "quit", .here = "poweroff ends the session, and Ctrl-] x ends QEMU" },
	{ "shutdown", .here = "poweroff ends the session" },
	{ "reboot", .here = "poweroff ends the session" },
	{ "halt", .here = "poweroff ends the session" },
	{ "nproc", .here = "cpus lists the CPUs" },
	{ "kill", .here = "no command ends a task; detach PROG ends what a program does" },
	{ "ip", .here = "the one device is loopback; work net N sends N packets through it" },
};

static void drop_first(struct words *w)
{
	memmove(w->argv, w->argv + 1, w->argc * sizeof(*w->argv));
	w->argc--;
}

/* A ? alone is no pattern: people type it for help. */
static bool word_fits(const char *word, const char *pattern)
{
	return strcmp(pattern, "?") ? str_matches(word, pattern) : strcmp(word, "?") == 0;
}

/* Returns how many words typed has if they are the first of the command, otherwise 0. *any: which is ANY. */
static u32 fits(const char *typed, const struct words *w, u32 *any)
{
	u32 count = 0;
	while (*typed) {
		char pattern[32];
		u32 len = str_until(typed, ' ');
		str_copy(pattern, typed, min(len + 1, (u32)sizeof(pattern)));
		typed += len + (typed[len] == ' ');
		if (count == w->argc || !word_fits(w->argv[count], pattern))
			return 0;
		*any = strcmp(pattern, ANY) == 0 ? count : *any;
		count++;
	}
	return count;
}

static void replace(struct words *w, const struct linux_command *c, u32 any)
{
	char *kept = w->argv[any];
	for (w->argc = 0; w->argc < RUNS && c->runs[w->argc]; w->argc++) {
		char *word = (char *)c->runs[w->argc];
		w->argv[w->argc] = strcmp(word, ANY) == 0 ? kept : word;
	}
	w->argv[w->argc] = NULL;
}

static enum err say(const struct words *w, u32 count, const char *here, struct strbuf *log)
{
	str_puts(log, "there is no ");
	for (u32 i = 0; i < count; i++)
		str_printf(log, "%s%s", i ? " " : "", w->argv[i]);
	str_printf(log, " here; %s", here);
	return ENOENT;
}

enum err linux_words(struct words *w, struct strbuf *log)
{
	while (w->argc > 1 && (strcmp(w->argv[0], "sudo") == 0 || strcmp(w->argv[0], "bpftool") == 0))
		drop_first(w);
	for (const struct linux_command *c = commands; c < commands + array_len(commands); c++) {
		u32 any = 0, count = fits(c->typed, w, &any);
		if (count && c->here)
			return say(w, count, c->here, log);
		if (count && w->argc == count) {
			replace(w, c, any);
			return OK;
		}
	}
	return OK;
}
