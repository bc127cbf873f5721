// SPDX-License-Identifier: MIT
// replaces: hook_of
// fails: a program that reads by number
static struct hook hook_of(struct prog *p, enum hook_kind kind, u64 cookie)
{
	return (struct hook){
		.kind = kind,
		.session = p->type == PROG_FSESSION,
		.code = (uptr)p->entry,
		.name = p->name,
		.owner = p,
		.users = &p->links,
		.cookie = cookie,
		.runs = &p->stats.runs,
		.ticks = &p->stats.ticks,
		.header_words = p->facts.header_words,
		.unread = (u32)~p->facts.reads,
		.guarded = p->facts.calls || p->mode == PROG_INTERPRET,
		.per_cpu = p->facts.per_cpu,
		.may_sleep = p->sleepable,
		.active_slot = p->slot,
		.missed = &p->missed,
	};
}
