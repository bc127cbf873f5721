// SPDX-License-Identifier: MIT
// One owner per site, unless a person has said that both may live there.
#include "tramp/ftrace/share.h"
#include "tramp/ftrace/ftrace.h"
#include "tramp/tramp.h"

static bool mode;

bool share_mode(void)
{
	return mode;
}

enum err share_set_mode(bool on, struct strbuf *log)
{
	for (u32 i = 0; !on && i < site_count(); i++) {
		const struct site *s = site_nth(i);
		if (!s->tramp || !s->ftrace)
			continue;
		return str_refuse(log, EBUSY, "%s is shared by ftrace (ops %s) and BPF (program %s)",
				  s->title, ftrace_owner(s)->name, s->tramp->hooks[0].name);
	}
	mode = on;
	return OK;
}

/* A changed ip and an image that calls the original by its address contradict each other. */
static const struct ftrace_ops *ipmodify_of(const struct site *site)
{
	for (struct ftrace_ops *o = ftrace_next_ops(NULL); o; o = ftrace_next_ops(o))
		if (o->flags & FTRACE_OPS_IPMODIFY && ftrace_wants(o, site->addr))
			return o;
	return NULL;
}

static enum err make_room(struct site *site, struct strbuf *log)
{
	const struct ftrace_ops *o;

	if (!site->ftrace)
		return OK;
	if (!mode)
		return str_refuse(log, EBUSY, "%s belongs to ftrace (ops %s); share on lets both live there",
				  site->title, ftrace_owner(site)->name);
	o = ipmodify_of(site);
	if (o)
		return str_refuse(log, EBUSY,
				  "%s belongs to ftrace (ops %s), which replaces it; that cannot be shared",
				  site->title, o->name);
	return ftrace_refresh(site, true, log);
}

static void bpf_left(struct site *site)
{
	char text[160];
	struct strbuf ignored = STRBUF(text);
	if (site->ftrace)
		ftrace_refresh(site, false, &ignored); /* the shared caller would do, too */
}

void share_init(void)
{
	static const struct tramp_neighbour ftrace = { .make_room = make_room, .left = bpf_left };
	tramp_set_neighbour(&ftrace);
}

enum err share_check_ftrace(struct site *site, bool ipmodify, struct strbuf *log)
{
	if (!site->tramp)
		return OK;
	if (!mode || ipmodify)
		return str_refuse(
		    log, EBUSY, "%s belongs to BPF (program %s)%s", site->title, site->tramp->hooks[0].name,
		    mode ? "; what replaces a function cannot share it" : "; share on lets both live there");
	return tramp_share(site, log);
}
