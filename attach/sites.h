/* SPDX-License-Identifier: MIT */
/* Finds sites by names, and checks that a program reads what the function at a site has. */
#pragma once
#include "attach/attach.h"
#include "tramp/text/misnamed.h"

/* Sets l->sites: the site called func, or all that match the pattern func and can take these hooks. Sets
 * l->place. Fails as attach_progs does. */
enum err sites_find(struct link *l, const char *func, const struct hook *hooks, u32 hook_count,
		    struct strbuf *log);

/* Calls visit for each function that the pattern matches and that sites_find leaves out for these hooks.
 * `why` is the reason, without the function's name. */
void sites_left_out(const struct prog *p, const char *pattern, const struct hook *hooks, u32 hook_count,
		    site_visitor *visit, void *arg);

/* Checks that p's types are those of the function at site. EINVAL with the reason in log. */
enum err sites_check(const struct prog *p, const struct site *site, struct strbuf *log);
