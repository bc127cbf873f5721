/* SPDX-License-Identifier: MIT */
/* Data that the build puts into the image between its two passes (tools/make-blobs). The first pass has none
 * of it; text is the same in both. */
#pragma once
#include "kernel/lib/types.h"

/* The kernel's own BTF. */
extern const u8 kernel_btf_start[], kernel_btf_end[];

/* The compiled programs of progs/, by name ("wakeup"), as ELF objects; ended by a NULL name. ORDER BLOB. */
struct blob {
	const char *name;
	const u8 *start, *end;
};
extern const struct blob builtin_objects[];

/* The kernel's functions in address order, for sym.c: ORDER SYM_ENTRY. */
struct sym_entry {
	u32 offset; /* from text_start */
	u32 len;
	u32 name_off; /* in sym_names */
	u32 no_return;
};
extern const struct sym_entry sym_table[];
extern const u32 sym_count;
extern const char sym_names[];

/* The functions that were inlined: for each its name, then the names of the functions into which it was
 * inlined ("a, b, c and 2 more"); ended by "". */
extern const char inlined_functions[];

/* Its global variables, ended by a NULL name. */
struct var_entry {
	const char *name;
	uptr addr;
};
extern const struct var_entry var_table[];
