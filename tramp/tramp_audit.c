// SPDX-License-Identifier: MIT
// Answers the auditor: which sites trampolines have changed, and whether each image is what its hooks need.
#include "kernel/mem/heap.h"
#include "kernel/mem/sym.h"
#include "tramp/text/audit.h"
#include "tramp/tramp.h"

static void explain_sites(void)
{
	u8 bytes[SITE_LEN];

	for (const struct tramp *t = tramp_next(NULL); t; t = tramp_next(t)) {
		tramp_site_bytes(t->site, bytes);
		if (!t->site->ftrace)
			audit_place(t->site->addr, bytes, SITE_LEN);
	}
}

/* The same hooks always lead to the same image: compares it with what would be written now. */
static void check_image(const struct tramp *t, struct explained *again)
{
	const struct text *text = &t->image->text;
	char line[160];
	struct strbuf s = STRBUF(line);
	u32 at = 0;

	tramp_explain(t, again);
	while (at < again->len && at < text->len && text->wanted[at] == again->code[at])
		at++;
	if (at == again->len)
		return;
	sym_print(&s, text->base + at);
	str_puts(&s, ": what was written is not what the hooks ask for");
	audit_wrong(line);
}

static enum err check_images(void)
{
	struct explained *again = kmalloc(sizeof(*again));

	if (!again)
		return ENOMEM;
	for (const struct tramp *t = tramp_next(NULL); t; t = tramp_next(t))
		check_image(t, again);
	kfree(again);
	return OK;
}

void tramp_audit_init(void)
{
	static struct audit_source source = { .explain = explain_sites, .check = check_images };
	audit_explain(&source);
}
