/* SPDX-License-Identifier: MIT */
/* Helpers that call a function of the program again and again: bpf_loop, bpf_for_each_map_elem. The program
 * can choose the function when it runs. If the program does not take the address of that function, the helper
 * returns -EINVAL. How the function is called depends on whether the program is compiled. */
#pragma once
#include "vm/run/helper.h"

/* Calls the function at that address and returns its R0. */
typedef u64 callback_fn(void *how, u64 func, u64 r1, u64 r2, u64 r3, u64 r4);

static inline notrace u64 callback_failed(enum err e)
{
	return (u64) - (i64)e;
}

/* Whether a compiled program takes the address of a function whose machine code begins at func. */
bool callback_is_compiled(const struct prog *p, u64 func);

/* Runs helper h, which has HELPER_CALLBACK, for program p with arguments args[0..4], and returns its
 * result. Calls the callback args[1], a function of p, through call(how, ...). */
u64 callback_run(const struct helper *h, const u64 *args, const struct prog *p, callback_fn *call, void *how);

/* The helpers in a compiled program, where an address is one of machine code: fn of their rows. */
helper_fn callback_loop, callback_for_each_map_elem;
