/* SPDX-License-Identifier: MIT */
/* Commands are rows of tables: one table for each family, in a file of its own. */
#pragma once
#include "shell/say.h"

/* A table ends with a row without a name. */
struct command {
	const char *name;
	const char *usage; /* of its words (usage.h): how many, and what Tab offers */
	const char *help;  /* one line */
	/* args ends with NULL; their number fits the usage. log is empty; a command that fails writes one
	 * sentence into it, and the shell prints that. Task context, no locks held. */
	enum err (*run)(char **args, struct strbuf *log);
	/* What `help NAME` says besides. */
	const char *about;    /* two sentences */
	const char *example;  /* a line that works as it stands, and leaves nothing attached */
	const char *on_linux; /* what does that there */
	/* The first words with which it prints a table, as in "list|dump"; "" stands for none, "*" for any. -j turns
	 * that table into JSON. NULL: it prints none. */
	const char *tables;
};

/* The families, in the order of help. */
extern const struct command site_commands[];   /* cmd_sites.c */
extern const struct command poke_commands[];   /* cmd_poke.c */
extern const struct command prog_commands[];   /* cmd_progs.c */
extern const struct command tramp_commands[];  /* cmd_tramp.c */
extern const struct command ftrace_commands[]; /* cmd_ftrace.c */
extern const struct command kprobe_commands[]; /* cmd_kprobe.c */
extern const struct command map_commands[];    /* cmd_maps.c */
extern const struct command cost_commands[];   /* cmd_cost.c */
extern const struct command system_commands[]; /* cmd_system.c */
extern const struct command learn_commands[];  /* cmd_learn.c */
extern const struct command shell_commands[];  /* shell.c */
