/* SPDX-License-Identifier: MIT */
/* Neighbours that the interpreter runs as one: what it saves is the jump from one to the next and, where the
 * second takes what the first has made, the way through memory.
 *
 * A row is a shape with the instructions in it; the shapes' bodies are in interp.c, made of the same
 * expressions that define the instructions alone. Every instruction of a run keeps a slot of its own, so a
 * jump into the middle finds it as it is. Of the rows that fit, the first is taken, so long ones stand first.
 *
 * The rows were chosen by counting, over tests/bench, which neighbours run most. */
#pragma once

/* How an instruction stands to the one before it: what is asked of their registers. */
enum relation {
	ANY_REGS,
	SAME_DST, /* goes on with its result: same dst, and src is another */
	FED,      /* its src is the other's dst, its own dst is not */
	BASED,    /* its address is the other's dst, as base */
	APART,    /* dst is another */
	JOINED,   /* same dst, and src is the dst of the first of all */
};

/* clang-format off */
/* Two-operand instructions by their operand K or X; at width w. */
#define EACH_ALU(DO, ROW, w)                                                                            \
	DO(ROW, w, ADD, K) DO(ROW, w, ADD, X) DO(ROW, w, SUB, K) DO(ROW, w, SUB, X) DO(ROW, w, MUL, K)  \
	DO(ROW, w, MUL, X) DO(ROW, w, DIV, K) DO(ROW, w, DIV, X) DO(ROW, w, OR, K) DO(ROW, w, OR, X)    \
	DO(ROW, w, AND, K) DO(ROW, w, AND, X) DO(ROW, w, LSH, K) DO(ROW, w, LSH, X) DO(ROW, w, RSH, K)  \
	DO(ROW, w, RSH, X) DO(ROW, w, MOD, K) DO(ROW, w, MOD, X) DO(ROW, w, XOR, K) DO(ROW, w, XOR, X)  \
	DO(ROW, w, ARSH, K) DO(ROW, w, ARSH, X)
#define EACH_JUMP(DO, ROW, w, first, operand)                                                           \
	DO(ROW, w, first, operand, JEQ, K) DO(ROW, w, first, operand, JEQ, X)                           \
	DO(ROW, w, first, operand, JNE, K) DO(ROW, w, first, operand, JNE, X)                           \
	DO(ROW, w, first, operand, JGT, K) DO(ROW, w, first, operand, JGT, X)                           \
	DO(ROW, w, first, operand, JGE, K) DO(ROW, w, first, operand, JGE, X)                           \
	DO(ROW, w, first, operand, JLT, K) DO(ROW, w, first, operand, JLT, X)                           \
	DO(ROW, w, first, operand, JLE, K) DO(ROW, w, first, operand, JLE, X)                           \
	DO(ROW, w, first, operand, JSGT, K) DO(ROW, w, first, operand, JSGT, X)                         \
	DO(ROW, w, first, operand, JSLT, K) DO(ROW, w, first, operand, JSLT, X)

/* d = s; d op= k|x: three operands in one. */
#define MOVED(ROW, w, op, k)                                                                        \
	ROW(MOV##w##_##op##k, 2, BODY_SAME(MOV##w, X, op##w, k),                                    \
	    { INSN_MOV##w##_X, INSN_##op##w##_##k }, { 0, SAME_DST })

/* d = s; d <<= k; x op= d: the halves of a rotate, or of a hash. */
#define MOVED_FED(ROW, w, shift, op)                                                                \
	ROW(MOV##w##_##shift##_##op, 3, BODY_SAME_FED(MOV##w, X, shift##w, K, op##w),               \
	    { INSN_MOV##w##_X, INSN_##shift##w##_K, INSN_##op##w##_X }, { 0, SAME_DST, FED })

/* t = x; t >>= k; d <<= k2; d |= t: a rotate; in five where d is not yet x. */
#define ROTATED(ROW, w, one, other)                                                                 \
	ROW(ROTATE##w##_##one, 4, BODY_ROTATED(w, one, other),                                      \
	    { INSN_MOV##w##_X, INSN_##one##w##_K, INSN_##other##w##_K, INSN_OR##w##_X },            \
	    { 0, SAME_DST, APART, JOINED })                                                         \
	ROW(ROTATE_MOVED##w##_##one, 5, BODY_ROTATED_MOVED(w, one, other),                          \
	    { INSN_MOV##w##_X, INSN_##one##w##_K, INSN_MOV##w##_X, INSN_##other##w##_K, INSN_OR##w##_X }, \
	    { 0, SAME_DST, APART, SAME_DST, JOINED })

/* x op= k; x op2= y, and y op2= x. */
#define SAME(ROW, f, fk, s, sk)                                                                     \
	ROW(f##fk##_SAME_##s##sk, 2, BODY_SAME(f, fk, s, sk),                                       \
	    { INSN_##f##_##fk, INSN_##s##_##sk }, { 0, SAME_DST })
#define FEEDS(ROW, f, fk, s)                                                                        \
	ROW(f##fk##_FEEDS_##s, 2, BODY_FEEDS(f, fk, s),                                             \
	    { INSN_##f##_##fk, INSN_##s##_X }, { 0, FED })

/* Whatever their registers are. */
#define BOTH(ROW, f, fk, s, sk)                                                                     \
	ROW(f##fk##_AND_##s##sk, 2, BODY_BOTH(f, fk, s, sk),                                        \
	    { INSN_##f##_##fk, INSN_##s##_##sk }, { 0, ANY_REGS })

/* x += k; if x ... goto, and with any registers. */
#define THEN_JUMP(ROW, w, f, fk, jump, jk)                                                          \
	ROW(f##w##fk##_THEN_##jump##jk, 2, BODY_THEN_JUMP(f##w, fk, jump##w, jk),                   \
	    { INSN_##f##w##_##fk, INSN_##jump##w##_##jk }, { 0, SAME_DST })
#define AND_JUMP(ROW, w, f, fk, jump, jk)                                                           \
	ROW(f##w##fk##_AND_##jump##jk, 2, BODY_AND_JUMP(f##w, fk, jump##w, jk),                     \
	    { INSN_##f##w##_##fk, INSN_##jump##w##_##jk }, { 0, ANY_REGS })

/* r3 = r1; r3 += r2; r4 = *(r3 + off): an address and what is there; or a store to it. */
#define AT_SUM(ROW, type, bits, shift)                                                              \
	ROW(LOAD##bits##_AT_MOVED, 3, BODY_LOAD_AT_MOVED(type, shift),                              \
	    { INSN_MOV64_X, INSN_ADD64_X, INSN_LDX##bits }, { 0, SAME_DST, BASED })                 \
	ROW(LOAD##bits##_AT_SUM, 2, BODY_LOAD_AT_SUM(type, shift),                                  \
	    { INSN_ADD64_X, INSN_LDX##bits }, { 0, BASED })                                         \
	ROW(STORE##bits##_AT_MOVED, 3, BODY_STORE_AT_MOVED(type, shift),                            \
	    { INSN_MOV64_X, INSN_ADD64_X, INSN_STX##bits }, { 0, SAME_DST, BASED })                 \
	ROW(STORE##bits##_AT_SUM, 2, BODY_STORE_AT_SUM(type, shift),                                \
	    { INSN_ADD64_X, INSN_STX##bits }, { 0, BASED })

/* What is loaded is used at once. */
#define LOADED(ROW, type, bits, shift, op, w)                                                       \
	ROW(LOAD##bits##_FEEDS_##op##w, 2, BODY_LOAD_FEEDS(type, shift, op##w),                     \
	    { INSN_LDX##bits, INSN_##op##w##_X }, { 0, FED })
#define STACKED(ROW, type, bits, op, w)                                                             \
	ROW(STACK##bits##_FEEDS_##op##w, 2, BODY_STACK_FEEDS(type, op##w),                          \
	    { CASE_LDX##bits##_FP, INSN_##op##w##_X }, { 0, FED })
#define LOAD_JUMP(ROW, type, bits, shift, jump, w)                                                  \
	ROW(LOAD##bits##_THEN_##jump##w, 2, BODY_LOAD_THEN_JUMP(type, shift, jump##w),              \
	    { INSN_LDX##bits, INSN_##jump##w##_K }, { 0, SAME_DST })

#define FUSED(ROW)                                                                                  \
	ROTATED(ROW, 64, RSH, LSH) ROTATED(ROW, 64, LSH, RSH)                                       \
	ROTATED(ROW, 32, RSH, LSH) ROTATED(ROW, 32, LSH, RSH)                                       \
	AT_SUM(ROW, u8, 8, 0) AT_SUM(ROW, u16, 16, 1) AT_SUM(ROW, u32, 32, 2) AT_SUM(ROW, u64, 64, 3) \
	MOVED_FED(ROW, 64, LSH, XOR) MOVED_FED(ROW, 64, RSH, XOR)                                   \
	MOVED_FED(ROW, 64, LSH, OR) MOVED_FED(ROW, 64, RSH, OR)                                     \
	MOVED_FED(ROW, 64, LSH, ADD) MOVED_FED(ROW, 64, RSH, ADD)                                   \
	MOVED_FED(ROW, 32, LSH, XOR) MOVED_FED(ROW, 32, RSH, XOR)                                   \
	MOVED_FED(ROW, 32, LSH, OR) MOVED_FED(ROW, 32, RSH, OR)                                     \
	MOVED_FED(ROW, 32, LSH, ADD) MOVED_FED(ROW, 32, RSH, ADD)                                   \
	EACH_ALU(MOVED, ROW, 64) EACH_ALU(MOVED, ROW, 32)                                           \
	EACH_JUMP(THEN_JUMP, ROW, 64, ADD, K) EACH_JUMP(THEN_JUMP, ROW, 64, ADD, X)                 \
	EACH_JUMP(THEN_JUMP, ROW, 64, AND, K) EACH_JUMP(THEN_JUMP, ROW, 32, AND, K)                 \
	EACH_JUMP(THEN_JUMP, ROW, 32, ADD, K)                                                       \
	EACH_JUMP(AND_JUMP, ROW, 64, MOV, X) EACH_JUMP(AND_JUMP, ROW, 64, ADD, K)                   \
	LOADED(ROW, u8, 8, 0, ADD, 64) LOADED(ROW, u16, 16, 1, ADD, 64)                             \
	LOADED(ROW, u32, 32, 2, ADD, 64) LOADED(ROW, u64, 64, 3, ADD, 64)                           \
	LOADED(ROW, u8, 8, 0, ADD, 32) LOADED(ROW, u32, 32, 2, ADD, 32)                             \
	LOADED(ROW, u8, 8, 0, XOR, 64) LOADED(ROW, u32, 32, 2, XOR, 64) LOADED(ROW, u64, 64, 3, XOR, 64) \
	LOADED(ROW, u8, 8, 0, XOR, 32) LOADED(ROW, u32, 32, 2, XOR, 32)                             \
	LOADED(ROW, u8, 8, 0, OR, 64)                                                               \
	STACKED(ROW, u32, 32, ADD, 32) STACKED(ROW, u64, 64, ADD, 32) STACKED(ROW, u64, 64, ADD, 64) \
	STACKED(ROW, u32, 32, XOR, 32) STACKED(ROW, u64, 64, XOR, 64)                               \
	LOAD_JUMP(ROW, u8, 8, 0, JEQ, 32) LOAD_JUMP(ROW, u8, 8, 0, JNE, 32)                         \
	LOAD_JUMP(ROW, u8, 8, 0, JEQ, 64) LOAD_JUMP(ROW, u8, 8, 0, JNE, 64)                         \
	LOAD_JUMP(ROW, u64, 64, 3, JEQ, 64) LOAD_JUMP(ROW, u64, 64, 3, JNE, 64)                     \
	SAME(ROW, LSH64, K, OR64, X) SAME(ROW, LSH32, K, OR32, X)                                   \
	SAME(ROW, LSH64, K, XOR64, X) SAME(ROW, LSH32, K, XOR32, X)                                 \
	SAME(ROW, RSH64, K, XOR64, X) SAME(ROW, RSH32, K, XOR32, X)                                 \
	SAME(ROW, LSH64, K, RSH64, K) SAME(ROW, AND64, K, LSH64, K)                                 \
	SAME(ROW, MUL64, K, ADD64, X) SAME(ROW, ADD64, X, AND64, K) SAME(ROW, RSH64, K, AND64, K)    \
	FEEDS(ROW, RSH64, K, XOR64) FEEDS(ROW, LSH64, K, ADD64) FEEDS(ROW, MUL64, K, XOR64)         \
	FEEDS(ROW, RSH64, K, ADD64) FEEDS(ROW, AND64, K, ADD64) FEEDS(ROW, XOR64, X, ADD64)         \
	FEEDS(ROW, ADD64, X, XOR64) FEEDS(ROW, ADD32, X, XOR32) FEEDS(ROW, XOR32, X, ADD32)         \
	FEEDS(ROW, ADD64, X, MOV64) FEEDS(ROW, XOR64, X, MOV64) FEEDS(ROW, XOR32, X, MOV32)         \
	FEEDS(ROW, ADD32, X, MOV32) FEEDS(ROW, OR64, X, MOV64) FEEDS(ROW, OR32, X, MOV32)           \
	BOTH(ROW, ADD64, K, ADD64, K) BOTH(ROW, ADD64, X, ADD64, K) BOTH(ROW, MOV64, X, MOV64, X)   \
	BOTH(ROW, ADD64, K, MOV64, X) BOTH(ROW, MOV64, X, MOV64, K) BOTH(ROW, MOV64, K, MOV64, X)   \
	BOTH(ROW, MOV32, X, MOV32, X) BOTH(ROW, ADD32, X, ADD32, X) BOTH(ROW, XOR32, X, ADD32, X)   \
	BOTH(ROW, ADD64, X, MOV64, X) BOTH(ROW, XOR64, X, ADD64, X)
/* clang-format on */
