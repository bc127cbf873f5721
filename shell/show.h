/* SPDX-License-Identifier: MIT */
/* What several commands print, and how they find programs and functions by name. */
#pragma once
#include "kernel/lib/fmt.h"
#include "tramp/text/site.h"
#include "tramp/tramp.h"
#include "vm/prog.h"

/* Prints a function's name, with an offset if addr is not its entry; a program's without its tag. */
void show_symbol(struct strbuf *s, uptr addr);

/* Prints the instruction at code[0 .. len), which runs at ip, with the name of what it calls or jumps to, or
 * the offset inside its own block. Returns its length; 1 for a byte that begins no known instruction. */
u32 show_insn(struct strbuf *s, const u8 *code, u32 len, uptr ip);

/* Prints the bytes of a site; those that differ from `before` have the colour of changed bytes. */
void show_site_bytes(struct strbuf *s, const u8 now[SITE_LEN], const u8 before[SITE_LEN]);

/* If a function with a site was also inlined, prints a line that says so, and into whom. */
void show_inlined(const char *func);

/* The number of programs that a trampoline calls; a session is one program with two hooks. */
u32 show_programs(const struct tramp *t);

/* Finds the site of a function, of a traced program or of a place (place.h). ENOENT: there is none; EOPNOTSUPP: the function has
 * no site; and what find_prog refuses. */
enum err show_find_site(struct site **site, const char *func, struct strbuf *log);

/* What a name means to attach, detach and cost: one program or, if none has this name, all of an object. */
struct selection {
	struct prog *one;
	struct prog *const *progs;
	u32 count; /* at least 1 */
};

/* ENOENT: no program or object has this name, or the object has no programs; and what find_prog refuses. */
enum err show_select(struct selection *sel, const char *name, struct strbuf *log);

/* Walks a loaded program again, as its verifier did, and prints each step; of many, the first and what came of them. */
enum err show_walk(struct prog *p, struct strbuf *log);
