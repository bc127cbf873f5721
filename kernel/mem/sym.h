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

/* The function that holds addr, the one called name, or the i-th in address order; false if none. */
bool sym_at(uptr addr, struct sym *sym);
bool sym_named(const char *name, struct sym *sym);
bool sym_nth(u32 i, struct sym *sym);

/* The address of the global variable of that name; false if there is none. */
bool sym_variable(const char *name, uptr *addr);

/* The name of the function or the block that holds addr, which lies *offset bytes behind its beginning; NULL
 * if none does. */
const char *sym_name(uptr addr, uptr *offset);

/* "kfree_skb+0x5", "bpf_trampoline_kfree_skb+0x12", or the plain number. */
void sym_print(struct strbuf *s, uptr addr);
