/* SPDX-License-Identifier: MIT */
/* What several commands print: machine code with names, things found by name. */
#pragma once
#include "kernel/lib/fmt.h"
#include "tramp/text/site.h"
#include "tramp/tramp.h"
#include "vm/prog.h"

/* A function's name, with an offset if addr is not its entry; a program's without its tag. */
void show_symbol(struct strbuf *s, uptr addr);

/* The instruction at code[0 .. len), which runs at ip, with the name of what it calls or jumps to, or
 * the offset inside its own block; returns its length, 1 for a byte that is no instruction of ours. */
u32 show_insn(struct strbuf *s, const u8 *code, u32 len, uptr ip);

/* The programs that a trampoline calls; a session is one, though it has two hooks. */
u32 show_programs(const struct tramp *t);

/* A function's site, or a traced program's. ENOENT, EOPNOTSUPP, or what find_prog refuses; log says why. */
enum err show_find_site(struct site **site, const char *func, struct strbuf *log);

/* What a name means to attach, detach and cost: one program or, if no program is called so, all of an object. */
struct selection {
	struct prog *one;
	struct prog *const *progs;
	u32 count; /* at least 1 */
};

/* ENOENT, or what find_prog refuses; log says why. */
enum err show_select(struct selection *sel, const char *name, struct strbuf *log);
