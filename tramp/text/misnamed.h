/* SPDX-License-Identifier: MIT */
/* Why a name finds no site. */
#pragma once
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"

/* Refuses a name for which site_named finds nothing, and says why. EOPNOTSUPP: two functions have the name, or
 * the function has no site, perhaps because it was inlined. ENOENT: no function has it; the sentence names the nearest one that has a site. */
enum err site_refuse(const char *func, struct strbuf *log);
