/* SPDX-License-Identifier: MIT */
/* A call of a helper or of a function of the kernel, while it is checked. args.c checks what it gets, call.c does it. */
#pragma once
#include "vm/run/helper.h"
#include "vm/verify/walk.h"

struct call {
	const struct helper *h;
	const char *prefix;  /* "bpf_", of a helper */
	const struct map *m; /* the map among its arguments */
	u32 map;             /* its number */
	u32 func;            /* the callback among them: its first instruction */
	bool calls_back;
	u32 size;   /* of the record that it returns */
	u32 closes; /* the id of the record that it takes; 0: none */
	u64 bytes;  /* of the memory among them, at most */
	enum helper_arg iter_arg;
	struct slot *iter; /* among them */
};

/* Checks argument i, 0 to 4, against the row, in order: a key belongs to the map before it. */
enum err call_check_arg(struct walk *w, struct call *c, u32 i);

/* A format that is constant is read here: it must be one that the helper prints, and for each value that it prints a
 * register must be set. */
enum err call_check_format(struct walk *w, const struct call *c);
