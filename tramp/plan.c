// SPDX-License-Identifier: MIT
// The planner: lays out the frame, then writes down the steps in the order they will run.
#include "tramp/plan.h"

enum { WORD = 8 };

static void add(struct plan *p, enum step_kind kind, u32 n)
{
	p->steps[p->count++] = (struct step){ kind, n };
}

static bool has(const struct hook *hooks, u32 count, enum hook_kind kind)
{
	for (u32 i = 0; i < count; i++)
		if (hooks[i].kind == kind)
			return true;
	return false;
}

/* One more word of the frame that holds something saved. */
static u32 take_word(struct plan *p)
{
	p->saved += WORD; /* the frame pointer's own word included, which is not below it */
	return p->saved - WORD;
}

/* The frame as plan.h draws it. calls_original: the exit form. */
static void lay_out(struct plan *p, const struct model *m, bool calls_original, u32 align)
{
	u32 copies = calls_original ? m->stack_words * WORD : 0;

	p->saved = WORD;
	if (calls_original && m->ret_size > WORD && !m->ret_hidden)
		p->ret_high = take_word(p);
	if (calls_original && m->ret_size)
		p->ret = take_word(p);
	for (u32 i = 0; i < m->slot_count; i++)
		p->context = take_word(p);
	if (!m->slot_count) /* an empty context still needs an address: that of the return value */
		p->context = p->ret;
	if (m->ret_hidden)
		p->hidden = take_word(p);
	p->frame = p->saved - WORD + copies;
	while (p->frame % 16 != align)
		p->frame += WORD;
}

static void save_arguments(struct plan *p, const struct model *m)
{
	for (u32 i = 0; i < m->slot_count; i++)
		add(p, STEP_SAVE_SLOT, i);
	if (m->ret_hidden)
		add(p, STEP_SAVE_HIDDEN, 0);
}

/* Back into the registers; what came on the stack is still there. */
static void load_arguments(struct plan *p, const struct model *m)
{
	for (u32 i = 0; i < m->slot_count; i++)
		if (!m->slots[i].on_stack)
			add(p, STEP_LOAD_SLOT, i);
	if (m->ret_hidden)
		add(p, STEP_LOAD_HIDDEN, 0);
}

static void call_hook(struct plan *p, const struct hook *h, u32 i)
{
	if (h->guarded)
		add(p, STEP_GUARD, i);
	add(p, STEP_CALL_HOOK, i);
	if (h->guarded)
		add(p, STEP_UNGUARD, i);
}

/* All hooks of one kind; preemption goes off once for the run of them, if any needs it. */
static void call_hooks(struct plan *p, const struct hook *hooks, u32 count, enum hook_kind kind)
{
	bool pinned = false;
	for (u32 i = 0; i < count; i++)
		if (hooks[i].kind == kind)
			pinned |= hooks[i].guarded || hooks[i].per_cpu;
	if (pinned)
		add(p, STEP_PREEMPT_OFF, 0);
	for (u32 i = 0; i < count; i++)
		if (hooks[i].kind == kind)
			call_hook(p, &hooks[i], i);
	if (pinned)
		add(p, STEP_PREEMPT_ON, 0);
}

static void call_original(struct plan *p, const struct model *m)
{
	for (u32 i = 0; i < m->stack_words; i++)
		add(p, STEP_COPY_WORD, i);
	add(p, STEP_CALL_ORIGINAL, 0);
	if (p->ret)
		add(p, STEP_SAVE_RET, 0);
}

enum err plan_make(struct plan *p, const struct model *m, const struct hook *hooks, u32 count, u32 align)
{
	bool exits = has(hooks, count, HOOK_FEXIT);

	if (count > TRAMP_HOOKS)
		return E2BIG;
	*p = (struct plan){ 0 };
	lay_out(p, m, exits, align);

	add(p, STEP_FRAME, 0);
	save_arguments(p, m);
	if (has(hooks, count, HOOK_FENTRY)) {
		call_hooks(p, hooks, count, HOOK_FENTRY);
		load_arguments(p, m);
	}
	if (exits) {
		call_original(p, m);
		call_hooks(p, hooks, count, HOOK_FEXIT);
		if (p->ret)
			add(p, STEP_LOAD_RET, 0);
	}
	add(p, STEP_UNFRAME, 0);
	if (exits)
		add(p, STEP_DROP_RETURN, 0);
	add(p, STEP_RETURN, 0);
	return OK;
}

/* %s stands for the hook's name, %u for the step's number. */
static const char *const step_texts[STEP_KINDS] = {
	[STEP_FRAME] = "save the frame pointer, make a frame",
	[STEP_SAVE_SLOT] = "save argument slot %u",
	[STEP_SAVE_HIDDEN] = "save the hidden result pointer",
	[STEP_PREEMPT_OFF] = "stay on this CPU",
	[STEP_GUARD] = "skip %s if it runs here already",
	[STEP_CALL_HOOK] = "call %s",
	[STEP_UNGUARD] = "%s has ended",
	[STEP_PREEMPT_ON] = "free to move; reschedule if asked",
	[STEP_LOAD_SLOT] = "restore argument slot %u",
	[STEP_LOAD_HIDDEN] = "restore the hidden result pointer",
	[STEP_COPY_WORD] = "copy stack argument word %u",
	[STEP_CALL_ORIGINAL] = "call the body, past the site",
	[STEP_SAVE_RET] = "keep the return value",
	[STEP_LOAD_RET] = "return what it returned",
	[STEP_UNFRAME] = "leave the frame",
	[STEP_DROP_RETURN] = "drop the return into the body",
	[STEP_RETURN] = "return",
};

void step_print(struct strbuf *s, const struct step *step, const struct hook *hooks)
{
	for (const char *p = step_texts[step->kind]; *p; p++) {
		if (p[0] != '%')
			str_putc(s, *p);
		else if (*++p == 's')
			str_puts(s, hooks[step->n].name);
		else
			str_printf(s, "%u", step->n);
	}
}
