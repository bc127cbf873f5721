/* SPDX-License-Identifier: MIT */
/* The shell: what a person types, and what --exec runs. The top of this folder: nothing else in it calls this. */
#pragma once
#include "shell/command.h"

#define PROMPT "fivebyte> "

/* Command i in the order of help; NULL if there are no more than i. */
const struct command *shell_command(u32 i);

/* Runs "command; command", all of them, each in its turn; returns the first error. */
enum err shell_exec(const char *line);

/* Loads the programs that came with the kernel and from the boot loader; then, as the boot command
 * line says, runs its commands and powers off, or shows the demo and serves the terminal. */
void shell_start(void) noreturn;
