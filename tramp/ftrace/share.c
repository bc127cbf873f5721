// SPDX-License-Identifier: MIT
// A site has one owner, unless `share on` allows two.
#include "tramp/ftrace/share.h"
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
				  s->title, ftrace_owner(s, 0)->name, s->tramp->hooks[0].name);
	}
	mode = on;
	return OK;
}

enum err share_check_bpf(const struct site *site, struct strbuf *log)
{
	const struct ftrace_ops *replaces = ftrace_owner(site, FTRACE_OPS_IPMODIFY);

	if (!mode)
		return str_refuse(log, EBUSY, "%s belongs to ftrace (ops %s); share on lets both live there",
				  site->title, ftrace_owner(site, 0)->name);
	if (replaces) /* an image that calls the original by its address ignores regs->ip */
		return str_refuse(log, EBUSY,
				  "%s belongs to ftrace (ops %s), which replaces it; that cannot be shared",
				  site->title, replaces->name);
	return OK;
}

enum err share_make_room(struct site *site, const struct ftrace_ops *ops, struct strbuf *log)
{
	bool replaces = ops->flags & FTRACE_OPS_IPMODIFY;
	const struct ftrace_ops *other = replaces ? ftrace_owner(site, FTRACE_OPS_IPMODIFY) : NULL;

	if (other)
		return str_refuse(log, EBUSY, "%s is replaced by %s already, and only one can do that",
				  site->title, other->name);
	if (!site->tramp)
		return OK;
	if (!mode || replaces)
		return str_refuse(
		    log, EBUSY, "%s belongs to BPF (program %s)%s", site->title, site->tramp->hooks[0].name,
		    mode ? "; what replaces a function cannot share it" : "; share on lets both live there");
	return tramp_share(site, log);
}
