// SPDX-License-Identifier: MIT
// The state of the command that runs now. Spaces wipe its line out, because every screen understands them.
#include "kernel/io/progress.h"
#include "kernel/io/boot_info.h"
#include "kernel/io/console.h"
#include "kernel/io/print.h"
#include "kernel/sched/clock.h"

enum { LOOK_NS = 100000000, SHOW_NS = 1000000000 };

static struct {
	u64 begin_ns, next_look_ns;
	u64 done, of; /* at the last look */
	bool is_stopped;
	u32 shown; /* the length of the line on the terminal */
} now;

void progress_wipe(void)
{
	char text[80];
	struct strbuf s = STRBUF(text);
	if (!now.shown)
		return;
	str_printf(&s, "\r%*s\r", (int)now.shown, "");
	kputs(s.buf, s.len);
	now.shown = 0;
}

static void show_line(void)
{
	char text[80];
	struct strbuf s = STRBUF(text);
	if (!boot_option("tty") || boot_option("quiet"))
		return;
	progress_wipe();
	str_printf(&s, "%llu of %llu; Ctrl-C stops it", now.done, now.of);
	kputs(s.buf, s.len);
	now.shown = s.len;
}

bool progress_stop(u64 done, u64 of)
{
	u64 ns = ktime_get_ns();
	if (now.is_stopped || ns < now.next_look_ns)
		return now.is_stopped;
	now.next_look_ns = ns + LOOK_NS;
	now.done = done;
	now.of = of;
	now.is_stopped = console_interrupted();
	if (now.is_stopped)
		progress_wipe();
	else if (of && ns - now.begin_ns > SHOW_NS)
		show_line();
	return now.is_stopped;
}

void progress_print_stop(struct strbuf *s)
{
	if (now.is_stopped)
		str_puts(s, "stopped");
	if (now.is_stopped && now.of)
		str_printf(s, " at %llu of %llu", now.done, now.of);
}

void progress_reset(void)
{
	progress_wipe();
	now.begin_ns = ktime_get_ns();
	now.next_look_ns = now.begin_ns;
	now.done = now.of = 0;
	now.is_stopped = false;
}
