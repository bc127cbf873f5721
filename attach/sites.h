/* SPDX-License-Identifier: MIT */
/* Finds sites by names, and checks that a program reads what the function at a site has. */
#pragma once
#include "attach/attach.h"

/* Sets l->sites: the site called func, or all that match the pattern func and can take these hooks. Sets
 * l->place. Fails as attach_progs does. */
enum err sites_find(struct link *l, const char *func, const struct hook *hooks, u32 hook_count,
		    struct strbuf *log);

/* Checks that p's types are those of the function at site. EINVAL with the reason in log. */
enum err sites_check(const struct prog *p, const struct site *site, struct strbuf *log);
