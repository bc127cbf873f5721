/* SPDX-License-Identifier: MIT */
/* Is every byte of executable memory what it should be? Kernel text as the link left it, images and
 * programs as they were written, free memory full of int3; and on top of that the changes that somebody
 * answers for: sites in use, breakpoints, branches. */
#pragma once
#include "kernel/lib/err.h"

/* Longer than any change of live code. */
#define AUDIT_PLACE 16

/* Somebody who changes live text: tells, by calling audit_place for each, all places that hold other
 * bytes than were linked or written there. Places of all sources do not overlap. */
struct audit_source {
	void (*explain)(void);
	enum err (*check)(void); /* says by audit_wrong what else is not as it should be; ENOMEM. May be NULL */
	struct audit_source *next; /* audit.c's */
};
void audit_explain(struct audit_source *source);

/* For explain: from addr on stand these bytes, 1 .. AUDIT_PLACE of them. */
void audit_place(uptr addr, const void *bytes, u32 len);

/* For check: counts one place that is not as it should be, and says the line. */
void audit_wrong(const char *line);

/* Compares everything; the caller holds the lock of tramp/tramp.h, so that nothing changes. Says where
 * something does not fit (address, symbol, expected and found bytes), or in one line that all is well;
 * gives the number of places that do not fit. Without memory for the comparison it says so, and gives 1. */
u32 audit(void (*say)(const char *line));
