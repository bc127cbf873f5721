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

/* Attaches compiled programs, all of them or none: to func, or each to the function that its section
 * names if func is NULL. ENOENT: no such function; EOPNOTSUPP: it has no site or cannot be traced;
 * EEXIST: a program is attached to it already; and what tramp_add refuses. One sentence in log. */
enum err attach_progs(struct prog *const *progs, u32 count, const char *func, struct strbuf *log);

/* Ends all links of these programs. ENOENT if there are none. */
enum err detach_progs(struct prog *const *progs, u32 count, struct strbuf *log);

/* Ends all links there are; gives the first error, having tried all. */
enum err detach_all(struct strbuf *log);

/* Calls visit for each link, oldest first, under the lock. */
void link_for_each(void (*visit)(const struct link *l, void *arg), void *arg);
