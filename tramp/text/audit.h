/* SPDX-License-Identifier: MIT */
/* Is every byte of executable memory what it should be? Kernel text as the link left it, images and
 * programs as they were written, free memory full of int3; and on top of that the changes that somebody
 * answers for: sites in use, breakpoints, branches. */
#pragma once
#include "kernel/lib/types.h"

/* Longer than any change of live code. */
#define AUDIT_PLACE 16

/* Somebody who changes live text: tells, by calling audit_place for each, all places that hold other
 * bytes than were linked or written there. Places of all sources do not overlap. */
struct audit_source {
	void (*explain)(void);
	struct audit_source *next; /* audit.c's */
};
void audit_explain(struct audit_source *source);

/* For explain: from addr on stand these bytes, 1 .. AUDIT_PLACE of them. */
void audit_place(uptr addr, const void *bytes, u32 len);

/* Once, at boot. Sites are explained from here. */
void audit_init(void);

/* Compares everything; the caller holds the lock of tramp/tramp.h, so that nothing changes. Says where
 * something does not fit (address, symbol, expected and found bytes), or in one line that all is well;
 * gives the number of places that do not fit. Without memory for the comparison it says so, and gives 1. */
u32 audit(void (*say)(const char *line));
