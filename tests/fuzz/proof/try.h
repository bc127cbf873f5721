/* SPDX-License-Identifier: MIT */
/* What a program that is tried shares with its inputs. */
#pragma once
#include "tests/fuzz/proof/proof.h"

extern struct made made;
extern struct map *maps[MAPS];
extern struct object object; /* of each program */
extern u64 *context;         /* ends right before a page that cannot be accessed */

/* Loads a program and verifies it, and sets *e. The caller frees it whatever *e says. */
struct prog *try_load(const struct made *m, enum err *e, struct strbuf *log);

/* tail.c: the programs to which tail calls lead. tail_begin empties their map; tail_add fills it for the program
 * in made, which is number 0; tail_compile compiles all anew; tail_end frees the others. tail_prog returns program
 * n, or NULL; tail_number in proof.h is the reverse. */
bool tail_begin(void);
void tail_add(struct prog *p, u64 seed);
bool tail_compile(enum prog_mode mode, struct strbuf *log);
const struct prog *tail_prog(u32 n);
const struct made *tail_made(u32 n);
void tail_end(void);

/* Makes the maps and the context. */
bool input_create(void);

/* types.c: opens the types of the object. */
enum err types_open(struct btf *b, struct strbuf *log);

/* For the program in made; for one run of it. */
void input_begin(void);
void input_set(u64 seed);
