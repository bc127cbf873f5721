/* SPDX-License-Identifier: MIT */
/* What a person means by a name. A program or a map is called NAME or, exactly, OBJECT/NAME. The map that holds a
 * section of global variables is called as a whole wakeup.bss; its section's name, .bss, is a name of it, too,
 * and so are the 15 characters to which libbpf cuts the whole. A name of which there are several means none of
 * them: there is no order among objects. */
#pragma once
#include "vm/prog.h"

/* How many loaded programs have that name; *first is the oldest of them, NULL if there are none. */
u32 progs_named(const char *name, struct prog **first);

/* The program or the map of that name. ENOENT if there is none, EINVAL if there are several; a sentence in log says
 * so, and how to say which. */
enum err find_prog(struct prog **p, const char *name, struct strbuf *log);
enum err find_map(struct map **m, const char *name, struct strbuf *log);

/* The program's shortest name: without its object's, if no other program has the same. */
void print_prog_name(struct strbuf *s, const struct prog *p);
