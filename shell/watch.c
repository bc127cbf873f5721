// SPDX-License-Identifier: MIT
// The loop of the command watch.
#include "shell/watch.h"
#include "kernel/io/boot_info.h"
#include "kernel/io/print.h"
#include "kernel/io/progress.h"
#include "kernel/sched/sched.h"
#include "shell/parse.h"

enum { SECONDS_MOST = 3600, WATCH_LOOK_MS = 50 };

static void print_turn(u64 turn, u64 seconds, const char *line)
{
	if (boot_option("tty"))
		kprintf("\x1b[H\x1b[2Jevery %llu s until Ctrl-C: %s\n\n", seconds, line);
	else
		kprintf("--- %llu: %s ---\n", turn, line);
}

static enum err pause_for(u64 seconds)
{
	for (u64 ms = 0; ms < seconds * 1000; ms += WATCH_LOOK_MS) {
		if (progress_stop(0, 0))
			return EINTR;
		msleep(WATCH_LOOK_MS);
	}
	return OK;
}

enum err watch_run(char **args, enum err (*exec)(const char *line), struct strbuf *log)
{
	char line[PARSE_TEXT] = "";
	struct strbuf s = STRBUF(line);
	u64 seconds = 1, number;
	enum err e = OK;
	if (args[1] && parse_u64(args[0], &number)) {
		seconds = number;
		args++;
	}
	if (!seconds || seconds > SECONDS_MOST)
		return str_refuse(log, EINVAL, "%llu is not a number of seconds from 1 to %u", seconds,
				  (u32)SECONDS_MOST);
	for (; *args; args++)
		str_printf(&s, "%s%s", s.len ? " " : "", *args);
	for (u64 turn = 1; !e; turn++) {
		print_turn(turn, seconds, line);
		e = exec(line);
		if (!e)
			e = pause_for(seconds);
	}
	return e;
}
