// SPDX-License-Identifier: MIT
// replaces: plan_hook
// fails: a skipped run is not counted
static void call_hook(struct planner *pl, u32 i)
{
	const struct hook *h = &pl->hooks[i];
	struct plan *p = pl->p;

	if (pin_of(h) || h->may_sleep)
		set_pin(pl, pin_of(h));
	add(p, STEP_COUNT_RUN, i);
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
