/* SPDX-License-Identifier: MIT */
/* Names of code: functions of the kernel (from the link's symbol table) and blocks made at run time. */
#pragma once
#include "kernel/lib/fmt.h"

/* A function of the kernel. */
struct sym {
	uptr addr;
	u32 len;
	const char *name;
	bool no_return; /* its declaration says that it does not return */
};

/* Store in *sym the function that holds addr, the one called name, or the i-th in address order. Return false
 * if there is none. */
bool sym_at(uptr addr, struct sym *sym);
bool sym_named(const char *name, struct sym *sym);
bool sym_nth(u32 i, struct sym *sym);

/* Returns the names of the functions into which the function called name was inlined ("a, b, c and 2 more"),
 * or NULL if there are none. The function may also have code of its own. */
const char *sym_inlined_into(const char *name);

/* Iterates over the names of the inlined functions. Returns the one after name, which this has returned; for
 * NULL the first; NULL after the last. */
const char *sym_inlined_next(const char *name);

/* Stores the address of the global variable of that name. Returns false if there is none. */
bool sym_variable(const char *name, uptr *addr);

/* Returns the name of the function or block that holds addr, and stores how many bytes behind its beginning
 * addr lies. Returns NULL if none holds addr. */
const char *sym_name(uptr addr, uptr *offset);

/* Appends "kfree_skb+0x5", "bpf_trampoline_kfree_skb+0x12", or the plain number if no name is known. */
void sym_print(struct strbuf *s, uptr addr);
