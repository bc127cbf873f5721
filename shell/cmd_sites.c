// SPDX-License-Identifier: MIT
// Commands about functions and their sites: funcs, site, poke-test, audit, tracepoints.
#include "kernel/lib/inject.h"
#include "kernel/lib/mem.h"
#include "kernel/lib/x86.h"
#include "kernel/io/print.h"
#include "shell/command.h"
#include "shell/left_out.h"
#include "shell/place.h"
#include "shell/show.h"
#include "shell/style.h"
#include "shell/table.h"
#include "tramp/ftrace/ftrace.h"
#include "tramp/text/audit.h"
#include "tramp/text/poke.h"
#include "tramp/text/tracepoint.h"
#include "tramp/tramp.h"

/* A pattern without * and ? matches the names that contain it. */
static void make_pattern(struct strbuf *s, const char *pattern)
{
	bool wide = str_is_pattern(pattern);
	str_printf(s, "%s%s%s", wide ? "" : "*", pattern, wide ? "" : "*");
}

static void func_row(struct table *t, const struct site *site)
{
	char text[SENTENCE_LEN] = "(no type information)";
	struct strbuf s = STRBUF(text);
	if (site->btf_id)
		btf_print_func(&s, site_btf(), site->btf_id);
	table_add(t, "%lx\t%s\t%s", site->addr, site->tramp ? "traced" : "",
		  site->btf_id ? text : site->name);
}

static enum err cmd_funcs(char **args, struct strbuf *log)
{
	char wide[512];
	struct table t;
	u32 found = 0;
	make_pattern(&STRBUF(wide), args[0] ? args[0] : "*");
	table_begin(&t, "address|state|function");
	t.key = "functions";
	tramp_lock();
	for (u32 i = 0; i < site_count(); i++) {
		if (!str_matches(site_nth(i)->name, wide))
			continue;
		func_row(&t, site_nth(i));
		found++;
	}
	tramp_unlock();
	enum err e = table_print(&t, log);
	if (!e)
		e = left_out_print(NULL, wide, log);
	if (e)
		return e;
	table_note("%u of the %u functions that can be traced", found, site_count());
	return OK;
}

static u32 count_callbacks(const struct site *site)
{
	u32 count = 0;
	for (struct ftrace_ops *o = ftrace_next_ops(NULL); o; o = ftrace_next_ops(o))
		count += ftrace_wants(o, site->addr);
	return count;
}

static void print_site(const struct site *site)
{
	char found[96], wanted[16], what[SENTENCE_LEN];
	struct strbuf s = STRBUF(found), w = STRBUF(wanted), text = STRBUF(what);
	u8 now[SITE_LEN], expected[SITE_LEN];
	memcpy(now, (const void *)site->addr, SITE_LEN);
	ftrace_site_bytes(site, expected);
	show_site_bytes(&s, now, x86_nop(SITE_LEN));
	str_hex(&w, expected, SITE_LEN, " ");
	kprintf("%s%s%s at %lx\n", style(STYLE_NAME), site->name, style_end(), site->addr);
	if (memcmp(now, expected, SITE_LEN)) {
		kprintf("  %s   %sNOT what belongs here, which is %s%s\n", found, style(STYLE_REASON), wanted,
			style_end());
		return;
	}
	show_insn(&text, now, SITE_LEN, site->addr);
	kprintf("  %s   %s\n", found, what);
	if (site->ftrace)
		kprintf("  as expected: %u callback%s of ftrace\n", count_callbacks(site),
			count_callbacks(site) == 1 ? "" : "s");
	if (site->tramp)
		kprintf("  as expected: %u program%s attached\n", show_programs(site->tramp),
			show_programs(site->tramp) == 1 ? "" : "s");
	if (!site->ftrace && !site->tramp)
		kprintf("  as expected: nothing is attached\n");
	if (injection_of(site->name))
		kprintf("  may fail: a fmod_ret program can take its place\n");
	show_inlined(site->name);
}

static enum err cmd_site(char **args, struct strbuf *log)
{
	struct site *site;
	enum err e = show_find_site(&site, args[0], log);
	if (e)
		return e;
	place_print(args[0]);
	tramp_lock();
	print_site(site);
	tramp_unlock();
	return OK;
}

/* The nop of clang. It does the same as that of gcc, but the patcher must refuse it. */
static const u8 other_nop[SITE_LEN] = { 0x0f, 0x1f, 0x44, 0x00, 0x08 };

/* Uses poke_batch, since other CPUs may execute the function meanwhile. */
static enum err toggle(const struct site *site, struct strbuf *log)
{
	struct poke p = { .addr = site->addr };
	memcpy(p.old, (const void *)site->addr, SITE_LEN);
	if (memcmp(p.old, other_nop, SITE_LEN) == 0)
		ftrace_site_bytes(site, p.new);
	else
		memcpy(p.new, other_nop, SITE_LEN);
	return poke_batch(&p, 1, log);
}

static enum err cmd_poke_test(char **args, struct strbuf *log)
{
	struct site *site;
	enum err e = show_find_site(&site, args[0], log);
	if (e)
		return e;
	tramp_lock();
	e = toggle(site, log);
	if (!e)
		print_site(site);
	tramp_unlock();
	return e;
}

static void print_line(const char *line)
{
	kprintf("%s\n", line);
}

static enum err cmd_audit(unused char **args, struct strbuf *log)
{
	tramp_lock();
	u32 bad = audit(print_line);
	tramp_unlock();
	return bad ? str_refuse(log, EINVAL, "text is not what it should be") : OK;
}

/* Shows the prototype of its function under its own name: "sched_wakeup(struct task_struct * p)". */
static void tracepoint_row(struct table *t, const struct tracepoint *tp)
{
	static const char prefix[] = "void __traceiter_";
	char text[SENTENCE_LEN] = "(no type information)";
	struct strbuf s = STRBUF(text);
	const char *prototype = text;
	if (tp->site->btf_id)
		btf_print_func(&s, site_btf(), tp->site->btf_id);
	if (strncmp(text, prefix, sizeof(prefix) - 1) == 0)
		prototype += sizeof(prefix) - 1;
	table_add(t, "%u\t%u\t%s", tp->users, tp->branches, prototype);
}

static enum err cmd_tracepoints(char **args, struct strbuf *log)
{
	struct table t;
	u32 found = 0;
	table_begin(&t, ">users|>places|tracepoint");
	t.key = "tracepoints";
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
	table_note("%u of %u tracepoints", found, tracepoint_count());
	return OK;
}

const struct command site_commands[] = {
	{ "funcs", "[FUNC|PATTERN]", "functions that can be traced, with types", cmd_funcs,
	  "Lists the functions that begin with a site, each with its prototype from BTF. A word without * "
	  "and ? matches every name that contains it.",
	  "funcs *skb*", "cat /sys/kernel/tracing/available_filter_functions", .tables = "*" },
	{ "site", "FUNC", "the five bytes at a function's entry", cmd_site,
	  "Prints the five bytes at the head of a function, and what they mean. It says so if they are not "
	  "what belongs there.",
	  "attach skbcount; site kfree_skb; detach skbcount", "in gdb on /proc/kcore: x/5xb kfree_skb",
	  .tables = NULL },
	{ "poke-test", "FUNC", "break a site on purpose, or mend it", cmd_poke_test,
	  "Writes five wrong bytes to a site, so that audit finds them and attach refuses. The second time "
	  "it mends the site.",
	  "poke-test kfree_skb; site kfree_skb; poke-test kfree_skb",
	  "nothing; ftrace_bug() reports a site like that and switches ftrace off", .tables = NULL },
	{ "audit", "", "is every byte of text as it should be?", cmd_audit,
	  "Compares every byte of text, and of generated code, with what should be there. A changed byte "
	  "must be explained by a link, a callback or a probe.",
	  "attach skbcount; audit; detach skbcount",
	  "nothing; each patcher checks only the bytes that it replaces", .tables = NULL },
	{ "tracepoints", "[TRACEPOINT|PATTERN]", "tracepoints: users, places, arguments", cmd_tracepoints,
	  "Lists the tracepoints: how many users each has, in how many places it is called, and its "
	  "arguments. Programs in raw_tp and tp_btf sections attach to them.",
	  "tracepoints sched*", "cat /sys/kernel/tracing/available_events", .tables = "*" },
	{ 0 },
};
