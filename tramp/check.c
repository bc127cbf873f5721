// SPDX-License-Identifier: MIT
// Which functions take which hooks.
#include "tramp/tramp.h"

static enum err check_hook(const struct site *site, const struct hook *h, struct strbuf *log)
{
	if (h->kind != HOOK_FENTRY && site->no_return)
		return str_refuse(log, EOPNOTSUPP, "%s never returns, so %s would never run after it",
				  site->title, h->name);
	if (h->may_sleep && !site->may_sleep)
		return str_refuse(log, EOPNOTSUPP,
				  "%s may be called where sleeping is forbidden, and %s may sleep",
				  site->title, h->name);
	return OK;
}

enum err tramp_check(const struct site *site, const struct hook *hooks, u32 hook_count, struct model *m,
		     struct strbuf *log)
{
	enum err e = OK;

	if (!site->btf_id)
		return str_refuse(log, EOPNOTSUPP,
				  "%s has no type information (BTF), so its arguments are unknown",
				  site->title);
	for (u32 i = 0; i < hook_count && !e; i++)
		e = check_hook(site, &hooks[i], log);
	if (!e)
		e = model_from_btf(m, site->btf, site->btf_id, log);
	if (!e && hooks->kind == HOOK_FMOD_RET && m->ret_hidden)
		return str_refuse(log, EOPNOTSUPP,
				  "%s returns a struct in memory, which no program's result can replace",
				  site->title);
	return e;
}
