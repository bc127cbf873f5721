/* SPDX-License-Identifier: MIT */
/* Neighbours that the interpreter runs as one: what it saves is the jump from one to the next and, where the
 * second takes what the first has made, the way through memory.
 *
 * A row is a shape with the instructions in it; the shapes' bodies are in interp.c, made of the same
 * expressions that define the instructions alone. Every instruction of a run keeps a slot of its own, so a
 * jump into the middle finds it as it is. What is taken is what leaves the fewest cases to run; of rows that
 * are as good the first.
 *
 * The rows were chosen by counting, over tests/bench, which neighbours run most. */
#pragma once

/* How an instruction stands to those before it: what is asked of their registers. */
enum relation {
	ANY_REGS,
	/* The first: */
	LAST_DST, /* goes on with the result of the instruction before the run, as its dst */
	LAST_SRC, /* as its src */
	/* The others: */
	SAME_DST, /* goes on with the result of the one before: same dst, and src, if it is used, is another */
	FED,      /* its src is the dst of the one before, its own dst is not */
	FED_BACK, /* and its dst is the src of the first */
	BASED,    /* its address is the dst of the one before, as base */
	ITSELF,   /* its dst is the src of the first */
	AGAIN,    /* its src is that of the first; its dst is another */
	JOINED,   /* goes on with the one before, and its src is the dst of the first */
	ADDED,    /* goes on with the first, and its src is the dst of the one before */
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

/* x op= k|y where x, or y, is what was written last: then it need not be read. */
#define ONE(ROW, w, op, k)                                                                          \
	ROW(LAST_##op##w##k, 1, BODY_ONE(op##w, last, k(in)), { INSN_##op##w##_##k }, { LAST_DST })
#define ONE_BY(ROW, w, op)                                                                          \
	ROW(op##w##_LAST, 1, BODY_ONE(op##w, DST(in), last), { INSN_##op##w##_X }, { LAST_SRC })
#define ONE_JUMP(ROW, w, jump, k)                                                                   \
	ROW(LAST_##jump##w##k, 1, BODY_JUMP(jump##w, last, k), { INSN_##jump##w##_##k }, { LAST_DST })

#define EACH_CONDITION_OF(DO, ROW, w)                                                               \
	DO(ROW, w, JEQ, K) DO(ROW, w, JEQ, X) DO(ROW, w, JNE, K) DO(ROW, w, JNE, X)                 \
	DO(ROW, w, JGT, K) DO(ROW, w, JGT, X) DO(ROW, w, JLT, K) DO(ROW, w, JLT, X)                 \
	DO(ROW, w, JSGT, K) DO(ROW, w, JSLT, K) DO(ROW, w, JSET, K)

/* d = s; d op= k|x: three operands in one. */
#define MOVED(ROW, w, op, k)                                                                        \
	ROW(LAST_MOV##w##_##op##k, 2, BODY_MOVED(last, op##w, k),                                   \
	    { INSN_MOV##w##_X, INSN_##op##w##_##k }, { LAST_SRC, SAME_DST })                        \
	ROW(MOV##w##_##op##k, 2, BODY_MOVED(SRC(in), op##w, k),                                     \
	    { INSN_MOV##w##_X, INSN_##op##w##_##k }, { 0, SAME_DST })

/* d = x; d <<= k; y op= d; and where y is x, as hashes have it. */
#define MOVED_FED(ROW, w, shift, op)                                                                \
	ROW(LAST_MOV##w##_##shift##_BACK_##op, 3, BODY_MOVED_BACK(last, shift##w, op##w),           \
	    { INSN_MOV##w##_X, INSN_##shift##w##_K, INSN_##op##w##_X }, { LAST_SRC, SAME_DST, FED_BACK }) \
	ROW(MOV##w##_##shift##_BACK_##op, 3, BODY_MOVED_BACK(SRC(in), shift##w, op##w),             \
	    { INSN_MOV##w##_X, INSN_##shift##w##_K, INSN_##op##w##_X }, { 0, SAME_DST, FED_BACK })  \
	ROW(LAST_MOV##w##_##shift##_##op, 3, BODY_MOVED_FED(last, shift##w, op##w),                 \
	    { INSN_MOV##w##_X, INSN_##shift##w##_K, INSN_##op##w##_X }, { LAST_SRC, SAME_DST, FED }) \
	ROW(MOV##w##_##shift##_##op, 3, BODY_MOVED_FED(SRC(in), shift##w, op##w),                   \
	    { INSN_MOV##w##_X, INSN_##shift##w##_K, INSN_##op##w##_X }, { 0, SAME_DST, FED })

/* t = x; t >>= k; x <<= k2; x |= t: a rotate; in five if the result is not in x. */
#define ROTATED(ROW, w, one, other)                                                                 \
	ROTATED_FROM(ROW, w, one, other, LAST_, last, LAST_SRC)                                     \
	ROTATED_FROM(ROW, w, one, other, ANY_, SRC(in), 0)
#define ROTATED_FROM(ROW, w, one, other, prefix, first, relation)                                   \
	ROW(prefix##ROTATED##w##_##one, 4, BODY_ROTATED(first, one##w, other##w, OR##w),            \
	    { INSN_MOV##w##_X, INSN_##one##w##_K, INSN_##other##w##_K, INSN_OR##w##_X },            \
	    { relation, SAME_DST, ITSELF, JOINED })                                                 \
	ROW(prefix##ROTATED_MOVED##w##_##one, 5, BODY_ROTATED_MOVED(first, one##w, other##w, OR##w), \
	    { INSN_MOV##w##_X, INSN_##one##w##_K, INSN_MOV##w##_X, INSN_##other##w##_K, INSN_OR##w##_X }, \
	    { relation, SAME_DST, AGAIN, SAME_DST, JOINED })

/* x op= k; x op2= y, and y op2= x. */
#define SAME(ROW, f, fk, s, sk)                                                                     \
	ROW(LAST_##f##fk##_SAME_##s##sk, 2, BODY_SAME(last, f, fk, s, sk),                          \
	    { INSN_##f##_##fk, INSN_##s##_##sk }, { LAST_DST, SAME_DST })                           \
	ROW(f##fk##_SAME_##s##sk, 2, BODY_SAME(DST(in), f, fk, s, sk),                              \
	    { INSN_##f##_##fk, INSN_##s##_##sk }, { 0, SAME_DST })
#define FEEDS(ROW, f, fk, s)                                                                        \
	ROW(LAST_##f##fk##_FEEDS_##s, 2, BODY_FEEDS(last, f, fk, s),                                \
	    { INSN_##f##_##fk, INSN_##s##_X }, { LAST_DST, FED })                                   \
	ROW(f##fk##_FEEDS_##s, 2, BODY_FEEDS(DST(in), f, fk, s),                                    \
	    { INSN_##f##_##fk, INSN_##s##_X }, { 0, FED })

/* Whatever their registers are. */
#define BOTH(ROW, f, fk, s, sk)                                                                     \
	ROW(f##fk##_AND_##s##sk, 2, BODY_BOTH(f, fk, s, sk),                                        \
	    { INSN_##f##_##fk, INSN_##s##_##sk }, { 0, ANY_REGS })

/* x += k; if x ... goto, and with any registers. */
#define THEN_JUMP(ROW, w, f, fk, jump, jk)                                                          \
	ROW(f##w##fk##_THEN_##jump##jk, 2, BODY_THEN_JUMP(DST(in), f##w, fk, jump##w, jk),                   \
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

/* t = x; t /= k; t *= k; x -= t: the remainder. */
#define REMAINDER(ROW, w)                                                                           \
	ROW(LAST_REMAINDER##w, 4, BODY_REMAINDER(last, w),                                          \
	    { INSN_MOV##w##_X, INSN_DIV##w##_K, INSN_MUL##w##_K, INSN_SUB##w##_X },                 \
	    { LAST_SRC, SAME_DST, SAME_DST, FED_BACK })                                             \
	ROW(REMAINDER##w, 4, BODY_REMAINDER(SRC(in), w),                                            \
	    { INSN_MOV##w##_X, INSN_DIV##w##_K, INSN_MUL##w##_K, INSN_SUB##w##_X },                 \
	    { 0, SAME_DST, SAME_DST, FED_BACK })

/* r1 <<= 32; r1 >>= 32; r1 <<= k: an index of 32 bits. */
#define INDEX(ROW)                                                                                  \
	ROW(LAST_INDEX, 3, BODY_INDEX(last), { INSN_LSH64_K, INSN_RSH64_K, INSN_LSH64_K },          \
	    { LAST_DST, SAME_DST, SAME_DST })                                                       \
	ROW(INDEX, 3, BODY_INDEX(DST(in)), { INSN_LSH64_K, INSN_RSH64_K, INSN_LSH64_K },            \
	    { 0, SAME_DST, SAME_DST })

/* The end of a loop: p += n; i += 1; if i < n goto. */
#define PP_JUMP(ROW, w, f, fk, jump, jk) BOTH_JUMP(ROW, ADD64, K, ADD64, K, jump##w, jk)
#define XX_JUMP(ROW, w, f, fk, jump, jk) BOTH_JUMP(ROW, ADD64, X, ADD64, X, jump##w, jk)
#define XP_JUMP(ROW, w, f, fk, jump, jk) BOTH_JUMP(ROW, ADD64, X, ADD64, K, jump##w, jk)
#define PM_JUMP(ROW, w, f, fk, jump, jk) BOTH_JUMP(ROW, ADD64, K, MOV64, X, jump##w, jk)
#define BOTH_JUMP(ROW, f, fk, s, sk, jump, jk)                                                      \
	ROW(f##fk##_##s##sk##_##jump##jk, 3, BODY_BOTH_JUMP(f, fk, s, sk, jump, jk),                \
	    { INSN_##f##_##fk, INSN_##s##_##sk, INSN_##jump##_##jk }, { 0 })

/* if x ... goto a; goto b */
#define JUMP_ELSE(ROW, w, jump, jk)                                                                 \
	ROW(jump##w##jk##_ELSE, 2, BODY_JUMP_ELSE(jump##w, jk), { INSN_##jump##w##_##jk, INSN_JA }, { 0 })
/* if x ... goto a; d = k */
#define JUMP_OR_SET(ROW, w, jump)                                                                   \
	ROW(jump##w##_OR_SET, 2, BODY_JUMP_OR_SET(jump##w, MOV##w),                                 \
	    { INSN_##jump##w##_K, INSN_MOV##w##_K }, { 0 })
#define AND_GOTO(ROW, f, fk)                                                                        \
	ROW(f##fk##_AND_GOTO, 2, BODY_AND_GOTO(f, fk), { INSN_##f##_##fk, INSN_JA }, { 0 })
#define AND_CALL(ROW, f, fk)                                                                        \
	ROW(f##fk##_AND_CALL, 2, BODY_AND_CALL(f, fk), { INSN_##f##_##fk, INSN_CALL_LOCAL }, { 0 })

#define LOAD_SAME(ROW, type, bits, shift, s, sk)                                                    \
	ROW(LOAD##bits##_SAME_##s##sk, 2, BODY_LOAD_SAME(type, shift, s, sk),                       \
	    { INSN_LDX##bits, INSN_##s##_##sk }, { 0, SAME_DST })
#define LOAD_LOAD(ROW, type, bits, shift)                                                           \
	ROW(LOAD##bits##_TWICE, 2, BODY_LOAD_TWICE(type, shift), { INSN_LDX##bits, INSN_LDX##bits }, { 0 })
#define STORE_ADD(ROW, type, bits, shift)                                                           \
	ROW(STORE##bits##_AND_ADD, 2, BODY_STORE_AND_ADD(type, shift), { INSN_STX##bits, INSN_ADD64_K }, { 0 })
/* d = x; t = a local; d += t */
#define MOVED_STACKED(ROW, type, bits, op, w)                                                       \
	ROW(MOV##w##_##op##_STACK##bits, 3, BODY_MOVED_STACKED(type, op##w),                        \
	    { INSN_MOV##w##_X, CASE_LDX##bits##_FP, INSN_##op##w##_X }, { 0, ANY_REGS, ADDED })

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
	REMAINDER(ROW, 64) REMAINDER(ROW, 32) INDEX(ROW)                                            \
	EACH_JUMP(PP_JUMP, ROW, 64, ADD, K) EACH_JUMP(XX_JUMP, ROW, 64, ADD, K)                             \
	EACH_JUMP(XP_JUMP, ROW, 64, ADD, K) EACH_JUMP(PM_JUMP, ROW, 64, ADD, K)                             \
	MOVED_STACKED(ROW, u32, 32, ADD, 32) MOVED_STACKED(ROW, u64, 64, ADD, 32)                   \
	MOVED_STACKED(ROW, u64, 64, ADD, 64) MOVED_STACKED(ROW, u32, 32, XOR, 32)                   \
	EACH_CONDITION_OF(JUMP_ELSE, ROW, 64) EACH_CONDITION_OF(JUMP_ELSE, ROW, 32)                 \
	JUMP_OR_SET(ROW, 32, JEQ) JUMP_OR_SET(ROW, 32, JNE) JUMP_OR_SET(ROW, 64, JEQ) JUMP_OR_SET(ROW, 64, JNE) \
	AND_GOTO(ROW, ADD64, K) AND_GOTO(ROW, ADD64, X) AND_GOTO(ROW, MOV64, K) AND_GOTO(ROW, MOV64, X) \
	AND_GOTO(ROW, MOV32, K) AND_CALL(ROW, MOV64, X)                                             \
	LOAD_SAME(ROW, u8, 8, 0, ADD64, X) LOAD_SAME(ROW, u16, 16, 1, ADD64, X)                     \
	LOAD_SAME(ROW, u32, 32, 2, ADD64, X) LOAD_SAME(ROW, u64, 64, 3, ADD64, X)                   \
	LOAD_SAME(ROW, u8, 8, 0, LSH64, K) LOAD_SAME(ROW, u8, 8, 0, XOR64, X)                       \
	LOAD_SAME(ROW, u32, 32, 2, ADD32, X) LOAD_SAME(ROW, u32, 32, 2, XOR32, X) LOAD_SAME(ROW, u64, 64, 3, XOR64, X) \
	LOAD_LOAD(ROW, u8, 8, 0) LOAD_LOAD(ROW, u32, 32, 2) LOAD_LOAD(ROW, u64, 64, 3)              \
	STORE_ADD(ROW, u8, 8, 0) STORE_ADD(ROW, u32, 32, 2) STORE_ADD(ROW, u64, 64, 3)              \
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
	EACH_JUMP(AND_JUMP, ROW, 64, MOV, K) EACH_JUMP(AND_JUMP, ROW, 32, MOV, K)                   \
	EACH_JUMP(AND_JUMP, ROW, 64, ADD, X)                                                        \
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
	BOTH(ROW, ADD64, X, MOV64, X) BOTH(ROW, XOR64, X, ADD64, X)                                 \
	EACH_ALU(ONE, ROW, 64) EACH_ALU(ONE, ROW, 32) EACH_CONDITION_OF(ONE_JUMP, ROW, 64) EACH_CONDITION_OF(ONE_JUMP, ROW, 32) \
	ONE_BY(ROW, 64, ADD) ONE_BY(ROW, 64, SUB) ONE_BY(ROW, 64, XOR) ONE_BY(ROW, 64, OR) ONE_BY(ROW, 64, MUL) \
	ONE_BY(ROW, 32, ADD) ONE_BY(ROW, 32, SUB) ONE_BY(ROW, 32, XOR) ONE_BY(ROW, 32, OR) ONE_BY(ROW, 64, MOV)
/* clang-format on */
