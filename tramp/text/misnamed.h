/* SPDX-License-Identifier: MIT */
/* Says why a name finds no site, and which functions have none. */
#pragma once
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"

/* Refuses a name for which site_named finds no site, with the reason in log. EOPNOTSUPP: two functions have
 * the name, or the function has no site, perhaps because it was inlined. ENOENT: no function has the name;
 * the sentence names the nearest one that has a site. */
enum err site_refuse(const char *func, struct strbuf *log);

/* Calls visit for each function that has no site and whose name matches the pattern. `why` is the reason,
 * without the name. */
typedef void site_visitor(const char *func, const char *why, void *arg);
void site_each_without(const char *pattern, site_visitor *visit, void *arg);
