/* SPDX-License-Identifier: MIT */
/* Static tracepoints: places where the kernel tells a hook what happens.
 *
 *	fast path:                      out of line:
 *	    nop5  <->  jmp on           on: ...the arguments...
 *	off:                                call __traceiter_NAME      an empty function with a site
 *	    ...                             jmp off
 *
 * A user puts a hook on __traceiter_NAME as on any function, and has the nops poked to jumps
 * (tramp/text/tracepoint.h). Off, a tracepoint costs its nop: the arguments are evaluated only when it is on.
 * The tracepoints of the kernel are listed in kernel/trace/events.h. */
#pragma once
#include "kernel/trace/tracepoint_x86_64.h"

struct site;

struct tracepoint {
	const char *name, *title; /* sched_switch, tracepoint sched_switch */
	uptr func;                /* __traceiter_NAME */

	/* tramp/text/tracepoint.c's */
	struct site *site; /* of func */
	u32 branches;      /* how many places have this tracepoint */
	u32 users;         /* > 0: it is on */
};

/* A row of the table that tracepoint_branch makes, one for each place. */
struct tracepoint_branch {
	uptr addr;   /* of the five bytes */
	uptr target; /* where they jump while it is on */
	struct tracepoint *tp;
};

/* clang-format off */
/* Parameters with the names that BTF shows: DECLARE_TRACEPOINT(softirq_entry, unsigned int vec_nr). */
#define DECLARE_TRACEPOINT(name, ...)              \
	extern struct tracepoint tracepoint_##name; \
	void __traceiter_##name(__VA_ARGS__)

/* Defines a tracepoint. Once for each, in a .c file, without a semicolon. */
#define DEFINE_TRACEPOINT(name_, ...)                                                             \
	DECLARE_TRACEPOINT(name_, __VA_ARGS__);                                                   \
	_Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wunused-parameter\"")   \
	traceable void __traceiter_##name_(__VA_ARGS__)                                           \
	{                                                                                         \
	}                                                                                         \
	_Pragma("GCC diagnostic pop")                                                             \
	struct tracepoint tracepoint_##name_                                                      \
		__attribute__((used, section("tracepoints"), aligned(sizeof(uptr)))) = {          \
		.name = #name_, .title = "tracepoint " #name_, .func = (uptr)__traceiter_##name_, \
	};

/* At the place itself. In any context in which a program may run, but in no function that a poke or an int3
 * calls. */
#define tracepoint_call(name, ...)                                         \
	do {                                                               \
		if (__builtin_expect(tracepoint_branch(&tracepoint_##name), 0)) \
			__traceiter_##name(__VA_ARGS__);                   \
	} while (0)
/* clang-format on */
