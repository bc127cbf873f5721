/* SPDX-License-Identifier: MIT */
/* All ways to trace a function, with users that only count. compare measures them. */
#pragma once
#include "shell/measure.h"
#include "tramp/ftrace/fgraph.h"
#include "tramp/kprobe/kprobe.h"
#include "vm/object.h"

/* What the users of a way are attached to. */
struct traced {
	const struct measure_drive *drive;
	struct site *site; /* of the function that it calls */
	u32 jump_offset;   /* where in that function a probe can be a jump */
	struct strbuf *log;
};

/* One user: a program of its own copy of the object count, or a callback in C. */
struct user {
	struct object *object;
	struct prog *prog;       /* the attached one; set by attach */
	struct fgraph_ops graph; /* the callback; ftrace uses only its ops */
	u64 *count;              /* its runs, in the object or in calls; set by attach */
	u64 calls;
};

/* What one user costs besides time. */
struct footprint {
	u32 stack, registers, code; /* bytes, saved registers, bytes */
};

struct way {
	const char *name;
	const char *prog; /* in the object; NULL for callbacks */
	enum kprobe_how how;
	u32 ftrace_flags;
	bool by_call, at_tracepoint, at_marked; /* it needs ALLOW_ERROR_INJECTION */
	u32 most;                               /* users of one function; 0: as many as compare wants */
	enum err (*attach)(const struct way *w, const struct traced *t, struct user *u);
	enum err (*detach)(const struct traced *t, struct user *u);
	/* u is the only user. */
	struct footprint (*footprint)(const struct way *w, const struct traced *t, const struct user *u);
};

enum { WAYS = 13 };
extern const struct way ways[WAYS];
