/* SPDX-License-Identifier: MIT */
/* The x86-64 instructions that this kernel generates, as the SDM's opcode pages list them. One row
 * makes a function of the encoder (x86.h), a line of the disassembler's table (x86dis.c) and some
 * hundred comparisons with NASM (tests/host/kernel/test_x86.c). Include it with INSN defined; no guard.
 *
 *   INSN(function, mnemonic, form, size, opcode, n)
 *
 *   form    which operands, and where they are encoded: X86_FORMS in x86.h
 *   size    S64_8 reads "the register has 64 bits, r/m has 8"; says which prefixes and which REX.W
 *   opcode  0x0fxx after the escape byte; for VEX forms 0x38xx, 0x3axx name the opcode map
 *   n       the SDM's /n: an opcode extension in ModRM.reg
 *
 * Forms with an immediate: an opcode with bit 1 clear (the SDM's s bit) has a shorter form, opcode | 2,
 * for immediates that fit 8 bits. ACC(opcode) is the accumulator's form, without ModRM. Shifts by 1 are
 * opcode | 0x10. Condition codes, and registers in the opcode, are added to the opcode. */
/* clang-format off */

#define S8     0x11
#define S16    (0x22 | X86_66)
#define S32    0x44
#define S64    (0x88 | X86_W)
#define D64    0x88			/* 64 bits by default, without REX.W: push, pop, jmp, call */
#define S32_8  0x14
#define S32_16 0x24
#define S64_8  (0x18 | X86_W)
#define S64_16 (0x28 | X86_W)
#define S64_32 (0x48 | X86_W)
#define ACC(opcode) ((opcode) << 16)

#define INSN_32_64(fn, text, form, op, n) \
	INSN(fn,     text, form, S64, op, n) \
	INSN(fn##32, text, form, S32, op, n)
#define INSN_ALL(fn, text, form, op, n) \
	INSN_32_64(fn, text, form, (op) | 1, n) \
	INSN(fn##16,   text, form, S16, (op) | 1, n) \
	INSN(fn##8,    text, form, S8,  op,       n)

/* mov */
INSN_ALL(mov_rr, "mov", RR, 0x88, 0)
INSN_ALL(mov_rm, "mov", RM, 0x8a, 0)
INSN_ALL(mov_mr, "mov", MR, 0x88, 0)
INSN_ALL(mov_mi, "mov", MI, 0xc6, 0)
INSN(mov_ri64,   "mov", OI, S64, 0xb8, 0)	/* mov_ri (x86.h) chooses among these two and mov_ri32 */
INSN(mov_ri_sx,  "mov", RI, S64, 0xc7, 0)
INSN(mov_ri32,   "mov", OI, S32, 0xb8, 0)
INSN(mov_ri16,   "mov", OI, S16, 0xb8, 0)
INSN(mov_ri8,    "mov", OI, S8,  0xb0, 0)
INSN_32_64(lea_rm, "lea", RM, 0x8d, 0)

/* Zero extension to 32 bits is also zero extension to 64. Sign extension to 32 and to 64 bits differ. */
INSN(movzx_rr8,     "movzx",  RRX, S32_8,  0x0fb6, 0)
INSN(movzx_rr16,    "movzx",  RRX, S32_16, 0x0fb7, 0)
INSN(movzx_rm8,     "movzx",  RM,  S32_8,  0x0fb6, 0)
INSN(movzx_rm16,    "movzx",  RM,  S32_16, 0x0fb7, 0)
INSN(movsx_rr8,     "movsx",  RRX, S64_8,  0x0fbe, 0)
INSN(movsx_rr16,    "movsx",  RRX, S64_16, 0x0fbf, 0)
INSN(movsxd_rr,     "movsxd", RRX, S64_32, 0x63,   0)
INSN(movsx_rm8,     "movsx",  RM,  S64_8,  0x0fbe, 0)
INSN(movsx_rm16,    "movsx",  RM,  S64_16, 0x0fbf, 0)
INSN(movsxd_rm,     "movsxd", RM,  S64_32, 0x63,   0)
INSN(movsx_rr8_32,  "movsx",  RRX, S32_8,  0x0fbe, 0)
INSN(movsx_rr16_32, "movsx",  RRX, S32_16, 0x0fbf, 0)

/* add or adc sbb and sub xor cmp: one encoding, eight values of /n. */
#define ALU(name, n) \
	INSN_32_64(name##_rr, #name, RR, 0x01 | (n) << 3, 0) \
	INSN_32_64(name##_rm, #name, RM, 0x03 | (n) << 3, 0) \
	INSN_32_64(name##_mr, #name, MR, 0x01 | (n) << 3, 0) \
	INSN_32_64(name##_ri, #name, RI, ACC(0x05 | (n) << 3) | 0x81, n) \
	INSN_32_64(name##_mi, #name, MI, 0x81, n)
ALU(add, 0) ALU(or, 1) ALU(adc, 2) ALU(sbb, 3) ALU(and, 4) ALU(sub, 5) ALU(xor, 6) ALU(cmp, 7)
#undef ALU
INSN_32_64(test_rr, "test", RR, 0x85, 0)
INSN_32_64(test_ri, "test", RI, ACC(0xa9) | 0xf7, 0)
INSN_32_64(test_mi, "test", MI, 0xf7, 0)

/* One operand. mul, imul: rdx:rax = rax * r. div, idiv: rax, rdx = rdx:rax / r, remainder. */
INSN_32_64(not_r,  "not",  R, 0xf7, 2)
INSN_32_64(neg_r,  "neg",  R, 0xf7, 3)
INSN_32_64(mul_r,  "mul",  R, 0xf7, 4)
INSN_32_64(imul_r, "imul", R, 0xf7, 5)
INSN_32_64(div_r,  "div",  R, 0xf7, 6)
INSN_32_64(idiv_r, "idiv", R, 0xf7, 7)
INSN_32_64(inc_r,  "inc",  R, 0xff, 0)
INSN_32_64(dec_r,  "dec",  R, 0xff, 1)
INSN_32_64(neg_m,  "neg",  M, 0xf7, 3)
INSN_32_64(inc_m,  "inc",  M, 0xff, 0)
INSN_32_64(dec_m,  "dec",  M, 0xff, 1)
INSN_32_64(bswap_r, "bswap", O, 0x0fc8, 0)
INSN_32_64(imul_rr,  "imul", RRX, 0x0faf, 0)
INSN_32_64(imul_rri, "imul", RRI, 0x69,   0)
INSN(cqo, "cqo", ZO, S64, 0x99, 0)		/* rdx:rax = rax, sign-extended */
INSN(cdq, "cdq", ZO, S32, 0x99, 0)

/* Shifts: by a constant, by cl, and from BMI2 by any register and without flags. */
#define SHIFT(name, n) \
	INSN_32_64(name##_ri, #name, RS, 0xc1, n) \
	INSN_32_64(name##_rc, #name, RC, 0xd3, n)
SHIFT(rol, 0) SHIFT(ror, 1) SHIFT(shl, 4) SHIFT(shr, 5) SHIFT(sar, 7)
#undef SHIFT
INSN(rol_ri16, "rol", RS, S16, 0xc1, 0)
INSN(shlx_rrr,   "shlx", VEX_RRR, S64 | X86_66, 0x38f7, 0)
INSN(shlx_rrr32, "shlx", VEX_RRR, S32 | X86_66, 0x38f7, 0)
INSN(shrx_rrr,   "shrx", VEX_RRR, S64 | X86_F2, 0x38f7, 0)
INSN(shrx_rrr32, "shrx", VEX_RRR, S32 | X86_F2, 0x38f7, 0)
INSN(sarx_rrr,   "sarx", VEX_RRR, S64 | X86_F3, 0x38f7, 0)
INSN(sarx_rrr32, "sarx", VEX_RRR, S32 | X86_F3, 0x38f7, 0)
INSN(mulx_rrr,   "mulx", VEX_RVR, S64 | X86_F2, 0x38f6, 0)	/* high, low half of rdx * last; no flags */
INSN(rorx_rri,   "rorx", VEX_RRI, S64 | X86_F2, 0x3af0, 0)
INSN(rorx_rri32, "rorx", VEX_RRI, S32 | X86_F2, 0x3af0, 0)

/* Atomics. xchg with memory is locked without a prefix. */
#define LOCKED(fn, text, form, op, n) \
	INSN(lock_##fn,     "lock " text, form, S64 | X86_LOCK, op, n) \
	INSN(lock_##fn##32, "lock " text, form, S32 | X86_LOCK, op, n)
LOCKED(add_mr, "add", MR, 0x01, 0)
LOCKED(or_mr,  "or",  MR, 0x09, 0)
LOCKED(and_mr, "and", MR, 0x21, 0)
LOCKED(xor_mr, "xor", MR, 0x31, 0)
LOCKED(add_mi, "add", MI, 0x81, 0)
LOCKED(inc_m,  "inc", M,  0xff, 0)
LOCKED(dec_m,  "dec", M,  0xff, 1)
LOCKED(xadd_mr,    "xadd",    MR, 0x0fc1, 0)
LOCKED(cmpxchg_mr, "cmpxchg", MR, 0x0fb1, 0)
#undef LOCKED
INSN_32_64(xchg_mr, "xchg", MR, 0x87, 0)

/* On a condition: cc is the first argument. */
INSN_32_64(cmovcc_rr, "cmov", CC_RRX, 0x0f40, 0)
INSN(jcc_rel,  "j",   CC_REL32, D64, 0x0f80, 0)
INSN(jcc8,     "j",   CC_REL8,  D64, 0x70, 0)

/* Jumps and calls; with labels and absolute targets: x86.h. */
INSN(jmp_rel,  "jmp",  REL32, D64, 0xe9, 0)
INSN(jmp8,     "jmp",  REL8,  D64, 0xeb, 0)
INSN(call_rel, "call", REL32, D64, 0xe8, 0)
INSN(jmp_r,    "jmp",  R,  D64, 0xff, 4)
INSN(jmp_m,    "jmp",  M,  D64, 0xff, 4)
INSN(call_r,   "call", R,  D64, 0xff, 2)
INSN(call_m,   "call", M,  D64, 0xff, 2)
INSN(ret,      "ret",  ZO, D64, 0xc3, 0)

/* Stack */
INSN(push,   "push",  O,  D64, 0x50, 0)
INSN(push_i, "push",  I,  D64, 0x68, 0)
INSN(push_m, "push",  M,  D64, 0xff, 6)
INSN(pop,    "pop",   O,  D64, 0x58, 0)
INSN(pop_m,  "pop",   M,  D64, 0x8f, 0)
INSN(leave,  "leave", ZO, D64, 0xc9, 0)
INSN(pushf,  "pushf", ZO, D64, 0x9c, 0)
INSN(popf,   "popf",  ZO, D64, 0x9d, 0)

/* Do nothing, and stop. nop(c, len) of x86.h chooses the nop of a length; the long ones are nop_m. */
INSN(nop1,    "nop",  ZO, S32, 0x90, 0)
INSN(nop1_16, "o16 nop", ZO, S16, 0x90, 0)
INSN(nop_m,   "nop",  M,  S32, 0x0f1f, 0)
INSN(nop_m16, "nop",  M,  S16, 0x0f1f, 0)
INSN(int3,    "int3", ZO, D64, 0xcc, 0)
INSN(ud2,     "ud2",  ZO, D64, 0x0f0b, 0)
INSN(rdtsc,   "rdtsc", ZO, S32, 0x0f31, 0)	/* edx:eax = the time-stamp counter */

#undef S8
#undef S16
#undef S32
#undef S64
#undef D64
#undef S32_8
#undef S32_16
#undef S64_8
#undef S64_16
#undef S64_32
#undef ACC
#undef INSN_32_64
#undef INSN_ALL
