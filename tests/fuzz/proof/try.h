/* SPDX-License-Identifier: MIT */
/* What a program that is tried shares with its inputs. */
#pragma once
#include "tests/fuzz/proof/proof.h"

extern struct made made;
extern struct map *maps[MAPS];
extern struct object object; /* of each program */
extern u64 *context;         /* right before a page that cannot be accessed */

/* Makes the maps and the context. */
bool input_create(void);

/* types.c: opens the types of the object. */
enum err types_open(struct btf *b, struct strbuf *log);

/* For the program in made; for one run of it. */
void input_begin(void);
void input_set(u64 seed);
