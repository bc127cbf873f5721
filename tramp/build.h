/* SPDX-License-Identifier: MIT */
/* Builds the images of one traced function: the next one from its hooks, and the spare ones that removals
 * will need. For tramp.c; the caller holds tramp_lock. */
#pragma once
#include "tramp/tramp.h"

/* How images are built. The caller that changes it builds all images again. */
extern struct plan_options build_options;

/* Builds t->next, and the spares for the removals that may follow. ENOMEM: t is as before. */
enum err build_next(struct tramp *t, struct strbuf *log);

/* Builds t->next in a spare image, after hooks were removed. Cannot fail. */
void build_from_spare(struct tramp *t);

/* Discards t->next, after the hooks are again what they were. */
void build_drop(struct tramp *t);

/* Discards the spares that t's hooks do not need. */
void build_trim(struct tramp *t);
