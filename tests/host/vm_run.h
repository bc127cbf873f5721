/* SPDX-License-Identifier: MIT */
/* Raw programs from memory, run one way or the other; for tests and host tools. */
#pragma once
#include "kernel/lib/fmt.h"
#include "vm/prog.h"

/* Loads the instructions (verifies, compiles), runs them with R1 = mem, R2 = len, and unloads them. If they
 * are refused, returns the error with the reason in log. */
enum err vm_run(const struct insn *insns, u32 count, enum prog_mode mode, void *mem, u64 len, u64 *r0,
		struct strbuf *log);

/* Makes a program from instructions in memory, through the same checks as an object's. prog_free frees it. */
enum err prog_load_raw(struct prog **out, const char *name, const struct insn *insns, u32 insn_count,
		       enum prog_mode mode, struct strbuf *log);

/* The same for a program of object o, with its maps; if o is NULL, of no object. */
enum err vm_load_into(struct prog **out, struct object *o, const struct insn *insns, u32 count,
		      enum prog_mode mode, struct strbuf *log);

/* Runs a loaded program with R1 = mem, R2 = len. Returns R0. */
u64 vm_call(const struct prog *p, void *mem, u64 len);

/* Compiles a loaded program again a few times. Returns the ns of the fastest time, 0 if it fails. */
u64 vm_compile_ns(struct prog *p);

/* Runs an untrusted program in the interpreter. It may touch the memory, its stack and its maps' values,
 * and run at most `insns` instructions. Otherwise returns EFAULT or ETIMEDOUT, with a sentence in log. */
enum err vm_call_limited(const struct prog *p, void *mem, u64 len, u64 insns, u64 *r0, struct strbuf *log);

/* Reads two hex digits a byte, with spaces between bytes or not, up to a tab or the end of the line or text.
 * Returns the count of bytes, or -1 if the text is anything else or has more than cap. */
i32 hex_bytes(const char *text, u8 *out, u32 cap);

/* Adds the helpers that the conformance suite (5: returns its argument) and benchmarks (42: returns 0)
 * need. */
void vm_add_suite_helpers(void);
