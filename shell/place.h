/* SPDX-License-Identifier: MIT */
/* Places in code as audit, panics and backtraces print them: ffffffff8010ce30, 0xffffffff8010ce30, FUNC+0x5,
 * bpf_trampoline_FUNC+0x12, bpf_prog_TAG_PROG+0x4; and PROG+0x4, as tramp prints it. */
#pragma once
#include "tramp/text/site.h"
#include "vm/prog.h"

/* Whether a word is written like a place and not like a name. */
bool place_is(const char *word);

/* Stores the site of the function that holds the place, or to whose image or program it belongs. ENOENT:
 * nothing of that name exists, or nothing lies there; EINVAL: the offset is too large; EOPNOTSUPP: that
 * function has no site. Must not be called under tramp_lock. */
enum err place_site(struct site **site, const char *word, struct strbuf *log);

/* Stores the program whose code holds the place. ENOENT: none does; and what place_site refuses. */
enum err place_prog(struct prog **p, const char *word, struct strbuf *log);

/* Prints a line "ADDRESS is NAME+OFFSET" for a word that is a place; in a program also which line of C it
 * is. */
void place_print(const char *word);
