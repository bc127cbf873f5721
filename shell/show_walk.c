// SPDX-License-Identifier: MIT
// prog verify: the verifier's walk over a program, as a lesson.
#include "kernel/io/print.h"
#include "kernel/io/progress.h"
#include "kernel/lib/mem.h"
#include "shell/command.h"
#include "shell/show.h"
#include "vm/disasm.h"
#include "vm/verify/verify.h"

/* Of the verifier's walk, the first lines and the last. */
enum { WALK_LINES = 500 };
static u32 walk_lines;
static char last_said[SENTENCE_LEN];

static void watch_walk(const struct prog *p, u32 idx, const char *known)
{
	if (idx == VERIFY_NOWHERE)
		str_copy(last_said, known, sizeof(last_said));
	if (walk_lines++ < WALK_LINES && !progress_stop(0, 0))
		insn_print_walked(p, idx, known);
}

enum err show_walk(struct prog *p, struct strbuf *log)
{
	walk_lines = 0;
	verify_watch = watch_walk;
	enum err e = prog_walk(p, log);
	verify_watch = NULL;
	if (walk_lines > WALK_LINES)
		kprintf("%u more lines; %s\n", walk_lines - WALK_LINES, last_said);
	return e;
}
