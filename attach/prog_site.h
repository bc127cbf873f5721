/* SPDX-License-Identifier: MIT */
/* Programs that are traced: each has a site of its own, at the nop that it begins with.
 *
 *  - The first link to a program makes its site, the last one frees it.
 *  - The caller holds attach.c's lock. */
#pragma once
#include "attach/attach.h"

/* Returns the site of p if p is traced, or NULL. */
struct site *prog_site_of(const struct prog *p);

/* Stores in *site the site of target, which p will trace; makes it if target has none. EINVAL: p is traced,
 * or target traces a program (two programs must never trace each other); EOPNOTSUPP: target has no type
 * information; ENOMEM. */
enum err prog_site_get(struct site **site, const struct prog *p, struct prog *target, struct strbuf *log);

/* Frees the site of a program if no hook is on it. Does nothing if it is a function's. */
void prog_site_put(struct site *site);
