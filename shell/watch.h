/* SPDX-License-Identifier: MIT */
/* Repeats a command, so that a person sees what it shows change. */
#pragma once
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"

/* args is a command in one or several words; before it can stand how many seconds a pause lasts (1). exec runs a
 * line. On a terminal the screen shows the last turn; otherwise one block follows the other. Ends with the first
 * turn that fails; EINTR when Ctrl-C is typed. */
enum err watch_run(char **args, enum err (*exec)(const char *line), struct strbuf *log);
