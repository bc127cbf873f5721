// SPDX-License-Identifier: MIT
// The command tramp: how the image of a traced function came about.
#include "kernel/shell/show.h"
#include "kernel/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/print.h"
#include "tramp/tramp.h"

/* Too large for a stack. */
struct explained {
	struct plan plan;
	u32 starts[PLAN_STEPS + 1];
};

static void print_head(const struct tramp *t, const struct plan *p)
{
	const struct text *text = &t->image->text;
	kprintf("%s: %u program%s, %u bytes of code at %lx\n", t->site->name, t->hook_count,
		t->hook_count == 1 ? "" : "s", text->len, text->base);
	for (u32 i = 0; i < t->hook_count; i++)
		kprintf("  %u  %-6s %s\n", i, t->hooks[i].kind == HOOK_FEXIT ? "fexit" : "fentry",
			t->hooks[i].name);
	kprintf("stack: %u bytes for saved registers (frame pointer, %u argument word%s", p->saved,
		t->model.slot_count, t->model.slot_count == 1 ? "" : "s");
	kprintf("%s%s), %u bytes of frame\n", p->hidden ? ", result pointer" : "",
		p->ret ? ", return value" : "", p->frame + 8);
}

/* The step that the code at an offset belongs to; plan->count for the cold part. */
static u32 step_at(const struct explained *x, u32 at)
{
	u32 i = 0;
	while (i < x->plan.count && x->starts[i + 1] <= at)
		i++;
	return i;
}

/* One row: where, bytes, instruction, and the step where its code begins. */
static u32 print_insn(const struct tramp *t, const struct explained *x, u32 at)
{
	const struct text *text = &t->image->text;
	char insn[96] = "", hex[64] = "", step[96] = "";
	struct strbuf s = STRBUF(insn), h = STRBUF(hex), what = STRBUF(step);
	const u8 *code = (const u8 *)text->base + at;
	u32 len = show_insn(&s, code, text->len - at, text->base + at), i = step_at(x, at);
	for (u32 k = 0; k < len; k++)
		str_printf(&h, "%02x", code[k]);
	if (i < x->plan.count && at == x->starts[i])
		step_print(&what, &x->plan.steps[i], t->hooks);
	else if (i < x->plan.count)
		str_puts(&what, "  \"");
	else if (at == x->starts[i])
		str_puts(&what, "rarely: skipped runs, preemption");
	kprintf("%4x  %-18s  %-30s%s%s\n", at, hex, insn, step[0] ? "; " : "", step);
	return len;
}

static enum err explain(const struct tramp *t)
{
	struct explained *x = kmalloc(sizeof(*x));
	if (!x)
		return shell_fail(ENOMEM, "no memory to explain %s", t->site->name);
	tramp_explain(t, &x->plan, x->starts);
	print_head(t, &x->plan);
	for (u32 at = 0; at < t->image->text.len;)
		at += print_insn(t, x, at);
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
