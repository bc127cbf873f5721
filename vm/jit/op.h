/* SPDX-License-Identifier: MIT */
/* A program between eBPF and machine code: one op for each instruction, at the same index. An op can do the
 * work of several instructions.
 *
 *      r3 = r1                        gone
 *      r3 <<= 3                       gone
 *      r4 = r2                        gone
 *      r4 += r3                       gone
 *      r0 = *(u64 *)(r4 +8)           r0 = [r2 + (r1 << 3) + 8]
 * Nothing here depends on a CPU. An op means what the row of its kind in insn.h says, with its own operands:
 * these can be other registers than the instruction's, which hold the same values. */
#pragma once
#include "vm/flow.h"

#define OP_NO_REG 15

/* The kinds without a row in insn.h. OP_GONE: an op that was removed, or a second slot. */
enum op_kind {
	OP_GONE = INSN_BAD,
	OP_ROL64 = INSN_KINDS, /* dst = a rotated left by imm, 1..63 */
	OP_ROL32,              /* 1..31; the upper half becomes 0 */
	OP_ELEMENT, /* dst = address of the element of array number imm whose index, a u32, is at m;
				* 0 if it does not exist */
	OP_KINDS
};

/* Which operands an op has; the others are OP_NO_REG:
 *
 *      arithmetic      dst = a op b, dst = a op imm; dst = op a for neg and byte swaps
 *      mov, movsx      dst = b, dst = imm
 *      load            dst = [m]       m = a + (index << shift) + disp; a or index may be missing
 *      store           [m] = b, imm
 *      atomic          on [m] with b; if it fetches, the old value goes to dst: b or R0
 *      jump            compare a with b or imm; disp is how far, counted from the next op
 *      wide            dst; immediates as in the insn
 *      callx           a
 *      call, exit      as in the insn */
struct op {
	u8 kind; /* enum insn_kind or op_kind */
	u8 dst, a, b, index;
	u8 shift; /* 0..3 */
	u8 pad;   /* the JIT's: bytes of nops in front of it */
	i32 imm, disp;
	u16 live; /* bit n: Rn can be read after this op before it is written */
};

/* The optimisations. Each can be switched off alone, so that it can be measured. */
enum op_trick {
	TRICK_COPY = 1 << 0,      /* use the older of two registers that hold the same */
	TRICK_ADDRESS = 1 << 1,   /* sums in memory operands */
	TRICK_ROTATE = 1 << 2,    /* two shifts and an or */
	TRICK_NARROW = 1 << 3,    /* no clearing of upper halves that are 0 already; 32-bit divisions */
	TRICK_DEAD = 1 << 4,      /* no op whose result is never read */
	TRICK_JUMP = 1 << 5,      /* no jump to or around a jump */
	TRICK_REMAINDER = 1 << 6, /* no a - a / b * b */
	TRICK_ELEMENT = 1 << 7,   /* no call to look up in an array */
	/* the JIT's: */
	TRICK_DIV_CONST = 1 << 8, /* division by a constant as multiplication */
	TRICK_MUL_CONST = 1 << 9, /* multiplication by a constant as shifts and sums */
	TRICK_BMI2 = 1 << 10,     /* shifts, rotates and products with three operands */
	TRICK_FREE = 1 << 11,     /* no saving of registers that are not read */
	TRICK_PLACE = 1 << 12,    /* small loops do not lie across a line */
};
extern u32 op_tricks_off; /* 0; host tools and tests change it */

/* Returns one op for each slot of the program; NULL if memory runs out. The caller frees them with kfree.
 * Clears MARK_TARGET where no jump leads any more. */
struct op *ops_build(const struct prog *p, u8 *marks);

/* The registers that the op reads, and writes, one bit each. */
u32 op_reads(const struct op *op);
u32 op_writes(const struct op *op);

/* Returns 1 + the number of the map that the call at idx gets in reg: as the verifier has proven, or as the lines above
 * load it. 0: it is not known. */
u32 op_map_of_call(const struct prog *p, const u8 *marks, u32 idx, u32 reg);

struct ops {
	const struct prog *p;
	u8 *marks;
	struct op *op; /* p->insn_count of them */
};

/* The first byte of the op's instruction; 0 if it has none. */
static inline notrace u8 opcode_of(const struct op *op)
{
	return op->kind < INSN_KINDS ? insn_rows[op->kind].op : 0;
}

/* The class of its instruction; CLASS_LD if it has none. */
static inline notrace u32 op_class(const struct op *op)
{
	return opcode_of(op) & 7;
}

/* Of arithmetic and conditional jumps: ALU_ADD ..., JMP_EQ ... */
static inline notrace u32 op_operation(const struct op *op)
{
	return opcode_of(op) >> 4;
}

static inline bool op_is_access(const struct op *op)
{
	return op_class(op) >= CLASS_LDX && op_class(op) <= CLASS_STX;
}

static inline notrace bool op_is_atomic(const struct op *op)
{
	return opcode_of(op) == OPCODE_ATOMIC_ADD32 || opcode_of(op) == OPCODE_ATOMIC_ADD64;
}

/* Where the jump at idx leads. */
static inline u32 op_target(const struct op *op, u32 idx)
{
	return idx + 1 + (u32)op->disp;
}

static inline notrace bool op_is_goto(const struct op *op)
{
	return op->kind == INSN_JA || op->kind == INSN_JA32;
}

/* ORDER JUMPS. */
static inline notrace bool op_is_branch(const struct op *op)
{
	return op->kind >= INSN_JEQ64_K && op->kind <= INSN_JSLE32_X;
}

/* Makes the op OP_GONE; op->live stays. */
static inline void op_drop(struct op *op)
{
	*op = (struct op){
		.dst = OP_NO_REG, .a = OP_NO_REG, .b = OP_NO_REG, .index = OP_NO_REG, .live = op->live
	};
}

static inline notrace bool op_trick(enum op_trick trick)
{
	return !(op_tricks_off & trick);
}

/* op_jump.c: makes jumps lead to where they end, and removes jumps and what no jump reaches. */
void ops_shorten_jumps(struct ops *o);

/* op_live.c: ops_find_live fills op->live; ops_drop_dead removes ops whose result is never read.
 * op_live_before returns the registers that are live before an op. */
void ops_find_live(struct ops *o);
void ops_drop_dead(struct ops *o);
u32 op_live_before(const struct op *op);

/* ops_always_u32 returns the registers whose upper half is 0 in the whole function that starts at start.
 * op_writes_u32: whether the op of instruction in writes a value whose upper half is 0, if the upper halves
 * of the registers in mask are 0. */
u32 ops_always_u32(const struct ops *o, u32 start);
bool op_writes_u32(const struct op *op, const struct insn *in, u32 mask);

/* op_fold.c: rewrites ops by what is known of the registers. Needs op->live. */
void ops_fold(struct ops *o);
