/* SPDX-License-Identifier: MIT */
/* What trap.h leaves to this CPU: the fault tables, and registers for people. */
#pragma once
#include "kernel/lib/fmt.h"
#include "kernel/trap.h"

/* Called by the entry code for every vector. notrace, like all that it runs through before a handler. */
void trap_dispatch(struct pt_regs *regs, u32 vector);

/* All registers, several lines. */
void regs_print(struct strbuf *s, const struct pt_regs *regs);
