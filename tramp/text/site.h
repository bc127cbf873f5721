/* SPDX-License-Identifier: MIT */
/* Sites: where the compiler left a five-byte nop at the head of a function (`__mcount_loc`).
 *
 * The table is checked once at boot: every site lies exactly at the entry of a known symbol and
 * holds exactly the nop that poke_make_nop makes; anything else is a broken build and panics.
 *
 * The first file to read here; docs/reading.md names the others in order. */
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
	u32 btf_id;            /* its FUNC there, 0 if it has none */
	bool ambiguous;      /* another function has this name too: neither can be named, nor found in BTF */
	bool no_return;      /* its declaration says that it does not return */
	bool may_sleep;      /* is only called where its caller may sleep */
	u32 *users;          /* a program's site: counts what can reach the program; NULL for a function */
	struct tramp *tramp; /* BPF's hooks here, NULL if there are none; tramp.c's */
	uptr direct;         /* their image if made for a shared site, else 0; tramp.c's, ftrace reads it */
	uptr ftrace;         /* ftrace's caller that it calls, 0 if no callback is here; ftrace's */
};

/* Reads and checks the table; kernel_btf may be NULL. */
void site_init(const struct btf *kernel_btf);

/* Sites are numbered 0 .. site_count() - 1 in address order. */
u32 site_count(void);
struct site *site_nth(u32 i);

/* NULL if there is none. A name that two static functions share finds neither. site_at is notrace. */
struct site *site_named(const char *name);
struct site *site_at(uptr addr);

/* The kernel's BTF as given to site_init. */
const struct btf *site_btf(void);
