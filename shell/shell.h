/* SPDX-License-Identifier: MIT */
/* The shell: what a person types, and what --exec runs. No other file of this folder calls it. */
#pragma once
#include "shell/command.h"

#define PROMPT "fivebyte> "

/* Command i in the order of help, or NULL. */
const struct command *shell_command(u32 i);

/* Runs all of "command; command" in turn, and returns the first error. Ctrl-C stops the command that runs, and
 * those behind it do not run: EINTR. */
enum err shell_exec(const char *line);

/* Loads the programs that came with the kernel and from the boot loader. Then the boot command line decides:
 * it runs the commands there and powers off, or shows the demo and serves the terminal. */
void shell_start(void) noreturn;
