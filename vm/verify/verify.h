/* SPDX-License-Identifier: MIT */
/* Decides whether a program may run. */
#pragma once
#include "kernel/lib/fmt.h"
#include "vm/prog.h"

#define PROG_INSNS_MAX 1000000

/* Checks a loaded program and fills p->facts. EINVAL with one sentence in log, that begins with the
 * instruction's index where there is one, if it is refused; ENOMEM. p->state becomes PROG_VERIFIED.
 *
 * What is checked now is the structure: every instruction is one that we have, uses only fields and
 * registers that it has, jumps to an instruction of its own function, keeps to its stack, calls what is
 * there, and no path runs off the end or nests more than PROG_FRAMES functions. What registers hold is
 * not followed: an access through any register but R10 may hit a bad address, and interpreter and JIT
 * both make that harmless (a load gives 0, a store is dropped). */
enum err prog_verify(struct prog *p, struct strbuf *log);
