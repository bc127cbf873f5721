/* SPDX-License-Identifier: MIT */
/* The shell: what a person types, and what --exec runs. */
#pragma once
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "shell/edit.h"

#define PROMPT       "fivebyte> "
#define SENTENCE_LEN 768 /* room for what a refusal says, with the names of objects and programs in it */

/* A row of a family's table. The table ends with a row without a name. */
struct command {
	const char *name;
	const char *args; /* as help shows them: "PROG|OBJECT [FUNC]" */
	u32 min_args, max_args;
	const char *help; /* one line */
	/* args[count], NULL behind the last. On failure it has said why, through shell_fail. */
	enum err (*run)(u32 count, char **args);
	/* Offers candidates for args[index]; may be NULL. */
	void (*complete)(struct edit_matches *m, u32 index);
};

/* The families, in the order of help. */
extern const struct command site_commands[];       /* cmd_sites.c */
extern const struct command prog_commands[];       /* cmd_progs.c */
extern const struct command tramp_commands[];      /* cmd_tramp.c */
extern const struct command tracepoint_commands[]; /* cmd_tracepoints.c */
extern const struct command ftrace_commands[];     /* cmd_ftrace.c */
extern const struct command kprobe_commands[];     /* cmd_kprobe.c */
extern const struct command audit_commands[];      /* cmd_audit.c */
extern const struct command map_commands[];        /* cmd_maps.c */
extern const struct command compare_commands[];    /* cmd_compare.c */
extern const struct command cost_commands[];       /* cmd_cost.c */
extern const struct command system_commands[];     /* cmd_system.c */
extern const struct command shell_commands[];      /* shell.c */

/* Command i in the order of help; NULL if there are no more than i. */
const struct command *shell_command(u32 i);

/* Prints "error EBUSY: " and the sentence; gives e, so that a command can end with it. */
enum err shell_fail(enum err e, const char *fmt, ...) printf_like(2, 3);

/* Runs "command; command", all of them, each in its turn; gives the first error. */
enum err shell_exec(const char *line);

/* Loads the programs that came with the kernel and from the boot loader; then, as the boot command
 * line says, runs its commands and powers off, or shows the demo and serves whoever types. */
void shell_start(void) noreturn;

/* Candidates for words of a kind, for the completers. */
void complete_functions(struct edit_matches *m);
void complete_programs(struct edit_matches *m); /* and objects */
void complete_maps(struct edit_matches *m);
