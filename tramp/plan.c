// SPDX-License-Identifier: MIT
// The planner: lays out the frame, then lists the steps in the order in which they will run.
#include "tramp/plan.h"

enum { WORD = 8 };

/* What a hook needs around it. For several hooks in a row, preemption is switched off only once. */
enum pin { PIN_NONE, PIN_PREEMPT, PIN_MIGRATE };

struct planner {
	struct plan *p;
	const struct model *m;
	const struct hook *hooks;
	u32 count;
	bool stats;
	enum pin pin; /* in force at this point of the plan */
};

static void add(struct plan *p, enum step_kind kind, u32 n)
{
	p->steps[p->count++] = (struct step){ kind, n };
}

static bool has(const struct planner *pl, enum hook_kind kind)
{
	for (u32 i = 0; i < pl->count; i++)
		if (pl->hooks[i].kind == kind)
			return true;
	return false;
}

static bool opens_session(const struct hook *h)
{
	return h->session && h->kind == HOOK_FENTRY;
}

static u32 session_count(const struct planner *pl)
{
	u32 sessions = 0;
	for (u32 i = 0; i < pl->count; i++)
		sessions += opens_session(&pl->hooks[i]);
	return sessions;
}

static u32 header_words(const struct planner *pl)
{
	u32 words = 0;
	for (u32 i = 0; i < pl->count; i++)
		words = max(words, pl->hooks[i].header_words);
	return words;
}

/* Takes one more word of the frame for a saved value. Returns where it is below the frame pointer. */
static u32 take_word(struct plan *p)
{
	p->saved += WORD; /* the frame pointer's own word included, which is not below it */
	return p->saved - WORD;
}

/* The frame as plan.h draws it. calls_original: the image also runs the body. */
static void lay_out(struct planner *pl, bool calls_original, u32 align)
{
	struct plan *p = pl->p;
	const struct model *m = pl->m;
	u32 words = header_words(pl), sessions = session_count(pl);

	p->ret = p->ret_high = p->session = p->hidden = p->started = 0;
	p->saved = WORD;
	if (calls_original && m->ret_size > WORD && !m->ret_hidden)
		p->ret_high = take_word(p);
	if (calls_original && (m->ret_size || has(pl, HOOK_FMOD_RET) || words))
		p->ret = take_word(p);
	p->context = p->saved - WORD; /* without slots: where the return value is, if it has a word */
	for (u32 i = 0; i < m->slot_count; i++)
		p->context = take_word(p);
	p->saved += (sessions ? (u32)BELOW_COOKIE : words) * WORD;
	for (u32 i = 0; i < sessions; i++) {
		u32 word = take_word(p);
		p->session = i ? p->session : word;
	}
	if (m->ret_hidden)
		p->hidden = take_word(p);
	if (pl->stats)
		p->started = take_word(p);
	p->frame = p->saved - WORD + (calls_original ? m->stack_words * WORD : 0);
	while (p->frame % 16 != align)
		p->frame += WORD;
}

/* Whether a hook may read the return value where none exists: before the body has run, or at all. */
static bool shows_ret_early(const struct planner *pl)
{
	return pl->p->ret && (has(pl, HOOK_FMOD_RET) || session_count(pl) || !pl->m->ret_size);
}

static void save_arguments(struct planner *pl)
{
	struct plan *p = pl->p;
	u32 words = header_words(pl);

	for (u32 i = 0; i < pl->m->slot_count; i++)
		add(p, STEP_SAVE_SLOT, i);
	if (pl->m->ret_hidden)
		add(p, STEP_SAVE_HIDDEN, 0);
	if (words >= BELOW_COUNT)
		add(p, STEP_SAVE_COUNT, pl->m->slot_count);
	if (words >= BELOW_IP)
		add(p, STEP_SAVE_IP, 0);
	for (u32 i = 0; i < session_count(pl); i++)
		add(p, STEP_CLEAR_SESSION, i);
	if (shows_ret_early(pl))
		add(p, STEP_CLEAR_RET, 0);
}

/* Loads arguments back into their registers. Arguments on the stack have not moved. */
static void load_arguments(struct planner *pl)
{
	for (u32 i = 0; i < pl->m->slot_count; i++)
		if (!pl->m->slots[i].on_stack)
			add(pl->p, STEP_LOAD_SLOT, i);
	if (pl->m->ret_hidden)
		add(pl->p, STEP_LOAD_HIDDEN, 0);
}

static void set_pin(struct planner *pl, enum pin pin)
{
	static const enum step_kind off[] = {
		[PIN_PREEMPT] = STEP_PREEMPT_OFF, [PIN_MIGRATE] = STEP_MIGRATE_OFF
	};
	static const enum step_kind on[] = {
		[PIN_PREEMPT] = STEP_PREEMPT_ON, [PIN_MIGRATE] = STEP_MIGRATE_ON
	};

	if (pin == pl->pin)
		return;
	if (pl->pin)
		add(pl->p, on[pl->pin], 0);
	if (pin)
		add(pl->p, off[pin], 0);
	pl->pin = pin;
}

static enum pin pin_of(const struct hook *h)
{
	if (!h->guarded && !h->per_cpu)
		return PIN_NONE;
	return h->may_sleep ? PIN_MIGRATE : PIN_PREEMPT;
}

static void call_hook(struct planner *pl, u32 i)
{
	const struct hook *h = &pl->hooks[i];
	struct plan *p = pl->p;

	if (pin_of(h) || h->may_sleep)
		set_pin(pl, pin_of(h));
	if (h->guarded)
		add(p, STEP_GUARD, i);
	if (h->session)
		add(p, h->kind == HOOK_FENTRY ? STEP_SET_ENTRY : STEP_SET_RETURN, i);
	if (h->header_words >= BELOW_COOKIE)
		add(p, STEP_SET_COOKIE, i);
	if (pl->stats)
		add(p, STEP_STATS_BEGIN, i);
	add(p, STEP_CALL_HOOK, i);
	if (h->kind == HOOK_FMOD_RET)
		add(p, STEP_KEEP_RESULT, i);
	if (pl->stats)
		add(p, STEP_STATS_END, i);
	if (h->guarded)
		add(p, STEP_UNGUARD, i);
	if (h->kind == HOOK_FMOD_RET) {
		set_pin(pl, PIN_NONE); /* the jump that follows leads to where nothing is off */
		add(p, STEP_SKIP_BODY, 0);
	}
}

static void call_hooks(struct planner *pl, enum hook_kind kind)
{
	for (u32 i = 0; i < pl->count; i++)
		if (pl->hooks[i].kind == kind)
			call_hook(pl, i);
	set_pin(pl, PIN_NONE);
}

static void call_original(struct planner *pl)
{
	for (u32 i = 0; i < pl->m->stack_words; i++)
		add(pl->p, STEP_COPY_WORD, i);
	add(pl->p, STEP_CALL_ORIGINAL, 0);
	if (pl->m->ret_size)
		add(pl->p, STEP_SAVE_RET, 0);
	add(pl->p, STEP_GATE, 0);
}

enum err plan_make(struct plan *p, const struct model *m, const struct hook *hooks, u32 count,
		   const struct plan_options *options, u32 align)
{
	struct planner pl = { .p = p, .m = m, .hooks = hooks, .count = count, .stats = options->stats };
	bool exits = has(&pl, HOOK_FEXIT), modifies = has(&pl, HOOK_FMOD_RET), whole = exits || modifies;

	if (count > TRAMP_HOOKS)
		return E2BIG;
	p->count = 0;
	p->by_jmp = whole && options->by_jmp;
	lay_out(&pl, whole, p->by_jmp ? (align + WORD) % 16 : align);

	add(p, STEP_FRAME, 0);
	save_arguments(&pl);
	call_hooks(&pl, HOOK_FENTRY);
	call_hooks(&pl, HOOK_FMOD_RET);
	if (modifies || has(&pl, HOOK_FENTRY))
		load_arguments(&pl);
	if (whole) {
		call_original(&pl);
		call_hooks(&pl, HOOK_FEXIT);
		if (m->ret_size)
			add(p, STEP_LOAD_RET, 0);
	}
	add(p, STEP_UNFRAME, 0);
	if (whole && !p->by_jmp)
		add(p, STEP_DROP_RETURN, 0);
	add(p, STEP_RETURN, 0);
	return OK;
}

void step_print(struct strbuf *s, const struct step *step, const struct hook *hooks)
{
#define STEP(name, text) text,
	static const char *const texts[] = { STEPS(STEP) };
#undef STEP
	for (const char *p = texts[step->kind]; *p; p++) {
		if (p[0] != '%')
			str_putc(s, *p);
		else if (*++p == 's')
			str_puts(s, hooks[step->n].name);
		else
			str_printf(s, "%u", step->n);
	}
}
