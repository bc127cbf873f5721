/* SPDX-License-Identifier: MIT */
/* Decides whether a program may run. */
#pragma once
#include "kernel/lib/fmt.h"
#include "vm/prog.h"

#define PROG_INSNS_MAX 1000000

/* Checks a loaded program and sets p->facts; p->state becomes PROG_VERIFIED. Returns EINVAL with one sentence
 * in log, which begins with the instruction's index if it is about one; ENOENT if that is about what the kernel lacks; or
 * ENOMEM.
 *   - Each instruction exists, uses only the fields and registers that it has, and stays in its stack.
 *   - Each jump leads to an instruction of its own function; each call to a function that exists.
 *   - No path runs off the end or nests more than PROG_FRAMES functions.
 *   - What registers and memory may hold allows each access and each call, on all paths: walk.h.
 * The last is not asked of PROG_RAW: its accesses may hit a bad address. Interpreter and JIT make that harmless: a load
 * reads 0, a store is dropped. */
enum err prog_verify(struct prog *p, struct strbuf *log);

/* Walks a program again that was verified, and is not PROG_RAW, for a watcher. */
enum err prog_walk(struct prog *p, struct strbuf *log);

/* The watcher gets each instruction that the walk has done, with what it knows then in words; and with VERIFY_NOWHERE a
 * sentence: where a path begins or ends. NULL: there is none. Set it only while nothing else verifies. */
#define VERIFY_NOWHERE (~0u)
typedef void verify_watcher(const struct prog *p, u32 idx, const char *known);
extern verify_watcher *verify_watch;
