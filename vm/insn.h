/* SPDX-License-Identifier: MIT */
/* The eBPF instruction (RFC 9669 section 3) and the one table of all instructions.
 *
 * Interpreter, JIT, verifier, disassembler and tests take what they need from the rows below: the number,
 * which fields make it this instruction, which fields it uses, and how it is written. */
#pragma once
#include "kernel/lib/types.h"

struct insn {
	u8 op;
	u8 dst : 4, src : 4;
	i16 off;
	i32 imm;
};
_Static_assert(sizeof(struct insn) == 8, "RFC 9669 section 3");

/* Registers by their numbers: ORDER BPF_REGS. */
enum { BPF_R0, BPF_R1, BPF_R2, BPF_R3, BPF_R4, BPF_R5, BPF_R6, BPF_R7, BPF_R8, BPF_R9, BPF_R10, BPF_REGS };
#define BPF_FP BPF_R10 /* frame pointer: one past the stack's highest byte, never written */

/* clang-format off */

/* Bits 0 to 2 of the first byte: the class. */
enum { CLASS_LD, CLASS_LDX, CLASS_ST, CLASS_STX, CLASS_ALU32, CLASS_JMP, CLASS_JMP32, CLASS_ALU64 };

/* Arithmetic and conditional jumps: bit 3 says that the second operand is src and not imm; bits 4 to 7 say
 * what is done. MOVSX and signed division have the codes of MOV and DIV. */
enum { SOURCE_REG = 0x08 };
enum {
	ALU_ADD, ALU_SUB, ALU_MUL, ALU_DIV, ALU_OR, ALU_AND, ALU_LSH, ALU_RSH, ALU_NEG, ALU_MOD, ALU_XOR,
	ALU_MOV, ALU_ARSH, ALU_END,
};
enum {
	JMP_EQ = 1, JMP_GT, JMP_GE, JMP_SET, JMP_NE, JMP_SGT, JMP_SGE, JMP_LT = 0xa, JMP_LE, JMP_SLT, JMP_SLE,
};

/* Loads, stores and atomics: bits 3 and 4. */
enum { SIZE_32, SIZE_16, SIZE_8, SIZE_64 };

/* Atomics: imm. Those with ATOMIC_FETCH return the old value. */
enum {
	ATOMIC_ADD = ALU_ADD << 4, ATOMIC_OR = ALU_OR << 4, ATOMIC_AND = ALU_AND << 4,
	ATOMIC_XOR = ALU_XOR << 4,
	ATOMIC_FETCH = 0x01, ATOMIC_XCHG = 0xe1, ATOMIC_CMPXCHG = 0xf1, LOAD_ACQ = 0x100, STORE_REL = 0x110,
};

/* A row is ROW(name, op, key, value, text):
 *
 *   op     the first byte.
 *   key    what else must hold. ANY: nothing; OFF, IMM, SRC: this field is equal to value. The rows of
 *          one op stand together: the first is ROW, the others are MORE.
 *   text   as bpftool writes it. The letters name the fields that are used; every other field must be 0.
 *          $D $S  dst, src as r0..r10; $d $s the same as w0..w10
 *          $M     memory at dst + off; $N memory at src + off
 *          $I     imm, signed decimal; $X imm as hex; $L imm as the low half of a 64-bit constant
 *          $J $K  jump by off, by imm; $C local function at imm; $H helper imm; $F kernel
 *                 function imm
 *          $m     map imm; $V imm of the next slot: the offset in a map's value
 *          $i     map imm, by its index; $P local function at imm, whose address is taken
 *          A text that starts with "!" names an instruction that is refused.
 */
#define ALU_ROWS(ROW, name, sym)                                         \
	ROW(name##32_K, 0x04 | ALU_##name << 4, ANY, 0, "$d " sym " $I") \
	ROW(name##32_X, 0x0c | ALU_##name << 4, ANY, 0, "$d " sym " $s") \
	ROW(name##64_K, 0x07 | ALU_##name << 4, ANY, 0, "$D " sym " $I") \
	ROW(name##64_X, 0x0f | ALU_##name << 4, ANY, 0, "$D " sym " $S")

/* Two instructions in one opcode: the signed form has off = 1. ORDER DIVISIONS: DIV and
 * MOD have the same rows. */
#define DIV_ROWS(ROW, MORE, name, sym)                                       \
	ROW(name##32_K, 0x04 | ALU_##name << 4, OFF, 0, "$d " sym " $I")     \
	MORE(S##name##32_K, 0x04 | ALU_##name << 4, OFF, 1, "$d s" sym " $I") \
	ROW(name##32_X, 0x0c | ALU_##name << 4, OFF, 0, "$d " sym " $s")     \
	MORE(S##name##32_X, 0x0c | ALU_##name << 4, OFF, 1, "$d s" sym " $s") \
	ROW(name##64_K, 0x07 | ALU_##name << 4, OFF, 0, "$D " sym " $I")     \
	MORE(S##name##64_K, 0x07 | ALU_##name << 4, OFF, 1, "$D s" sym " $I") \
	ROW(name##64_X, 0x0f | ALU_##name << 4, OFF, 0, "$D " sym " $S")     \
	MORE(S##name##64_X, 0x0f | ALU_##name << 4, OFF, 1, "$D s" sym " $S")

/* ORDER JUMPS: four rows for each condition. */
#define JMP_ROWS(ROW, name, sym)                                                      \
	ROW(J##name##64_K, 0x05 | JMP_##name << 4, ANY, 0, "if $D " sym " $X goto $J")     \
	ROW(J##name##64_X, 0x0d | JMP_##name << 4, ANY, 0, "if $D " sym " $S goto $J")     \
	ROW(J##name##32_K, 0x06 | JMP_##name << 4, ANY, 0, "if $d " sym " $X goto $J")     \
	ROW(J##name##32_X, 0x0e | JMP_##name << 4, ANY, 0, "if $d " sym " $s goto $J")

/* imm tells which atomic operation it is. Each has one row for each width. */
#define FETCH_ROW(ROW, name, text, bits, op, tag)                                \
	ROW(ATOMIC_FETCH_##name##bits, op, IMM, ATOMIC_##name | ATOMIC_FETCH,    \
	    "$S = " tag "_fetch_" text "((u" #bits " *)$M, $S)")
#define ATOMIC_ROWS(ROW, MORE, bits, op, tag)                                          \
	ROW(ATOMIC_ADD##bits, op, IMM, ATOMIC_ADD, "lock *(u" #bits " *)$M += $S")     \
	MORE(ATOMIC_OR##bits, op, IMM, ATOMIC_OR, "lock *(u" #bits " *)$M |= $S")      \
	MORE(ATOMIC_AND##bits, op, IMM, ATOMIC_AND, "lock *(u" #bits " *)$M &= $S")    \
	MORE(ATOMIC_XOR##bits, op, IMM, ATOMIC_XOR, "lock *(u" #bits " *)$M ^= $S")    \
	FETCH_ROW(MORE, ADD, "add", bits, op, tag) FETCH_ROW(MORE, OR, "or", bits, op, tag)   \
	FETCH_ROW(MORE, AND, "and", bits, op, tag) FETCH_ROW(MORE, XOR, "xor", bits, op, tag) \
	MORE(ATOMIC_XCHG##bits, op, IMM, ATOMIC_XCHG, "$S = " tag "_xchg((u" #bits " *)$M, $S)") \
	MORE(ATOMIC_CMPXCHG##bits, op, IMM, ATOMIC_CMPXCHG, "r0 = " tag "_cmpxchg((u" #bits " *)$M, r0, $S)")

/* Not in RFC 9669: Linux 6.15. */
#define ORDERED_ROWS(ROW, MORE, bits, op)                                                  \
	ROW(LOAD_ACQ##bits, op, IMM, LOAD_ACQ, "$D = load_acquire((u" #bits " *)$N)")          \
	MORE(STORE_REL##bits, op, IMM, STORE_REL, "store_release((u" #bits " *)$M, $S)")

#define INSNS(ROW, MORE)                                                  \
	/* arithmetic: RFC 9669 section 4.1 */                            \
	ALU_ROWS(ROW, ADD, "+=")                                          \
	ALU_ROWS(ROW, SUB, "-=")                                          \
	ALU_ROWS(ROW, MUL, "*=")                                          \
	DIV_ROWS(ROW, MORE, DIV, "/=")                                    \
	ALU_ROWS(ROW, OR, "|=")                                           \
	ALU_ROWS(ROW, AND, "&=")                                          \
	ALU_ROWS(ROW, LSH, "<<=")                                         \
	ALU_ROWS(ROW, RSH, ">>=")                                         \
	ROW(NEG32, 0x84, ANY, 0, "$d = -$d")                              \
	ROW(NEG64, 0x87, ANY, 0, "$D = -$D")                              \
	DIV_ROWS(ROW, MORE, MOD, "%=")                                    \
	ALU_ROWS(ROW, XOR, "^=")                                          \
	ROW(MOV32_K, 0xb4, ANY, 0, "$d = $I")                             \
	ROW(MOV32_X, 0xbc, OFF, 0, "$d = $s")                             \
	MORE(MOVSX32_8, 0xbc, OFF, 8, "$d = (s8)$s")                      \
	MORE(MOVSX32_16, 0xbc, OFF, 16, "$d = (s16)$s")                   \
	ROW(MOV64_K, 0xb7, ANY, 0, "$D = $I")                             \
	ROW(MOV64_X, 0xbf, OFF, 0, "$D = $S")                             \
	MORE(MOVSX64_8, 0xbf, OFF, 8, "$D = (s8)$S")                      \
	MORE(MOVSX64_16, 0xbf, OFF, 16, "$D = (s16)$S")                   \
	MORE(MOVSX64_32, 0xbf, OFF, 32, "$D = (s32)$S")                   \
	ALU_ROWS(ROW, ARSH, "s>>=")                                       \
	/* byte swaps: section 4.2 */                                     \
	ROW(LE16, 0xd4, IMM, 16, "$D = le16 $D")                          \
	MORE(LE32, 0xd4, IMM, 32, "$D = le32 $D")                         \
	MORE(LE64, 0xd4, IMM, 64, "$D = le64 $D")                         \
	ROW(BE16, 0xdc, IMM, 16, "$D = be16 $D")                          \
	MORE(BE32, 0xdc, IMM, 32, "$D = be32 $D")                         \
	MORE(BE64, 0xdc, IMM, 64, "$D = be64 $D")                         \
	ROW(BSWAP16, 0xd7, IMM, 16, "$D = bswap16 $D")                    \
	MORE(BSWAP32, 0xd7, IMM, 32, "$D = bswap32 $D")                   \
	MORE(BSWAP64, 0xd7, IMM, 64, "$D = bswap64 $D")                   \
	/* jumps: section 4.3 */                                          \
	ROW(JA, 0x05, ANY, 0, "goto $J")                                  \
	ROW(JA32, 0x06, ANY, 0, "gotol $K")                               \
	/* ORDER JUMPS: the conditional ones, JEQ first and JSLE last */  \
	JMP_ROWS(ROW, EQ, "==")                                           \
	JMP_ROWS(ROW, GT, ">")                                            \
	JMP_ROWS(ROW, GE, ">=")                                           \
	JMP_ROWS(ROW, SET, "&")                                           \
	JMP_ROWS(ROW, NE, "!=")                                           \
	JMP_ROWS(ROW, SGT, "s>")                                          \
	JMP_ROWS(ROW, SGE, "s>=")                                         \
	JMP_ROWS(ROW, LT, "<")                                            \
	JMP_ROWS(ROW, LE, "<=")                                           \
	JMP_ROWS(ROW, SLT, "s<")                                          \
	JMP_ROWS(ROW, SLE, "s<=")                                         \
	ROW(CALL, 0x85, SRC, 0, "call $H")                                \
	MORE(CALL_LOCAL, 0x85, SRC, 1, "call $C")                         \
	MORE(CALL_KFUNC, 0x85, SRC, 2, "call kfunc $F")                 \
	ROW(CALLX, 0x8d, ANY, 0, "callx $D")                              \
	ROW(EXIT, 0x95, ANY, 0, "exit")                                   \
	/* 64-bit immediates: section 5.4; src says what imm stands for */ \
	ROW(LD_IMM64, 0x18, SRC, 0, "$D = $L")                            \
	MORE(LD_MAP, 0x18, SRC, 1, "$D = map[$m]")                        \
	MORE(LD_VALUE, 0x18, SRC, 2, "$D = map[$m][0]+$V")                \
	MORE(LD_VAR, 0x18, SRC, 3, "$D = ksym $F")                        \
	MORE(LD_FUNC, 0x18, SRC, 4, "$D = subprog[$P]")                   \
	MORE(LD_MAP_IDX, 0x18, SRC, 5, "$D = map[$i]")                    \
	MORE(LD_VALUE_IDX, 0x18, SRC, 6, "$D = map[$i]+$V")               \
	/* memory: sections 5.2 and 5.3 */                                \
	ROW(LDX8, 0x71, ANY, 0, "$D = *(u8 *)$N")                         \
	ROW(LDX16, 0x69, ANY, 0, "$D = *(u16 *)$N")                       \
	ROW(LDX32, 0x61, ANY, 0, "$D = *(u32 *)$N")                       \
	ROW(LDX64, 0x79, ANY, 0, "$D = *(u64 *)$N")                       \
	ROW(LDXS8, 0x91, ANY, 0, "$D = *(s8 *)$N")                        \
	ROW(LDXS16, 0x89, ANY, 0, "$D = *(s16 *)$N")                      \
	ROW(LDXS32, 0x81, ANY, 0, "$D = *(s32 *)$N")                      \
	ROW(ST8, 0x72, ANY, 0, "*(u8 *)$M = $I")                          \
	ROW(ST16, 0x6a, ANY, 0, "*(u16 *)$M = $I")                        \
	ROW(ST32, 0x62, ANY, 0, "*(u32 *)$M = $I")                        \
	ROW(ST64, 0x7a, ANY, 0, "*(u64 *)$M = $I")                        \
	ROW(STX8, 0x73, ANY, 0, "*(u8 *)$M = $S")                         \
	ROW(STX16, 0x6b, ANY, 0, "*(u16 *)$M = $S")                       \
	ROW(STX32, 0x63, ANY, 0, "*(u32 *)$M = $S")                       \
	ROW(STX64, 0x7b, ANY, 0, "*(u64 *)$M = $S")                       \
	/* atomics: section 5.3 */                                        \
	ATOMIC_ROWS(ROW, MORE, 32, 0xc3, "atomic")                        \
	ORDERED_ROWS(MORE, MORE, 32, 0xc3)                                \
	ATOMIC_ROWS(ROW, MORE, 64, 0xdb, "atomic64")                      \
	ORDERED_ROWS(MORE, MORE, 64, 0xdb)                                \
	ORDERED_ROWS(ROW, MORE, 16, 0xcb)                                 \
	ORDERED_ROWS(ROW, MORE, 8, 0xd3)                                  \
	/* the old packet access: section 5.5 */                          \
	ROW(LD_ABS8, 0x30, ANY, 0, "!legacy packet access (ld_abs)")               \
	ROW(LD_ABS16, 0x28, ANY, 0, "!legacy packet access (ld_abs)")              \
	ROW(LD_ABS32, 0x20, ANY, 0, "!legacy packet access (ld_abs)")              \
	ROW(LD_IND8, 0x50, ANY, 0, "!legacy packet access (ld_ind)")               \
	ROW(LD_IND16, 0x48, ANY, 0, "!legacy packet access (ld_ind)")              \
	ROW(LD_IND32, 0x40, ANY, 0, "!legacy packet access (ld_ind)")
/* clang-format on */

/* The kind of an instruction is the number of its row; INSN_BAD if no row fits. */
enum insn_kind {
	INSN_BAD,
#define ROW(name, ...) INSN_##name,
	INSNS(ROW, ROW)
#undef ROW
	    INSN_KINDS
};

/* The first byte of each row's instruction. */
enum {
#define ROW(name, op, ...) OPCODE_##name = (op),
	INSNS(ROW, ROW)
#undef ROW
};

enum insn_key { ANY, OFF, IMM, SRC };

struct insn_row {
	const char *text;
	u8 op, key;
	i16 value;
};
extern const struct insn_row insn_rows[INSN_KINDS];
extern const u8 insn_first[256]; /* op -> its first row, INSN_BAD if none */

static inline i32 insn_key_field(const struct insn *in, u32 key)
{
	return key == OFF ? in->off : key == IMM ? in->imm : in->src;
}

/* Returns the kind of an instruction. */
static inline enum insn_kind insn_kind(const struct insn *in)
{
	u32 kind = insn_first[in->op];
	const struct insn_row *row = &insn_rows[kind];
	if (row->key == ANY)
		return (enum insn_kind)kind;
	while (kind < INSN_KINDS && row->op == in->op) {
		if (insn_key_field(in, row->key) == row->value)
			return (enum insn_kind)kind;
		kind++, row++;
	}
	return INSN_BAD;
}

static inline u32 insn_class(const struct insn *in)
{
	return in->op & 7;
}

static inline bool insn_is_wide(const struct insn *in) /* takes the next slot too */
{
	return in->op == OPCODE_LD_IMM64;
}
static inline bool insn_is_call(const struct insn *in) /* any call, callx too */
{
	return in->op == OPCODE_CALL || in->op == OPCODE_CALLX;
}
static inline bool insn_is_exit(const struct insn *in)
{
	return in->op == OPCODE_EXIT;
}
static inline bool insn_is_atomic(const struct insn *in)
{
	return (in->op & ~0x18) == (OPCODE_ATOMIC_ADD32 & ~0x18); /* of any size */
}
static inline bool insn_is_load_acquire(const struct insn *in)
{
	return insn_is_atomic(in) && in->imm == LOAD_ACQ;
}
/* JA, JA32 or a conditional jump. */
static inline bool insn_is_jump(const struct insn *in)
{
	u32 class = insn_class(in);
	return (class == CLASS_JMP || class == CLASS_JMP32) && !insn_is_call(in) && !insn_is_exit(in);
}
/* JA or JA32. */
static inline bool insn_is_goto(const struct insn *in)
{
	return in->op == OPCODE_JA || in->op == OPCODE_JA32;
}
/* Whether the next instruction can run after this one. */
static inline bool insn_falls_through(const struct insn *in)
{
	return !insn_is_goto(in) && !insn_is_exit(in);
}
/* How far a jump goes, counted from the next instruction. */
static inline i64 insn_jump(const struct insn *in)
{
	return in->op == OPCODE_JA32 ? in->imm : in->off;
}

/* Whether the instruction calls a function of the program, or takes its address. That is at idx + 1 + imm. */
static inline bool insn_names_func(const struct insn *in)
{
	enum insn_kind kind = insn_kind(in);
	return kind == INSN_CALL_LOCAL || kind == INSN_LD_FUNC;
}
/* Whether the instruction names map imm of the object (insn_is_map), or a place in its value. */
static inline bool insn_is_map(const struct insn *in)
{
	enum insn_kind kind = insn_kind(in);
	return kind == INSN_LD_MAP || kind == INSN_LD_MAP_IDX;
}
static inline bool insn_is_map_value(const struct insn *in)
{
	enum insn_kind kind = insn_kind(in);
	return kind == INSN_LD_VALUE || kind == INSN_LD_VALUE_IDX;
}

/* Arithmetic and conditional jumps: ALU_ADD ..., JMP_EQ ... */
static inline u32 insn_operation(const struct insn *in)
{
	return in->op >> 4;
}
static inline bool insn_takes_reg(const struct insn *in) /* as the second operand */
{
	return in->op & SOURCE_REG;
}
static inline bool insn_loads_signed(const struct insn *in) /* of a load */
{
	return in->op & 0x80;
}

/* A 64-bit immediate from its two slots. */
static inline u64 insn_imm64(const struct insn *in)
{
	return (u64)(u32)in[1].imm << 32 | (u32)in[0].imm;
}

/* Loads, stores and atomics: how many bytes are accessed. */
static inline u32 insn_size(const struct insn *in)
{
	static const u8 sizes[] = { [SIZE_32] = 4, [SIZE_16] = 2, [SIZE_8] = 1, [SIZE_64] = 8 };
	return sizes[in->op >> 3 & 3];
}
/* 1, 2, 4 or 8. */
static inline void insn_set_size(struct insn *in, u32 size)
{
	static const u8 codes[] = { [1] = SIZE_8, [2] = SIZE_16, [4] = SIZE_32, [8] = SIZE_64 };
	in->op = (u8)((in->op & ~0x18) | codes[size] << 3);
}

/* Whether the instruction accesses memory, and through which register. */
static inline bool insn_is_access(const struct insn *in)
{
	return insn_class(in) >= CLASS_LDX && insn_class(in) <= CLASS_STX;
}
static inline u32 insn_base(const struct insn *in)
{
	return insn_class(in) == CLASS_LDX || insn_is_load_acquire(in) ? in->src : in->dst;
}

/* The registers that the instruction may change: bit n for Rn. A call changes R0 to R5. */
#define INSN_CALL_WRITES 0x3f
u32 insn_writes(const struct insn *in);

/* The fields that the instruction uses: ORDER FIELDS. */
enum { USES_DST = 1, USES_SRC = 2, USES_OFF = 4, USES_IMM = 8 };
u32 insn_uses(enum insn_kind kind);
