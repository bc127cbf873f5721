// SPDX-License-Identifier: MIT
// Commands about trampolines: tramp explains the image of a function; stats and entry change all images.
#include "shell/command.h"
#include "shell/json.h"
#include "shell/place.h"
#include "shell/show.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "kernel/io/progress.h"
#include "shell/style.h"
#include "shell/table.h"
#include "tramp/tramp.h"
#include "vm/object.h"

#define CAPTION 47 /* the column where it begins, unless the instruction is longer */

#define NAMED 3 /* the most programs that the first line names; links names them all */

static void print_names(struct strbuf *s, const struct tramp *t)
{
	u32 programs = show_programs(t);
	if (programs > NAMED)
		str_printf(s, "%u programs", programs);
	for (u32 i = 0; i < t->hook_count && programs <= NAMED; i++)
		if (!t->hooks[i].session || t->hooks[i].kind == HOOK_FENTRY)
			str_printf(s, "%s%s", i ? ", " : "", t->hooks[i].name);
}

static void print_head(const struct tramp *t, const struct plan *p)
{
	const struct text *text = &t->image->text;
	u32 slots = t->model.slot_count, known = 1 + slots + !!p->hidden + !!p->ret + !!p->ret_high;
	u32 args = t->model.arg_count;
	u32 others = p->saved / (u32)sizeof(u64) - known;
	char text_of[SENTENCE_LEN];
	struct strbuf s = STRBUF(text_of);
	str_printf(&s, "%s: %u bytes at %lx, by %s, for ", t->site->name, text->len, text->base,
		   t->image->by_jmp ? "jmp" : "call");
	print_names(&s, t);
	print_wrapped(text_of, 0, 2);
	s = STRBUF(text_of);
	str_printf(&s, "stack: %u of %u bytes for saved registers (frame pointer, %u argument%s%s%s",
		   p->saved, p->frame + (u32)sizeof(u64), args, args == 1 ? "" : "s",
		   p->hidden ? ", result pointer" : "", p->ret ? ", result" : "");
	if (others)
		str_printf(&s, ", %u word%s for programs", others, others == 1 ? "" : "s");
	str_putc(&s, ')');
	print_wrapped(text_of, 0, 2);
}

/* The step to which the code at an offset belongs; plan.count for the cold part. */
static u32 step_at(const struct explained *x, u32 at)
{
	u32 i = 0;
	while (i < x->plan.count && x->gen.starts[i + 1] <= at)
		i++;
	return i;
}

/* What a step does; it is printed beside the instructions of the step, over several rows if needed. */
struct caption {
	char text[SENTENCE_LEN];
	u32 at; /* the next character to print */
};

static void caption_begin(struct caption *c, const struct tramp *t, const struct explained *x, u32 step)
{
	struct strbuf s = STRBUF(c->text);
	c->text[0] = 0;
	c->at = 0;
	if (step < x->plan.count)
		step_print(&s, &x->plan.steps[step], t->hooks);
	else
		str_puts(&s, "a skipped run");
}

/* Adds as many whole words as the row has room for. */
static void caption_row(struct caption *c, struct strbuf *s)
{
	const char *rest = c->text + c->at;
	u32 len = (u32)strlen(rest), end = len;
	str_pad(s, CAPTION);
	u32 room = style_columns() - min(s->len, style_columns());
	if (len > room)
		for (end = room; end && rest[end] != ' ';)
			end--;
	if (!end && s->len == CAPTION)
		end = str_until(rest, ' '); /* one word that is longer than a row */
	str_printf(s, "%.*s", len ? (int)end : 1, len ? rest : "\"");
	c->at += end + (rest[end] == ' ' && end);
}

/* Prints the rest in rows without an instruction. */
static void caption_end(struct caption *c)
{
	while (c->text[c->at]) {
		char row[SENTENCE_LEN];
		struct strbuf s = STRBUF(row);
		caption_row(c, &s);
		kprintf("%s\n", row);
	}
}

/* Prints one row: offset, bytes, instruction, a part of the caption. Returns the instruction's length. */
static u32 print_insn(const struct tramp *t, const struct explained *x, u32 at, struct caption *c)
{
	const struct text *text = &t->image->text;
	char row[SENTENCE_LEN];
	struct strbuf s = STRBUF(row);
	const u8 *code = (const u8 *)text->base + at;
	u32 step = step_at(x, at);
	str_printf(&s, "%3x ", at);
	char insn[SENTENCE_LEN];
	struct strbuf asm_text = STRBUF(insn);
	u32 len = show_insn(&asm_text, code, text->len - at, text->base + at);
	str_hex(&s, code, len, "");
	str_pad(&s, 23);
	str_puts(&s, insn);
	if (at == x->gen.starts[step])
		caption_begin(c, t, x, step);
	caption_row(c, &s);
	kprintf("%s\n", row);
	if (at + len >= text->len || step_at(x, at + len) != step)
		caption_end(c);
	return len;
}

/* With -j: the head in one row, then a row for each instruction. step counts the steps of the plan. */
static enum err explain_as_tables(const struct tramp *t, const struct explained *x, struct strbuf *log)
{
	const struct text *text = &t->image->text;
	struct table head, insns;
	table_begin(&head, "*image|address|entry|>bytes|>saved|>stack");
	table_add(&head, "%s\t%lx\t%s\t%u\t%u\t%u", t->site->name, text->base,
		  t->image->by_jmp ? "jmp" : "call", text->len, x->plan.saved,
		  x->plan.frame + (u32)sizeof(u64));
	enum err e = table_print(&head, log);
	table_begin(&insns, ">at|bytes|instruction|>step|does");
	insns.key = "instructions";
	for (u32 at = 0, len; at < text->len; at += len) {
		char hex[64] = "", insn[SENTENCE_LEN] = "";
		struct strbuf bytes = STRBUF(hex), s = STRBUF(insn);
		struct caption c;
		const u8 *code = (const u8 *)text->base + at;
		u32 step = step_at(x, at);
		len = show_insn(&s, code, text->len - at, text->base + at);
		str_hex(&bytes, code, len, " ");
		caption_begin(&c, t, x, step);
		table_add(&insns, "%u\t%s\t%s\t%u\t%s", at, hex, insn, step, c.text);
	}
	enum err printed = table_print(&insns, log);
	return e ? e : printed;
}

static void explain_as_text(const struct tramp *t, const struct explained *x)
{
	struct caption caption;
	print_head(t, &x->plan);
	for (u32 at = 0; at < t->image->text.len && !progress_stop(0, 0);)
		at += print_insn(t, x, at, &caption);
}

static enum err explain(const struct tramp *t, struct strbuf *log)
{
	struct explained *x = kmalloc(sizeof(*x));
	enum err e = OK;
	if (!x)
		return str_refuse(log, ENOMEM, "no memory to explain %s", t->site->name);
	tramp_explain(t, x);
	if (json_is_on())
		e = explain_as_tables(t, x, log);
	else
		explain_as_text(t, x);
	kfree(x);
	return progress_stop(0, 0) ? EINTR : e;
}

static enum err cmd_tramp(char **args, struct strbuf *log)
{
	struct site *site;
	enum err e = show_find_site(&site, args[0], log);
	if (e)
		return e;
	place_print(args[0]);
	tramp_lock();
	if (site->tramp)
		e = explain(site->tramp, log);
	tramp_unlock();
	if (!site->tramp)
		table_note("%s: nothing is attached, so there is no trampoline", site->name);
	return e;
}

static enum err change_options(struct plan_options wanted, struct strbuf *log)
{
	tramp_lock();
	enum err e = tramp_set_options(wanted, log);
	tramp_unlock();
	return e;
}

static void stats_row(struct table *t, const struct prog *p)
{
	u64 runs = p->stats.runs;
	if (!runs)
		return;
	table_add(t, "%s\t%s\t%llu\t%llu\t%llu", p->name, prog_type_name(p->type), runs,
		  p->stats.ticks / runs, p->missed);
}

/* A tick is one of the time-stamp counter; with --icount it is one instruction. */
static enum err print_stats(struct strbuf *log)
{
	struct table t;
	table_begin(&t, "*program|type|>runs|>ticks each|>missed");
	for (const struct object *o = object_first(); o; o = o->next)
		for (u32 i = 0; i < o->prog_count; i++)
			stats_row(&t, o->progs[i]);
	table_note("statistics are %s", tramp_options().stats ? "on" : "off, and cost nothing");
	return table_print_or(&t, "", log);
}

static enum err cmd_stats(char **args, struct strbuf *log)
{
	struct plan_options wanted = tramp_options();
	if (!args[0])
		return print_stats(log);
	if (strcmp(args[0], "off") == 0 && !wanted.stats)
		return refuse_off("stats", log);
	wanted.stats = strcmp(args[0], "on") == 0;
	return change_options(wanted, log);
}

static enum err cmd_entry(char **args, struct strbuf *log)
{
	struct plan_options wanted = tramp_options();
	if (!args[0]) {
		kprintf("images that call the body are entered by %s\n", wanted.by_jmp ? "jmp" : "call");
		return OK;
	}
	wanted.by_jmp = strcmp(args[0], "jmp") == 0;
	return change_options(wanted, log);
}

const struct command tramp_commands[] = {
	{ "tramp", "FUNC", "the plan of a trampoline beside its code", cmd_tramp,
	  "Prints the generated code that a traced function calls. Beside each instruction stands the step "
	  "of the plan that it belongs to.",
	  "attach skbcount; tramp kfree_skb; detach skbcount",
	  "in gdb on /proc/kcore: disassemble the bpf_trampoline_N of /proc/kallsyms", .tables = "*" },
	{ "stats", "[on|off]", "count runs of programs and their ticks", cmd_stats,
	  "Counts the runs of programs and the ticks that they take; images get code for it. When it is "
	  "off, it costs nothing.",
	  "attach skbcount; stats on; work net 100; stats; stats off; detach skbcount",
	  "sysctl kernel.bpf_stats_enabled=1; bpftool prog list", .tables = "" },
	{ "entry", "[call|jmp]", "how images around a body are entered", cmd_entry,
	  "An image that runs the body of its function is entered by a call, or by a jump. A call leaves a "
	  "return address that the image must drop, and the CPU then mispredicts a return.",
	  "entry call; attach count_fexit kfree_skb; tramp kfree_skb; detach all; entry jmp",
	  "nothing to choose", .tables = NULL },
	{ 0 },
};
