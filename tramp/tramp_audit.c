// SPDX-License-Identifier: MIT
// What the auditor asks of trampolines: which sites they have changed, and whether each image is still what its
// hooks ask for.
#include "kernel/lib/fmt.h"
#include "kernel/mem/heap.h"
#include "kernel/mem/sym.h"
#include "tramp/text/audit.h"
#include "tramp/tramp.h"

/* Too large for a stack. */
struct again {
	struct plan plan;
	u32 starts[PLAN_STEPS + 1];
	u8 code[TRAMP_IMAGE_MAX];
};

/* An image is a function of its hooks: what was written is what would be written now. */
static void check_image(const struct site *site, struct again *again)
{
	const struct text *text = &site->tramp->image->text;
	u32 len = tramp_explain(site->tramp, &again->plan, again->starts, again->code), at = 0;
	char line[160];
	struct strbuf s = STRBUF(line);

	while (at < len && at < text->len && text->wanted[at] == again->code[at])
		at++;
	if (at == len)
		return;
	sym_print(&s, text->base + at);
	str_puts(&s, ": what was written is not what the hooks ask for");
	audit_wrong(line);
}

static enum err check_images(void)
{
	struct again *again = kmalloc(sizeof(*again));
	if (!again)
		return ENOMEM;
	for (u32 i = 0; i < site_count(); i++)
		if (site_nth(i)->tramp)
			check_image(site_nth(i), again);
	kfree(again);
	return OK;
}

static void explain_sites(void)
{
	tramp_visit_places(audit_place);
}

void tramp_audit_init(void)
{
	static struct audit_source source = { .explain = explain_sites, .check = check_images };
	audit_explain(&source);
}
