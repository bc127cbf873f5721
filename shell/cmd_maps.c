// SPDX-License-Identifier: MIT
// Commands about maps: map list; map dump is in map_dump.c.
#include "kernel/lib/mem.h"
#include "shell/command.h"
#include "shell/map_dump.h"
#include "shell/table.h"
#include "shell/usage.h"
#include "vm/object.h"
#include "vm/run/map.h"

static void map_row(struct table *t, const struct object *o, const struct map *m)
{
	table_add(t, "%s\t%s\t%s\t%u\t%u\t%u", m->name, o->name, m->ops->name, m->key_size, m->value_size,
		  m->max_entries);
}

static enum err map_list(struct strbuf *log)
{
	struct table t;
	table_begin(&t, "*map|object|type|>key|>value|>entries");
	for (const struct object *o = object_first(); o; o = o->next)
		for (u32 i = 0; i < o->map_count; i++)
			map_row(&t, o, o->maps[i]);
	return table_print(&t, log);
}

static enum err cmd_map(char **args, struct strbuf *log)
{
	if (!args[1] && strcmp(args[0], "list") == 0)
		return map_list(log);
	if (args[1] && strcmp(args[0], "dump") == 0)
		return map_dump(args[1], log);
	return refuse_usage(map_commands, "map", log);
}

const struct command map_commands[] = {
	{ "map", "list|dump [NAME]", "maps: what programs keep", cmd_map,
	  "Lists the maps of all programs, or prints what one holds, by its type and sorted by key. Global "
	  "variables are in maps, too: those of count in count.bss. The records of a ring buffer are gone "
	  "once they are printed; what type they have says a variable, `const struct report *unused`.",
	  "map list; map dump freed_per_cpu", "bpftool map list; bpftool map dump name freed_per_cpu",
	  .tables = "list|dump" },
	{ 0 },
};
