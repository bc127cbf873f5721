// SPDX-License-Identifier: MIT
// The command tramp: how the image of a traced function came about.
#include "kernel/shell/show.h"
#include "kernel/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/print.h"
#include "tramp/tramp.h"

#define CAPTION 33 /* columns that are left for it in a row of 80 */

/* Too large for a stack. */
struct explained {
	struct plan plan;
	u32 starts[PLAN_STEPS + 1];
	u8 code[TRAMP_IMAGE_MAX];
};

#define NAMED 3 /* programs that are named in the first line; links names them all */

static void print_head(const struct tramp *t, const struct plan *p)
{
	const struct text *text = &t->image->text;
	kprintf("%s: %u bytes at %lx for ", t->site->name, text->len, text->base);
	for (u32 i = 0; i < t->hook_count && t->hook_count <= NAMED; i++)
		kprintf("%s%s", i ? ", " : "", t->hooks[i].name);
	if (t->hook_count > NAMED)
		kprintf("%u programs", t->hook_count);
	kprintf("\nstack: %u of %u bytes for saved registers (frame pointer, %u argument%s%s%s)\n", p->saved,
		p->frame + (u32)sizeof(u64), t->model.slot_count, t->model.slot_count == 1 ? "" : "s",
		p->hidden ? ", result pointer" : "", p->ret ? ", result" : "");
}

/* The step that the code at an offset belongs to; plan->count for the cold part. */
static u32 step_at(const struct explained *x, u32 at)
{
	u32 i = 0;
	while (i < x->plan.count && x->starts[i + 1] <= at)
		i++;
	return i;
}

/* What a step does, over as many rows as it has instructions. */
struct caption {
	char text[96];
	u32 at; /* so much of it has been printed */
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

/* The next row of it: whole words while there are rows to come. */
static void caption_row(struct caption *c, struct strbuf *s, bool last)
{
	u32 len = (u32)strlen(c->text + c->at), end = len;
	if (!len) {
		str_puts(s, "\"");
		return;
	}
	if (len > CAPTION && !last)
		for (end = CAPTION; end && c->text[c->at + end] != ' ';)
			end--;
	str_printf(s, "%.*s", (int)end, c->text + c->at);
	c->at += end + (end < len);
}

/* One row: where, bytes, instruction, and the step that it is a part of. */
static u32 print_insn(const struct tramp *t, const struct explained *x, u32 at, struct caption *c)
{
	const struct text *text = &t->image->text;
	char row[256];
	struct strbuf s = STRBUF(row);
	const u8 *code = (const u8 *)text->base + at;
	u32 step = step_at(x, at);
	str_printf(&s, "%3x ", at);
	char insn[96];
	struct strbuf asm_text = STRBUF(insn);
	u32 len = show_insn(&asm_text, code, text->len - at, text->base + at);
	for (u32 k = 0; k < len; k++)
		str_printf(&s, "%02x", code[k]);
	str_pad(&s, 23);
	str_puts(&s, insn);
	str_pad(&s, 80 - CAPTION);
	if (at == x->starts[step])
		caption_begin(c, t, x, step);
	caption_row(c, &s, at + len >= text->len || step_at(x, at + len) != step);
	kprintf("%s\n", row);
	return len;
}

static enum err explain(const struct tramp *t)
{
	struct explained *x = kmalloc(sizeof(*x));
	struct caption caption;
	if (!x)
		return shell_fail(ENOMEM, "no memory to explain %s", t->site->name);
	tramp_explain(t, &x->plan, x->starts, x->code);
	print_head(t, &x->plan);
	for (u32 at = 0; at < t->image->text.len;)
		at += print_insn(t, x, at, &caption);
	kfree(x);
	return OK;
}

static enum err cmd_tramp(u32 count, char **args)
{
	struct site *site;
	enum err e = show_find_site(&site, args[0]);
	if (e)
		return e;
	tramp_lock();
	if (site->tramp)
		e = explain(site->tramp);
	tramp_unlock();
	if (!site->tramp)
		kprintf("%s: nothing is attached, so there is no trampoline\n", args[0]);
	(void)count;
	return e;
}

static void complete_tramp(struct edit_matches *m, u32 index)
{
	complete_functions(m);
	(void)index;
}

/* clang-format off */
const struct command tramp_commands[] = {
	{ "tramp", "FUNC", 1, 1, "the plan of a trampoline beside its code", cmd_tramp, complete_tramp },
	{ 0 },
};
/* clang-format on */
