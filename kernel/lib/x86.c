// SPDX-License-Identifier: MIT
// Writes prefixes, opcode, ModRM, SIB, displacement and immediate for the forms of x86.h.
#include "kernel/lib/x86.h"

static notrace bool is_i8(i64 v)
{
	return v == (i8)v;
}

// spl, bpl, sil, dil: without a REX prefix their numbers mean ah, ch, dh, bh.
static notrace bool needs_rex(u32 size, u32 reg)
{
	return size == 1 && reg >= RSP;
}

// The legacy prefixes, then REX.WRXB, which is left out if all four bits are 0 and no register needs it.
static notrace void prefixes(struct code *c, u32 enc, bool gs, bool force_rex, u32 reg, u32 index, u32 rm)
{
	if (enc & X86_LOCK)
		put(c, 0xf0, 1);
	if (gs)
		put(c, 0x65, 1);
	if (enc & X86_66)
		put(c, 0x66, 1);
	u32 rex = !!(enc & X86_W) << 3 | (reg >> 3 & 1) << 2 | (index >> 3 & 1) << 1 | (rm >> 3 & 1);
	if (rex || force_rex)
		put(c, 0x40 | rex, 1);
}

static notrace void opcode(struct code *c, u32 op)
{
	if (op >> 8 & 0xff)
		put(c, op >> 8, 1); // the escape byte, 0f
	put(c, op, 1);
}

//   7 6 5   3 2   0
// [ mod | reg | rm ]   SIB: the same three fields, named scale, index, base
static notrace void modrm(struct code *c, u32 mod, u32 reg, u32 rm)
{
	put(c, mod << 6 | (reg & 7) << 3 | (rm & 7), 1);
}

notrace void x86_zo(struct code *c, u32 enc, u32 op)
{
	prefixes(c, enc, false, false, 0, 0, 0);
	opcode(c, op);
}

notrace void x86_o(struct code *c, u32 enc, u32 op, u32 r)
{
	prefixes(c, enc, false, needs_rex(X86_REG_SIZE(enc), r), 0, 0, r);
	opcode(c, op | (r & 7));
}

notrace void x86_rr(struct code *c, u32 enc, u32 op, u32 reg, u32 rm)
{
	bool rex = needs_rex(X86_REG_SIZE(enc), reg) || needs_rex(X86_RM_SIZE(enc), rm);
	prefixes(c, enc, false, rex, reg, 0, rm);
	opcode(c, op);
	modrm(c, 3, reg, rm);
}

// Oddities of r/m as memory:
//   r/m 100 (rsp, r12)                            a SIB byte follows
//   r/m 101 (rbp, r13) without displacement       rip-relative
//   base 101 in a SIB byte without displacement   no base, and a disp32
//   index 100 in a SIB byte                       no index
notrace void x86_rm(struct code *c, u32 enc, u32 op, u32 reg, struct mem m)
{
	bool has_base = m.base != NO_REG;
	bool has_sib = m.index != NO_REG || !has_base || (m.base & 7) == RSP;
	u32 mod = !has_base || (m.disp == 0 && (m.base & 7) != RBP) ? 0 : is_i8(m.disp) ? 1 : 2;
	if (m.disp != (i32)m.disp)
		code_fail(c, ERANGE);
	if (m.index == RSP)
		code_fail(c, EINVAL);
	prefixes(c, enc, m.gs, needs_rex(X86_REG_SIZE(enc), reg), reg, m.index, m.base);
	opcode(c, op);
	modrm(c, mod, reg, has_sib ? RSP : m.base);
	if (has_sib)
		modrm(c, m.shift, m.index == NO_REG ? RSP : m.index, has_base ? m.base : RBP);
	if (mod || !has_base)
		put(c, (u64)m.disp, mod == 1 ? 1 : 4);
}

// The signed value of v in an operand of size bytes. v may also be written unsigned: 0xff is -1 in 8 bits.
// 64-bit operations sign-extend 32 bits, so v must fit these, signed.
static notrace i64 fit(struct code *c, u32 size, i64 v)
{
	i64 low = size == 1 ? -0x80 : size == 2 ? -0x8000 : -0x80000000ll;
	i64 high = size == 8 ? 0x7fffffff : -2 * low - 1;
	if (v < low || v > high)
		code_fail(c, ERANGE);
	return size == 1 ? (i8)v : size == 2 ? (i16)v : size == 4 ? (i32)v : v;
}

// Whether the immediate is written as one byte, with the opcode's s bit set.
static notrace bool is_short(u32 enc, u32 op, i64 v)
{
	return X86_RM_SIZE(enc) > 1 && !(op & 2) && is_i8(v);
}

static notrace void imm(struct code *c, u32 enc, bool is_short, i64 v)
{
	put(c, (u64)v, is_short ? 1 : min(X86_RM_SIZE(enc), 4u));
}

notrace void x86_oi(struct code *c, u32 enc, u32 op, u32 r, i64 v)
{
	u32 size = X86_REG_SIZE(enc);
	if (size < 8)
		v = fit(c, size, v);
	x86_o(c, enc, op, r);
	put(c, (u64)v, size);
}

notrace void x86_i(struct code *c, u32 enc, u32 op, i64 v)
{
	v = fit(c, X86_RM_SIZE(enc), v);
	bool s = is_short(enc, op, v);
	x86_zo(c, enc, op | s << 1);
	imm(c, enc, s, v);
}

notrace void x86_ri(struct code *c, u32 enc, u32 op, u32 reg, u32 rm, i64 v)
{
	v = fit(c, X86_RM_SIZE(enc), v);
	u32 accumulator = op >> 16;
	bool s = is_short(enc, op & 0xff, v);
	if (accumulator && rm == RAX && !s)
		x86_zo(c, enc, accumulator);
	else
		x86_rr(c, enc, (op & 0xff) | s << 1, reg, rm);
	imm(c, enc, s, v);
}

notrace void x86_mi(struct code *c, u32 enc, u32 op, u32 reg, struct mem m, i64 v)
{
	v = fit(c, X86_RM_SIZE(enc), v);
	bool s = is_short(enc, op, v);
	x86_rm(c, enc, op | s << 1, reg, m);
	imm(c, enc, s, v);
}

notrace void x86_rs(struct code *c, u32 enc, u32 op, u32 n, u32 rm, u32 count)
{
	x86_rr(c, enc, count == 1 ? op | 0x10 : op, n, rm);
	if (count != 1)
		put(c, count, 1);
}

// c4, then R X B (inverted) and the opcode map, then W, vvvv (inverted), L = 0 and the prefix's number.
notrace void x86_vex(struct code *c, u32 enc, u32 op, u32 reg, u32 v, u32 rm)
{
	u32 map = op >> 8 == 0x3a ? 3 : 2;
	u32 pp = enc & X86_66 ? 1 : enc & X86_F3 ? 2 : enc & X86_F2 ? 3 : 0;
	put(c, 0xc4, 1);
	put(c, !(reg >> 3) << 7 | 1 << 6 | !(rm >> 3) << 5 | map, 1);
	put(c, !!(enc & X86_W) << 7 | (~v & 15) << 3 | pp, 1);
	put(c, op, 1);
	modrm(c, 3, reg, rm);
}

// As the SDM recommends them: nop, xchg ax,ax, then nop r/m with SIB bytes and displacements to fill.
notrace const u8 *x86_nop(u32 len)
{
	static const u8 nops[9][9] = {
		{ 0x90 },
		{ 0x66, 0x90 },
		{ 0x0f, 0x1f, 0x00 },
		{ 0x0f, 0x1f, 0x40, 0x00 },
		{ 0x0f, 0x1f, 0x44, 0x00, 0x00 },
		{ 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00 },
		{ 0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00 },
		{ 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
		{ 0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
	};
	return nops[len - 1];
}

notrace void nop(struct code *c, u32 len)
{
	const u8 *bytes = x86_nop(len);
	for (u32 i = 0; i < len; i++)
		put(c, bytes[i], 1);
}
