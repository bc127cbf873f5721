/* SPDX-License-Identifier: MIT */
/* Host tests only: objects that clang made, read from the disk. Paths count from the project's root. */
#pragma once
#include "vm/prog.h"

/* What the last try_object wrote into its log. */
extern char why[1024];

/* Returns what object_load returns. If the file cannot be read, returns ENOENT and fails the running test.
 * *o is NULL unless it returns OK. */
enum err try_object(struct object **o, const char *name, const char *path, enum prog_mode mode);

/* Returns the object, called "test"; the caller unloads it with object_unload. If it is refused, or if the
 * log is not empty, returns NULL and fails the running test. */
struct object *load_object(const char *path, enum prog_mode mode);

/* Returns the map of that name; NULL if the object has none. */
struct map *map_of(const struct object *o, const char *name);

/* Calls host_kernel_btf. If that fails, skips the running test, which must return. */
bool has_kernel_btf(void);
