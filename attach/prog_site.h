/* SPDX-License-Identifier: MIT */
/* Programs that are traced: each has a site of its own, at the nop that it begins with.
 *
 *  - The first link to a program makes its site, the last one frees it.
 *  - The caller holds attach.c's lock. */
#pragma once
#include "attach/attach.h"

/* The site of a traced program, or NULL. */
struct site *prog_site_of(const struct prog *p);

/* Stores the site of target, which p is to trace. EINVAL: p or target has its part in tracing a program
 * already, since two programs must not trace each other; EOPNOTSUPP: target has no type information;
 * ENOMEM. */
enum err prog_site_get(struct site **site, const struct prog *p, struct prog *target, struct strbuf *log);

/* Frees the site if nothing is attached to it. Does nothing if it is a function's. */
void prog_site_put(struct site *site);
