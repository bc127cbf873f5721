/* SPDX-License-Identifier: MIT */
/* From names to sites, and whether what a program reads is what the function at a site has. */
#pragma once
#include "attach/attach.h"

/* Stores l's sites: the one with that name, or all that match the pattern and can take these hooks. Sets
 * l->place. Refuses what attach_progs says. */
enum err sites_find(struct link *l, const char *func, const struct hook *hooks, u32 hook_count,
		    struct strbuf *log);

/* Whether p's types are those of the function at site: EINVAL and why not. */
enum err sites_check(const struct prog *p, const struct site *site, struct strbuf *log);
