// SPDX-License-Identifier: MIT
static void gen_hook_step(struct code *c, struct gen *g, const struct step *step, struct places *at)
{
	const struct plan *p = g->plan;
	const struct hook *h = &g->hooks[step->n];

	switch (step->kind) {
	case STEP_PREEMPT_OFF: gen_preempt_off(c); break;
	case STEP_MIGRATE_OFF: inc_m32(c, migration_disabled(c)); break;
	case STEP_GUARD: guard(c, h, &at->skip[step->n]); break;
	case STEP_SET_ENTRY: set_session(c, g, step->n, 0); break;
	case STEP_SET_RETURN: set_session(c, g, step->n, 1); break;
	case STEP_SET_COOKIE: mov_mi64(c, header_word(p, BELOW_COOKIE), h->cookie); break;
	case STEP_STATS_BEGIN: stats_begin(c, p); break;
	case STEP_COUNT_RUN: lock_inc_m(c, abs32((uptr)h->runs)); break;
	case STEP_CALL_HOOK: call_hook(c, g, h); break;
	case STEP_KEEP_RESULT: mov_mr(c, below_rbp(p->ret), RAX); break;
	case STEP_STATS_END: stats_end(c, p, h); break;
	case STEP_UNGUARD: unguard(c, h, &at->back[step->n]); break;
	case STEP_PREEMPT_ON: gen_preempt_on(c); break;
	case STEP_MIGRATE_ON: dec_m32(c, migration_disabled(c)); break;
	default: break;
	}
}
