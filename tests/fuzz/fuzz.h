/* SPDX-License-Identifier: MIT */
/* What the fuzzers share. fuzz_NAME.c has the first four functions, fuzz.c the rest of the program.
 *
 *      build/fuzz/fuzz_NAME CORPUS... [-max_total_time=SECONDS]     as libFuzzer's manual says
 *      build/fuzz/fuzz_NAME --show FILE                             what an input means, then tries it
 *      build/fuzz/fuzz_NAME --seeds FOLDER FILE...                  makes first inputs from files */
#pragma once
#include "vm/insn.h"

/* Tries one input. The name and the type are libFuzzer's; returns 0. */
int LLVMFuzzerTestOneInput(const u8 *bytes, size_t len);

/* Prints what the input means. */
void fuzz_show(const u8 *bytes, size_t len);

/* Runs once, before all others. */
void fuzz_begin(void);

/* Makes first inputs from a file, each by fuzz_keep, which puts it into the folder. */
void fuzz_seeds(const u8 *file, size_t len);
void fuzz_keep(const void *bytes, size_t len);

/* Prints a finding and ends the process, so that libFuzzer keeps the input. */
void fuzz_found(const char *fmt, ...) printf_like(1, 2);

/* Prints a program and its memory as tests/cases writes them, without the result. */
void fuzz_show_program(const struct insn *insns, u32 count, const u8 *mem, u32 len);

/* Changes an object file in place, in one to three ways that know its structure. Returns the new length,
 * which is not more than len. */
size_t fuzz_mutate_object(u8 *bytes, size_t len, u32 seed);

/* Returns the bytes of the heap in use, so that the caller can compare them with those before. */
u64 fuzz_heap(void);

/* Insert slot in before p[at], or remove slot p[at]. Jumps and calls lead where they led before. Return
 * the new count. */
u32 fuzz_put_in(struct insn *p, u32 count, u32 at, struct insn in);
u32 fuzz_take_out(struct insn *p, u32 count, u32 at);

/* Returns what is_found returns. Calls it in another process, because the program may crash or never end;
 * then returns false. */
bool fuzz_try(const struct insn *p, u32 count, bool (*is_found)(const struct insn *p, u32 count));

/* Removes instructions from a program as long as is_found stays true. Returns the new count. */
u32 fuzz_shrink(struct insn *p, u32 count, bool (*is_found)(const struct insn *p, u32 count));
