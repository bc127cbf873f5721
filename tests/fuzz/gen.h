/* SPDX-License-Identifier: MIT */
/* Valid programs that end, made from bytes: for the fuzzer, which looks for bytes that reach new code, and
 * for tests/host/vm/test_fuzz.c, which takes random ones.
 *
 * The first 8 bytes are about the whole program; each following 8 make one unit: an access, a jump, a pattern
 * that optimisers look for, the beginning or end of a loop, the end of a function. So the change of a byte
 * changes one place of the program and leaves the rest as it was. */
#pragma once
#include "kernel/lib/fmt.h"
#include "vm/prog.h"

enum {
	GEN_INSNS_MAX = 4096,
	GEN_DATA = 128,                      /* bytes that the program loads and stores at will ... */
	GEN_STACK = 48,                      /* ... and of its stack */
	GEN_REGS_AT = GEN_DATA,              /* at its end it puts registers here, 8 bytes each, ... */
	GEN_STACK_AT = GEN_REGS_AT + 10 * 8, /* ... and the stack here */
	GEN_MEM = GEN_STACK_AT + GEN_STACK,  /* what R1 must point to */
};

/* Makes a program; returns the count of its slots. Its results in R0, memory and maps depend on no address.
 * It calls the helpers 5 and 42 (tests/host/vm_run.h) and some of ours. */
u32 gen_program(struct insn insns[GEN_INSNS_MAX], const u8 *bytes, size_t len);

/* Its maps: an array of 4 values of 64 bytes; a hash of 8 values of 8 bytes; an array of programs, whose
 * first slot holds the program itself and whose others are empty. */
enum { GEN_ARRAY, GEN_HASH, GEN_PROGS, GEN_MAPS };
enum { GEN_VALUES = 256 };

struct gen_result {
	u64 r0;
	u8 mem[GEN_MEM];
	u8 values[GEN_VALUES]; /* of the array */
	u64 hashed[8];         /* of keys 0 .. 7, all ones if there is none */
};

/* Runs the program once, in the memory of a result, with maps of its own. If it is refused, log says why. */
enum err gen_run(struct gen_result *r, const struct insn *insns, u32 count, enum prog_mode mode,
		 struct strbuf *log);

/* Calls a program, compiled or interpreted, with R1 = mem, R2 = len and zeroes in the other registers. */
u64 gen_call(const struct prog *p, void *mem, u64 len);
