/* SPDX-License-Identifier: MIT */
/* Is every byte of executable memory what it should be? Kernel text is as it was linked, images and programs
 * are as they were written, free memory is full of int3, but for the changes that their makers explain: sites
 * in use, breakpoints, branches. */
#pragma once
#include "kernel/lib/err.h"

/* Longer than any change of live code. */
#define AUDIT_PLACE 16

/* A module that changes live text. explain calls audit_place for each place where it has other bytes put than
 * were linked or written there. No two places overlap, of whatever sources. */
struct audit_source {
	void (*explain)(void);
	enum err (*check)(void);   /* calls audit_wrong for what else is wrong; ENOMEM. May be NULL */
	struct audit_source *next; /* audit.c's */
};
void audit_explain(struct audit_source *source);

/* For explain: len bytes (1 .. AUDIT_PLACE) that stand at addr. */
void audit_place(uptr addr, const void *bytes, u32 len);

/* For check: counts one place that is wrong, and says the line. */
void audit_wrong(const char *line);

/* Compares all text. The caller holds tramp_lock, so that nothing changes. Says each place that is wrong
 * (address, symbol, expected and found bytes), or in one line that all is right. Returns the number of wrong
 * places. Without memory for the comparison it says so, and returns 1. */
u32 audit(void (*say)(const char *line));
