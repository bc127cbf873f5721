/* SPDX-License-Identifier: MIT */
/* A program of progs/ for a test of the shell, which finds it by its name. */
#pragma once
#include "kernel/io/blobs.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/sched.h"
#include "tests/test.h"
#include "tramp/image.h"
#include "vm/object.h"
#include "vm/prog.h"

static inline struct object *builtin_load(const char *name)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	struct object *o = NULL;
	for (const struct blob *b = builtin_objects; b->name; b++)
		if (strcmp(b->name, name) == 0)
			check_eq(
			    OK, object_load(&o, name, b->start, (size_t)(b->end - b->start), PROG_JIT, &log));
	return o;
}

static inline void builtin_unload(struct object *o)
{
	for (u32 i = 0; i < 100 && image_reap(); i++)
		msleep(1);
	check_eq(OK, object_unload(o));
}
