// SPDX-License-Identifier: MIT
// Commands about programs: prog list|show|dump, attach, detach, links.
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "kernel/io/progress.h"
#include "kernel/sched/sched.h"
#include "shell/command.h"
#include "shell/json.h"
#include "shell/left_out.h"
#include "shell/place.h"
#include "shell/show.h"
#include "shell/table.h"
#include "shell/usage.h"
#include "attach/attach.h"
#include "vm/disasm.h"
#include "vm/object.h"
#include "vm/run/map.h"
#include "vm/run/mistake.h"
#include "vm/source.h"

/* The number of links as a person counts them; prog->links counts images that call it, old ones too. */
static u32 links_of(const struct prog *p)
{
	u32 count = 0;
	links_lock();
	for (const struct link *l = link_next(NULL); l; l = link_next(l))
		count += l->prog == p;
	links_unlock();
	return count;
}

static void prog_row(struct table *t, const struct object *o, const struct prog *p)
{
	table_add(t, "%s\t%s\t%s\t%s\t%u\t%u\t%u", p->name, o->name, prog_type_name(p->type), p->target,
		  p->insn_count, p->text.len, links_of(p));
}

static enum err prog_list(struct strbuf *log)
{
	struct table t;
	table_begin(&t, "*program|object|type|function|>insns|>bytes|>links");
	for (const struct object *o = object_first(); o; o = o->next)
		for (u32 i = 0; i < o->prog_count; i++)
			prog_row(&t, o, o->progs[i]);
	return table_print(&t, log);
}

static void show_stages(const struct prog *p)
{
	char tag[24] = "";
	struct strbuf s = STRBUF(tag);
	str_hex(&s, p->tag, sizeof(p->tag), "");
	kprintf("  loaded     %u instructions, tag %s, section %s\n", p->insn_count, tag, p->section);
	if (p->state >= PROG_VERIFIED)
		kprintf("  verified   %u bytes of stack%s%s\n", p->facts.stack_depth,
			p->facts.calls ? "; runs code that could be traced" : "",
			p->facts.per_cpu ? "; stays on its CPU" : "");
	if (p->state >= PROG_COMPILED)
		kprintf("  %s %u bytes at %lx, %s\n", p->mode == PROG_JIT ? "compiled  " : "interpreted",
			p->text.len, p->text.base, p->text.name);
}

static void show_mistakes(const struct prog *p)
{
	char text[160] = "";
	struct strbuf s = STRBUF(text);
	mistake_print(&s, p);
	if (s.len)
		kprintf("  mistakes   %s\n", text);
}

static enum err prog_show(const struct prog *p)
{
	const struct object *o = p->object;
	char text[SENTENCE_LEN] = "";
	struct strbuf s = STRBUF(text);
	if (p->btf_func_id)
		btf_print_func(&s, &o->btf, p->btf_func_id);
	kprintf("%s: %s program of %s\n", p->name, prog_type_name(p->type), o->name);
	if (s.len)
		kprintf("  in C       %s\n", text);
	show_stages(p);
	kprintf("  links      %u, %llu runs missed\n", links_of(p), p->missed);
	show_mistakes(p);
	for (u32 i = 0; i < o->map_count; i++)
		kprintf("  map        %s\n", o->maps[i]->name);
	return OK;
}

static void print_source(const struct prog *p, u32 insn_idx)
{
	u32 line;
	const char *source = source_text(p, insn_idx, &line);
	if (source)
		kprintf("; %s\n", source);
}

/* With -j: a row for each instruction; line and source stand where a line of C begins. */
static enum err list_xlated(const struct prog *p, struct strbuf *log)
{
	struct table t;
	table_begin(&t, ">insn|op|text|>line|source");
	t.key = "insns";
	for (u32 i = 0; i < p->insn_count; i += 1 + insn_is_wide(&p->insns[i])) {
		char text[SENTENCE_LEN] = "";
		struct strbuf s = STRBUF(text);
		u32 line = 0;
		const char *source = source_text(p, i, &line);
		insn_print(&s, p, i);
		table_add(&t, "%u\t%02x\t%s", i, p->insns[i].op, text);
		table_add(&t, source ? "%u\t%s" : "\t", line, source);
	}
	return table_print(&t, log);
}

static enum err dump_xlated(const struct prog *p, struct strbuf *log)
{
	if (json_is_on())
		return list_xlated(p, log);
	for (u32 i = 0; i < p->insn_count; i++) {
		char text[SENTENCE_LEN] = "";
		struct strbuf s = STRBUF(text);
		if (progress_stop(0, 0))
			return EINTR;
		print_source(p, i);
		insn_print(&s, p, i);
		kprintf("%4u: (%02x) %s\n", i, p->insns[i].op, text);
		i += insn_is_wide(&p->insns[i]);
	}
	return OK;
}

/* With -j: a row for each machine instruction, with the last eBPF instruction that begins at it; those that
 * became no machine code of their own are left out. */
static enum err list_jited(const struct prog *p, struct strbuf *log)
{
	struct table t;
	table_begin(&t, ">at|bytes|text|>insn");
	t.key = "insns";
	for (u32 at = 0, insn = 0, len; at < p->text.len; at += len) {
		char text[SENTENCE_LEN] = "", hex[64] = "";
		struct strbuf s = STRBUF(text), h = STRBUF(hex);
		const u8 *code = (const u8 *)p->text.base + at;
		len = show_insn(&s, code, p->text.len - at, p->text.base + at);
		str_hex(&h, code, len, " ");
		while (p->insn_at && insn + 1 < p->insn_count && p->insn_at[insn + 1] <= at)
			insn++;
		table_add(&t, "%u\t%s\t%s\t%u", at, hex, text, insn);
	}
	return table_print(&t, log);
}

/* Prints one machine instruction, and returns its length. */
static u32 dump_machine(const struct text *t, u32 at)
{
	char text[SENTENCE_LEN] = "", hex[64] = "";
	struct strbuf s = STRBUF(text), h = STRBUF(hex);
	const u8 *code = (const u8 *)t->base + at;
	u32 len = show_insn(&s, code, t->len - at, t->base + at);
	str_hex(&h, code, len, " ");
	kprintf("%4x: %-30s %s\n", at, hex, text);
	return len;
}

static enum err dump_jited(const struct prog *p, struct strbuf *log)
{
	u32 insn = 0;
	if (p->mode != PROG_JIT)
		return str_refuse(log, EOPNOTSUPP, "%s is interpreted: there is no machine code of it",
				  p->name);
	if (json_is_on())
		return list_jited(p, log);
	kprintf("%s at %lx\n", p->text.name, p->text.base);
	for (u32 at = 0; at < p->text.len;) {
		if (progress_stop(0, 0))
			return EINTR;
		for (; p->insn_at && insn < p->insn_count && p->insn_at[insn] <= at; insn++)
			print_source(p, insn);
		at += dump_machine(&p->text, at);
	}
	return OK;
}

/* The program that a word names, or in whose code a place lies. */
static enum err choose_prog(struct prog **p, const char *word, struct strbuf *log)
{
	const struct object *o = object_named(word);
	if (place_is(word))
		return place_prog(p, word, log);
	if (!o || !o->prog_count || progs_named(word, p))
		return find_prog(p, word, log);
	str_printf(log, "%s is an object, and has the program%s", word, o->prog_count == 1 ? "" : "s");
	for (u32 i = 0; i < o->prog_count; i++)
		str_printf(log, "%s %s", i ? "," : "", o->progs[i]->name);
	return EINVAL;
}

static enum err cmd_prog(char **args, struct strbuf *log)
{
	struct prog *p;
	const char *what = args[1] ? args[2] : NULL;
	if (strcmp(args[0], "list") == 0 && !args[1])
		return prog_list(log);
	if (args[1] && usage_lists("show|dump|verify", args[0])) {
		enum err e = choose_prog(&p, args[1], log);
		if (e)
			return e;
		place_print(args[1]);
		if (args[0][0] == 's' && !what)
			return prog_show(p);
		if (args[0][0] == 'v' && !what)
			return show_walk(p, log);
		if (args[0][0] == 'd' && (!what || strcmp(what, "xlated") == 0))
			return dump_xlated(p, log);
		if (args[0][0] == 'd' && strcmp(what, "jited") == 0)
			return dump_jited(p, log);
	}
	return refuse_usage(prog_commands, "prog", log);
}

/* [FUNC|PATTERN] [cookie N] */
static enum err parse_options(struct attach_options *options, char **args, struct strbuf *log)
{
	*options = (struct attach_options){ 0 };
	if (*args && (strcmp(*args, "cookie") || !args[1]))
		options->func = *args++;
	if (!*args)
		return OK;
	if (strcmp(*args, "cookie") || !args[1] || args[2] || !parse_u64(args[1], &options->cookie))
		return refuse_usage(prog_commands, "attach", log);
	return OK;
}

/* Links are listed oldest first; *before of these programs are older than this command. */
static void print_if_new(const struct link *l, const struct selection *sel, u32 *before)
{
	for (u32 i = 0; i < sel->count; i++) {
		if (sel->progs[i] != l->prog)
			continue;
		if (*before) {
			--*before;
			continue;
		}
		table_note("%s: %s of %s", l->prog->name, prog_type_name(l->prog->type), l->place.buf);
		show_inlined(l->place.buf);
	}
}

/* Tells which functions the patterns leave out. */
static enum err tell_left_out(const struct selection *sel, const char *func, struct strbuf *log)
{
	enum err e = OK;
	for (u32 i = 0; i < sel->count && !e; i++) {
		struct prog *p = sel->progs[i];
		const char *pattern = func ? func : p->target;
		bool for_functions = p->type >= PROG_FENTRY && p->type <= PROG_FSESSION;
		if (for_functions && str_is_pattern(pattern))
			e = left_out_print(p, pattern, log);
	}
	return e;
}

static enum err cmd_attach(char **args, struct strbuf *log)
{
	struct attach_options options;
	struct selection sel;
	u32 before = 0;
	enum err e = show_select(&sel, args[0], log);
	if (!e)
		e = parse_options(&options, args + 1, log);
	if (e)
		return e;
	for (u32 i = 0; i < sel.count; i++)
		before += links_of(sel.progs[i]);
	e = attach_progs(sel.progs, sel.count, &options, log);
	progress_wipe();
	if (e == ENOENT)
		tell_left_out(&sel, options.func, log);
	if (e)
		return e;
	links_lock();
	for (const struct link *l = link_next(NULL); l; l = link_next(l))
		print_if_new(l, &sel, &before);
	links_unlock();
	return tell_left_out(&sel, options.func, log);
}

/* It has no links, but an image that calls it still has a task inside. */
static bool is_held(const struct prog *p)
{
	return read_once(p->links) && !links_of(p);
}

static bool any_held(void)
{
	for (const struct object *o = object_first(); o; o = o->next)
		for (u32 i = 0; i < o->prog_count; i++)
			if (is_held(o->progs[i]))
				return true;
	return false;
}

static void tell_of_held(const struct prog *p)
{
	if (!is_held(p))
		return;
	kprintf("%s is detached, but it still runs", p->name);
	for (u32 i = 0; i < cpu_count(); i++)
		if (read_once(cpus[i].active[p->slot]))
			kprintf(" on CPU %u", i);
	kprintf(": its memory is freed when it has ended\n");
}

/* Gives tasks a moment to leave: most do at once. */
static void tell_what_is_held(void)
{
	for (u32 i = 0; i < 10 && any_held(); i++) {
		msleep(10);
		image_reap();
	}
	for (const struct object *o = object_first(); o; o = o->next)
		for (u32 i = 0; i < o->prog_count; i++)
			tell_of_held(o->progs[i]);
}

static bool any_link(void)
{
	links_lock();
	bool any = link_next(NULL);
	links_unlock();
	return any;
}

static enum err cmd_detach(char **args, struct strbuf *log)
{
	struct selection sel;
	bool all = strcmp(args[0], "all") == 0;
	if (all && args[1])
		return str_refuse(log, EINVAL,
				  "all leaves nothing to choose: detach PROG FUNC names a program");
	enum err e = all ? OK : show_select(&sel, args[0], log);
	if (e)
		return e;
	if (all && !any_link())
		kprintf("nothing is attached\n");
	e = all ? detach_all(log) : detach_progs(sel.progs, sel.count, args[1], log);
	tell_what_is_held();
	return e;
}

static void link_row(struct table *t, const struct link *l)
{
	char name[SENTENCE_LEN] = "";
	print_prog_name(&STRBUF(name), l->prog);
	table_add(t, "%s\t%s\t%s", name, prog_type_name(l->prog->type), l->place.buf);
	table_add(t, l->cookie ? "%llu" : "", l->cookie);
	table_add(t, "%llu\t%llu", l->prog->missed, l->prog->mistakes.stores + l->prog->mistakes.loads);
}

static enum err cmd_links(unused char **args, struct strbuf *log)
{
	struct table t;
	table_begin(&t, "*program|type|attached to|>cookie|>missed|>mistakes");
	links_lock();
	for (const struct link *l = link_next(NULL); l; l = link_next(l))
		link_row(&t, l);
	links_unlock();
	return table_print_or(&t, "nothing is attached", log);
}

const struct command prog_commands[] = {
	{ "prog", "list|show|dump|verify [PROG] [KIND]", "programs, their code and their proof", cmd_prog,
	  "Lists the loaded programs, shows one of them, or dumps its code between the lines of its C "
	  "source. xlated is eBPF, jited is machine code. verify walks all its paths again, as when it was "
	  "loaded, and prints what is known behind each instruction.",
	  "prog list; prog show count_skb; prog dump count_skb jited; prog verify count_skb",
	  "bpftool prog list; bpftool prog dump jited name count_skb; bpftool -d prog load",
	  .tables = "list|dump|verify" },
	{ "attach", "PROG [FUNC|PATTERN] [cookie N]", "call a program, or all of an object", cmd_attach,
	  "From now on the function calls the program: a trampoline is made, and the five bytes at the "
	  "function's head become a call to it. Without FUNC it is the function that the program's section "
	  "names; an object means all of its programs.",
	  "attach count_skb; attach count_fexit *skb; links; detach all",
	  "bpftool prog loadall FILE DIR autoattach; or what libbpf's loaders do", .tables = "*" },
	{ "detach", "all|PROG|OBJECT [FUNC|PATTERN]", "take programs off again", cmd_detach,
	  "The function no longer calls the program: its five bytes become a nop again, or a call to a "
	  "trampoline for the programs that are left. With FUNC it ends one of several attachments.",
	  "attach count_fentry kfree_skb; attach count_fentry schedule; detach count_fentry schedule; links; "
	  "detach all",
	  "bpftool link detach id N; or the loader ends", .tables = NULL },
	{ "links", "", "what is attached where", cmd_links,
	  "Lists what is attached where, oldest first. missed counts runs that were skipped because the "
	  "program ran already on that CPU; mistakes counts accesses to bad addresses.",
	  "attach wakeup; links; detach wakeup", "bpftool link list", .tables = "" },
	{ 0 },
};
