/* SPDX-License-Identifier: MIT */
/* Single accesses, inline, for the interpreter: a load from a bad address returns 0. (Others use
 * kernel/cpu/probe.h.) Each access has a row in __ex_table, which the trap code looks up. After a fault
 *   - the trap code calls a function of the includer, void f(const void *where, void *whose), with the last
 *     two arguments of the access. The includer defines PROBE_TOLD before as its name, a string.
 *   - the CPU goes on behind the access.
 * The trap code knows in which registers the two are: RBX and R13, where the interpreter has them anyway. */
#pragma once
#include "kernel/lib/types.h"

/* clang-format off */
/* ORDER EX_ROW */
#define NEXT_IF_FAULT                             \
	"\n2:\n\t"                                \
	".pushsection __ex_table, \"a\"\n\t"      \
	".quad 1b, 2b, " PROBE_TOLD "\n\t"         \
	".popsection"
#define HAND_ON register void *r13 __asm__("r13") = whose
#define HANDED "b"(where), "r"(r13)

/* The value, widened to 64 bits; 0 if it cannot be read. */
#define DEFINE_LOAD(type, insn)                                                            \
	static inline notrace u64 load_or_0_##type(uptr at, const void *where, void *whose) \
	{                                                                                  \
		HAND_ON;                                                                   \
		u64 v;                                                                     \
		__asm__ volatile("xor %k0, %k0\n1:\t" insn NEXT_IF_FAULT                   \
				 : "=&r"(v) : "r"(at), HANDED : "memory", "cc");           \
		return v;                                                                  \
	}

/* Stores the low bits; stores nothing if the address cannot be written. */
#define DEFINE_STORE(type, insn)                                                           \
	static inline notrace void store_or_not_##type(uptr at, u64 value, const void *where, \
						       void *whose)                        \
	{                                                                                  \
		HAND_ON;                                                                   \
		__asm__ volatile("1:\t" insn NEXT_IF_FAULT : : "r"(value), "r"(at), HANDED : "memory"); \
	}

/* Locked. Both return what was there, or 0 if it cannot be written. cmpxchg: if old is there, it becomes new;
 * *ok says whether it can be written. add: value is added. */
#define DEFINE_LOCKED(type, suffix)                                                        \
	static inline notrace u64 cmpxchg_or_0_##type(uptr at, type old, type new, bool *ok, \
						      const void *where, void *whose)      \
	{                                                                                  \
		HAND_ON;                                                                   \
		u32 done = 0;                                                              \
		__asm__ volatile("1:\tlock cmpxchg" suffix " %2, (%3)\n\tmovl $1, %1" NEXT_IF_FAULT \
				 : "+a"(old), "+r"(done) : "r"(new), "r"(at), HANDED : "memory", "cc"); \
		*ok = done;                                                                \
		return done ? old : 0;                                                     \
	}                                                                                  \
	static inline notrace u64 add_or_0_##type(uptr at, type value, const void *where, void *whose) \
	{                                                                                  \
		HAND_ON;                                                                   \
		u32 done = 0;                                                              \
		__asm__ volatile("1:\tlock xadd" suffix " %0, (%2)\n\tmovl $1, %1" NEXT_IF_FAULT \
				 : "+r"(value), "+r"(done) : "r"(at), HANDED : "memory", "cc"); \
		return done ? value : 0;                                                   \
	}

DEFINE_LOAD(u8, "movzbl (%1), %k0")
DEFINE_LOAD(u16, "movzwl (%1), %k0")
DEFINE_LOAD(u32, "movl (%1), %k0")
DEFINE_LOAD(u64, "movq (%1), %0")
DEFINE_LOAD(i8, "movsbq (%1), %0")
DEFINE_LOAD(i16, "movswq (%1), %0")
DEFINE_LOAD(i32, "movslq (%1), %0")
DEFINE_STORE(u8, "movb %b0, (%1)")
DEFINE_STORE(u16, "movw %w0, (%1)")
DEFINE_STORE(u32, "movl %k0, (%1)")
DEFINE_STORE(u64, "movq %0, (%1)")
DEFINE_LOCKED(u32, "l")
DEFINE_LOCKED(u64, "q")
/* clang-format on */
