// SPDX-License-Identifier: MIT
// The command tracepoints.
#include "kernel/lib/btf.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "shell/command.h"
#include "shell/table.h"
#include "tramp/text/site.h"
#include "tramp/text/tracepoint.h"
#include "tramp/tramp.h"

/* "sched_wakeup(struct task_struct * p)": its function's prototype, under its own name. */
static void tracepoint_row(struct table *t, const struct tracepoint *tp)
{
	static const char prefix[] = "void __traceiter_";
	char text[160] = "(no type information)";
	struct strbuf s = STRBUF(text);
	const char *prototype = text;
	if (tp->site->btf_id)
		btf_print_func(&s, site_btf(), tp->site->btf_id);
	if (strncmp(text, prefix, sizeof(prefix) - 1) == 0)
		prototype += sizeof(prefix) - 1;
	table_cell(t, "%u", tp->users);
	table_cell(t, "%u", tp->branches);
	table_cell(t, "%s", prototype);
}

static enum err cmd_tracepoints(char **args, struct strbuf *log)
{
	struct table t;
	u32 found = 0;
	table_begin(&t, ">users|>places|tracepoint");
	tramp_lock();
	for (u32 i = 0; i < tracepoint_count(); i++) {
		if (args[0] && !str_matches(tracepoint_nth(i)->name, args[0]))
			continue;
		tracepoint_row(&t, tracepoint_nth(i));
		found++;
	}
	tramp_unlock();
	enum err e = table_print(&t, log);
	if (e)
		return e;
	kprintf("%u of %u tracepoints\n", found, tracepoint_count());
	return OK;
}

/* clang-format off */
const struct command tracepoint_commands[] = {
	{ "tracepoints", "[TRACEPOINT|PATTERN]", "tracepoints: users, places, arguments", cmd_tracepoints },
	{ 0 },
};
/* clang-format on */
