/* SPDX-License-Identifier: MIT */
/* The path from a type to a field in it: task->se.load, page[2].flags. */
#pragma once
#include "kernel/lib/btf.h"

#define CORE_STEPS_MAX 32

/* A step of a path: into a named member, or to the index-th element. */
struct core_step {
	const char *name; /* NULL: an element */
	u32 type;         /* of the member or element */
	u32 index;
};

/* A path through types of b, and where it ends. */
struct core_path {
	const struct btf *b;
	u32 root;
	struct core_step steps[CORE_STEPS_MAX];
	u32 count;
	u64 bits;     /* offset */
	u32 bit_size; /* of a bit field, else 0 */
	u32 type;     /* at the end */
	bool is_last; /* it ends in the last member of a struct */
};

/* Reads text like "0:1:2" as numbers. Returns how many; 0 if the text is anything else, or too long. */
u32 core_access(const char *text, u32 numbers[CORE_STEPS_MAX]);

/* Walks through a type of the object, by numbers. False if they do not fit the type. */
bool core_path_walk(struct core_path *p, const struct btf *b, u32 root, const u32 *numbers, u32 count);

/* Walks through a type of the kernel, by the names of the object's path; enters anonymous members, too.
 * False if a name is missing, or its type is not compatible with the object's. */
bool core_path_by_name(struct core_path *p, const struct btf *b, u32 root, const struct core_path *local);

/* Prints the steps behind the type's name: ".se.load", "[2].flags". */
void core_path_print(struct strbuf *s, const struct core_path *p);
