/* SPDX-License-Identifier: MIT */
/* Raw programs from memory, run one way or the other; for tests and host tools. */
#pragma once
#include "kernel/lib/fmt.h"
#include "vm/prog.h"

/* Loads the instructions (verifies, compiles), runs them with R1 = mem, R2 = len, and unloads them.
 * log says why not, if they are refused. */
enum err vm_run(const struct insn *insns, u32 count, enum prog_mode mode, void *mem, u64 len, u64 *r0,
		struct strbuf *log);

/* Runs a loaded program so. */
u64 vm_call(const struct prog *p, void *mem, u64 len);

/* Compiles a loaded program anew a few times: ns that the fastest took, 0 if it fails. */
u64 vm_compile_ns(struct prog *p);

/* The same for a program that nobody trusts, interpreted: it has the memory, its stack and its maps' values,
 * and may run so many instructions. EFAULT, ETIMEDOUT and a sentence in log if it goes beyond. */
enum err vm_call_limited(const struct prog *p, void *mem, u64 len, u64 insns, u64 *r0, struct strbuf *log);

/* Two hex digits a byte, spaces between bytes allowed; up to the text's or the line's end or a tab.
 * The count of bytes, or -1 if it is anything else or more than cap. */
i32 hex_bytes(const char *text, u8 *out, u32 cap);

/* Adds the helpers that the conformance suite (5: returns its argument) and benchmarks (42: returns 0)
 * bring along. */
void vm_add_suite_helpers(void);
