// SPDX-License-Identifier: MIT
// Counts the functions that are left out for each reason, and keeps a few names.
#include "shell/left_out.h"
#include "attach/functions.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/heap.h"
#include "shell/table.h"

enum { REASONS = 16, NAMES = 3, WHY_LEN = 128, NAMES_LEN = 160 };

struct left_out {
	u32 count; /* of reasons */
	struct reason {
		char why[WHY_LEN];
		char names[NAMES_LEN]; /* "a, b, c, ..." */
		u32 functions;
	} reasons[REASONS];
};

/* Finds the reason, or adds it; the last one stands for all for which there is no room. */
static struct reason *reason_for(struct left_out *l, const char *why)
{
	for (u32 i = 0; i < l->count; i++)
		if (strncmp(l->reasons[i].why, why, WHY_LEN - 1) == 0)
			return &l->reasons[i];
	if (l->count == REASONS)
		return &l->reasons[REASONS - 1];
	struct reason *r = &l->reasons[l->count++];
	str_copy(r->why, l->count < REASONS ? why : "other reasons", WHY_LEN);
	return r;
}

static void add_function(const char *func, const char *why, void *arg)
{
	struct reason *r = reason_for(arg, why);
	struct strbuf s = { .buf = r->names, .len = (u32)strlen(r->names), .cap = NAMES_LEN };
	if (r->functions < NAMES)
		str_printf(&s, "%s%s", r->functions ? ", " : "", func);
	else if (r->functions == NAMES)
		str_puts(&s, ", ...");
	r->functions++;
}

static enum err print_reasons(const struct left_out *l, struct strbuf *log)
{
	struct table t;
	if (!l->count)
		return OK;
	table_begin(&t, ">left out|because");
	t.key = "left_out";
	for (u32 i = 0; i < l->count; i++)
		table_add(&t, "%u\t%s: %s", l->reasons[i].functions, l->reasons[i].why, l->reasons[i].names);
	return table_print(&t, log);
}

enum err left_out_print(struct prog *p, const char *pattern, struct strbuf *log)
{
	struct left_out *l = kzalloc(sizeof(*l));
	if (!l)
		return str_refuse(log, ENOMEM, "no memory for the list");
	if (p)
		function_left_out(p, pattern, add_function, l);
	else
		site_each_without(pattern, add_function, l);
	enum err e = print_reasons(l, log);
	kfree(l);
	return e;
}
