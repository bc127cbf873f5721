// SPDX-License-Identifier: MIT
/* The slots that p never reads: none is known if a helper finds slots by their number. */
static u32 unread_of(const struct prog *p)
{
	return p->facts.header_words ? 0 : (u32)~p->facts.reads;
}

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
		.unread = unread_of(p),
		.guarded = p->facts.calls || p->mode == PROG_INTERPRET,
		.per_cpu = p->facts.per_cpu,
		.may_sleep = p->sleepable,
		.active_slot = p->slot,
		.missed = &p->missed,
	};
}
