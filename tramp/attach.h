/* SPDX-License-Identifier: MIT */
/* Where a program meets a function: a link is one program attached to one function. */
#pragma once
#include "kernel/lib/list.h"
#include "tramp/tramp.h"
#include "vm/prog.h"

struct link {
	struct prog *prog;
	struct site *site;
	struct list_head list;
};

/* Attaches a compiled program to func, or to the function its section names if func is NULL.
 * ENOENT: no such function; EOPNOTSUPP: it has no site or cannot be traced; EEXIST: this program is
 * attached to it already; and what tramp_add refuses. One sentence in log; nothing changed. */
enum err attach_prog(struct prog *p, const char *func, struct strbuf *log);

/* Ends all links of a program. ENOENT if it has none. */
enum err detach_prog(struct prog *p, struct strbuf *log);

/* Ends all links there are; gives the first error, having tried all. */
enum err detach_all(struct strbuf *log);

/* Calls visit for each link, oldest first, under the lock. */
void link_for_each(void (*visit)(const struct link *l, void *arg), void *arg);
