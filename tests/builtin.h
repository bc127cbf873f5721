/* SPDX-License-Identifier: MIT */
/* An object of progs/ for a test in the machine. */
#pragma once
#include "kernel/io/blobs.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/sched.h"
#include "tests/test.h"
#include "tramp/image.h"
#include "vm/object.h"
#include "vm/prog.h"

/* Returns NULL, and has failed a check, if it does not load. The object gets the name `as`. */
static inline struct object *builtin_load_as(const char *name, const char *as, enum prog_mode mode)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	struct object *o = NULL;
	for (const struct blob *b = builtin_objects; b->name; b++)
		if (strcmp(b->name, name) == 0)
			check_eq(OK, object_load(&o, as, b->start, (size_t)(b->end - b->start), mode, &log));
	return o;
}

static inline struct object *builtin_load(const char *name)
{
	return builtin_load_as(name, name, PROG_JIT);
}

static inline void builtin_unload(struct object *o)
{
	for (u32 i = 0; i < 100 && image_reap(); i++)
		msleep(1);
	check_eq(OK, object_unload(o));
}
