// SPDX-License-Identifier: MIT
// The command audit: is all text what it should be?
#include "kernel/io/print.h"
#include "shell/command.h"
#include "tramp/text/audit.h"
#include "tramp/tramp.h"

static void print_line(const char *line)
{
	kprintf("%s\n", line);
}

static enum err cmd_audit(unused char **args, struct strbuf *log)
{
	tramp_lock();
	u32 bad = audit(print_line);
	tramp_unlock();
	return bad ? str_refuse(log, EINVAL, "text is not what it should be") : OK;
}

/* clang-format off */
const struct command audit_commands[] = {
	{ "audit", "", "is every byte of text as it should be?", cmd_audit },
	{ 0 },
};
/* clang-format on */
