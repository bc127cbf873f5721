/* SPDX-License-Identifier: MIT */
/* The programs that are loaded when the shell starts. */
#pragma once
#include "kernel/io/blobs.h"
#include "kernel/lib/err.h"

/* Loads the objects that are built into the kernel, and those that came as boot modules. A malformed object
 * is refused on the console, and the others are still loaded. Returns the first error. */
enum err load_all(void);

/* Finds the file of one of these by the object's name; false if none has it. */
bool load_find(struct blob *file, const char *name);
