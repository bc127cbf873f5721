/* SPDX-License-Identifier: MIT */
/* Checks every byte of executable memory. Kernel text must be as it was linked, images and programs as they
 * were written, and free memory full of int3. Only changes that their makers explain may differ: sites in
 * use, breakpoints, branches. */
#pragma once
#include "kernel/lib/err.h"

/* Longer than any change of live code. */
#define AUDIT_PLACE 16

/* A module that changes live text. explain calls audit_place for each place that it has changed since the
 * text was linked or written. No two places may overlap, even of different sources. */
struct audit_source {
	void (*explain)(void);
	enum err (*check)(void);   /* may be NULL; calls audit_wrong for what else is wrong; ENOMEM */
	struct audit_source *next; /* audit.c's */
};
void audit_explain(struct audit_source *source);

/* For explain: len bytes (1 .. AUDIT_PLACE) that must stand at addr. */
void audit_place(uptr addr, const void *bytes, u32 len);

/* For check: counts one wrong place, and says the line. */
void audit_wrong(const char *line);

/* Compares all text. Calls `say` with a line for each wrong place (address, symbol, expected and found
 * bytes), or with one line if all is right. Returns the number of wrong places. Without memory for the
 * comparison it says so, and returns 1. The caller holds tramp_lock, so that nothing changes. */
u32 audit(void (*say)(const char *line));
