/* SPDX-License-Identifier: MIT */
/* Sites: the places where the compiler has left a five-byte nop at the head of a function (`__mcount_loc`).
 *
 * The table is checked once, at boot: every site lies exactly at the entry of a known symbol, and holds
 * exactly the nop that poke_make_nop makes. Anything else is a broken build, and panics.
 *
 * Read this file first here; docs/reading.md names the others in order. */
#pragma once
#include "kernel/layout.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"

struct btf;
struct tramp;

struct site {
	uptr addr;
	const char *name;      /* the function's symbol, or the program's name */
	const char *title;     /* for messages: its name; of a tracepoint's function "tracepoint NAME" */
	const struct btf *btf; /* the kernel's, or that of a program's object */
	u32 btf_id;            /* the function's FUNC in btf, 0 if it has none */
	bool ambiguous;        /* two functions have this name: neither can be named, nor found in BTF */
	bool no_return;        /* its declaration says that it does not return */
	bool may_sleep;        /* only called where its caller may sleep */
	u32 *users;            /* of a program: counts what can reach it; NULL for a function */
	struct tramp *tramp;   /* the hooks here, or NULL; tramp.c's */
	uptr direct;           /* their image if made for a shared site, or 0; tramp.c's, read by ftrace */
	uptr ftrace;           /* the caller of ftrace's that the site calls, or 0; ftrace's */
};

/* Reads and checks the table; kernel_btf may be NULL. */
void site_init(const struct btf *kernel_btf);

/* Sites are numbered 0 .. site_count() - 1 in address order. */
u32 site_count(void);
struct site *site_nth(u32 i);

/* Return the site, or NULL. A name that two static functions share finds neither. site_at is notrace. */
struct site *site_named(const char *name);
struct site *site_at(uptr addr);

/* The kernel's BTF, as site_init was called with it. */
const struct btf *site_btf(void);
