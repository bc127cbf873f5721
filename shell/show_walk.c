// SPDX-License-Identifier: MIT
// prog verify: the verifier's walk over a program, as a lesson.
#include "kernel/io/print.h"
#include "kernel/io/progress.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/heap.h"
#include "shell/command.h"
#include "shell/json.h"
#include "shell/show.h"
#include "vm/disasm.h"
#include "vm/source.h"
#include "vm/verify/verify.h"

/* Of the verifier's walk, the first lines and the last. */
enum { WALK_LINES = 500 };
static u32 walk_lines;
static char last_said[SENTENCE_LEN];

static struct table walk_table; /* with -j */

/* A sentence is a row without an instruction. */
static void add_walk_row(const struct prog *p, u32 idx, const char *known)
{
	char text[SENTENCE_LEN] = "";
	u32 line = 0;
	const char *source = idx == VERIFY_NOWHERE ? NULL : source_text(p, idx, &line);
	if (idx != VERIFY_NOWHERE) {
		insn_print(&STRBUF(text), p, idx);
		table_add(&walk_table, "%u", idx);
	} else {
		table_add(&walk_table, "%s", "");
	}
	table_add(&walk_table, "%s\t%s", text, known);
	table_add(&walk_table, source ? "%u\t%s" : "\t", line, source);
}

static void watch_walk(const struct prog *p, u32 idx, const char *known)
{
	if (idx == VERIFY_NOWHERE)
		str_copy(last_said, known, sizeof(last_said));
	if (walk_lines++ < WALK_LINES && !progress_stop(0, 0))
		(json_is_on() ? add_walk_row : insn_print_walked)(p, idx, known);
}

enum err show_walk(struct prog *p, struct strbuf *log)
{
	if (!prog_is_proven(p))
		return str_refuse(log, EOPNOTSUPP,
				  "%s is one of the machine's own programs: no walk proved it", p->name);
	table_begin(&walk_table, ">insn|text|known|>line|source");
	walk_table.key = "steps";
	walk_lines = 0;
	verify_watch = watch_walk;
	enum err e = prog_walk(p, log);
	verify_watch = NULL;
	if (walk_lines > WALK_LINES)
		table_note("%u more lines; %s", walk_lines - WALK_LINES, last_said);
	if (e)
		kfree(walk_table.text);
	return !e && json_is_on() ? table_print(&walk_table, log) : e;
}
