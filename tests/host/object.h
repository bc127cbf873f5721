/* SPDX-License-Identifier: MIT */
/* Host tests only: objects that clang made, read from the disk. Paths count from the project's root. */
#pragma once
#include "vm/prog.h"

/* What the last try_object wrote into its log. */
extern char why[1024];

/* Returns what object_load returns, or ENOENT if the file cannot be read, which fails the running test. *o is NULL
 * unless it returns OK. */
enum err try_object(struct object **o, const char *name, const char *path, enum prog_mode mode);

/* The object, called "test", to be given to object_unload; NULL if it is refused or if the log is not empty, which
 * fails the running test. */
struct object *load_object(const char *path, enum prog_mode mode);

/* NULL if the object has no map of that name. */
struct map *map_of(const struct object *o, const char *name);

/* host_kernel_btf; if that is not built, the running test is skipped, and must return. */
bool has_kernel_btf(void);
