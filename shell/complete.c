// SPDX-License-Identifier: MIT
// Offers names of functions, tracepoints, programs and maps.
#include "shell/complete.h"
#include "kernel/lib/fmt.h"
#include "tramp/kprobe/kprobe.h"
#include "tramp/text/site.h"
#include "tramp/text/tracepoint.h"
#include "vm/object.h"
#include "vm/prog.h"
#include "vm/run/map.h"

void complete_functions(struct edit_matches *m)
{
	for (u32 i = 0; i < site_count(); i++)
		edit_offer(m, site_nth(i)->name);
}

/* Offers NAME; and OBJECT/NAME if the word begins with OBJECT/. */
static void offer_within(struct edit_matches *m, const struct object *o, const char *name)
{
	char both[EDIT_LINE] = "";
	struct strbuf s = STRBUF(both);
	edit_offer(m, name);
	str_printf(&s, "%s/", o->name);
	if (!edit_begins(m, both))
		return;
	str_puts(&s, name);
	edit_offer(m, both);
}

void complete_programs(struct edit_matches *m)
{
	for (const struct object *o = object_first(); o; o = o->next) {
		edit_offer(m, o->name);
		for (u32 i = 0; i < o->prog_count; i++)
			offer_within(m, o, o->progs[i]->name);
	}
}

void complete_maps(struct edit_matches *m)
{
	for (const struct object *o = object_first(); o; o = o->next)
		for (u32 i = 0; i < o->map_count; i++)
			offer_within(m, o, o->maps[i]->name);
}

void complete_tracepoints(struct edit_matches *m)
{
	for (u32 i = 0; i < tracepoint_count(); i++)
		edit_offer(m, tracepoint_nth(i)->name);
}

void complete_kinds_of_code(struct edit_matches *m)
{
	edit_offer(m, "xlated");
	edit_offer(m, "jited");
}

void complete_ways_to_probe(struct edit_matches *m)
{
	for (enum kprobe_how how = KPROBE_INT3; how <= KPROBE_FTRACE; how++)
		edit_offer(m, kprobe_how_name(how));
}
