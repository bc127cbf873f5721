// SPDX-License-Identifier: MIT
// RFC 9669, section by section, in C.
#include "tests/vm_model.h"
#include "kernel/lib/mem.h"

/* ---- 4.1, 4.2 arithmetic ---- */

static u64 signed_div(i64 a, i64 b, bool mod)
{
	if (b == 0)
		return mod ? (u64)a : 0;
	if (b == -1)
		return mod ? 0 : -(u64)a;
	return (u64)(mod ? a % b : a / b);
}

static u64 unsigned_div(u64 a, u64 b, bool mod)
{
	if (b == 0)
		return mod ? a : 0;
	return mod ? a % b : a / b;
}

static u64 sign_extended(u64 value, i16 bits)
{
	return bits == 8 ? (u64)(i8)value : bits == 16 ? (u64)(i16)value : (u64)(i32)value;
}

/* a and b are cut to 32 bits if the operation is of 32. */
static u64 operation(const struct insn *in, u64 a, u64 b, bool wide)
{
	u32 count = (u32)b & (wide ? 63 : 31);
	i64 sa = wide ? (i64)a : (i32)a, sb = wide ? (i64)b : (i32)b;
	switch (in->op >> 4) {
	case 0x0: return a + b;
	case 0x1: return a - b;
	case 0x2: return a * b;
	case 0x3: return in->off ? signed_div(sa, sb, false) : unsigned_div(a, b, false);
	case 0x4: return a | b;
	case 0x5: return a & b;
	case 0x6: return a << count;
	case 0x7: return a >> count;
	case 0x8: return -a;
	case 0x9: return in->off ? signed_div(sa, sb, true) : unsigned_div(a, b, true);
	case 0xa: return a ^ b;
	case 0xb: return in->off ? sign_extended(b, in->off) : b;
	default: return (u64)(sa >> count);
	}
}

/* A little-endian machine: le only cuts. */
static u64 byte_order(const struct insn *in, u64 value)
{
	u64 swapped = 0;
	for (i32 bit = 0; bit < in->imm; bit += 8)
		swapped |= (value >> bit & 0xff) << (in->imm - 8 - bit);
	if (in->op != 0xd4)
		value = swapped;
	return in->imm == 64 ? value : value & ((1ull << in->imm) - 1);
}

u64 model_alu(const struct insn *in, u64 dst, u64 src)
{
	bool wide = (in->op & 7) == 7;
	u64 b = in->op & 8 ? src : (u64)(i64)in->imm;
	if (in->op >> 4 == 0xd)
		return byte_order(in, dst);
	u64 value = operation(in, wide ? dst : (u32)dst, wide ? b : (u32)b, wide);
	return wide ? value : (u32)value;
}

/* ---- 4.3 jumps ---- */

static bool is_taken(const struct insn *in, u64 a, u64 b)
{
	bool wide = (in->op & 7) == 5;
	a = wide ? a : (u32)a;
	b = wide ? b : (u32)b;
	i64 sa = wide ? (i64)a : (i32)a, sb = wide ? (i64)b : (i32)b;
	switch (in->op >> 4) {
	case 0x0: return true;
	case 0x1: return a == b;
	case 0x2: return a > b;
	case 0x3: return a >= b;
	case 0x4: return (a & b) != 0;
	case 0x5: return a != b;
	case 0x6: return sa > sb;
	case 0x7: return sa >= sb;
	case 0xa: return a < b;
	case 0xb: return a <= b;
	case 0xc: return sa < sb;
	default: return sa <= sb;
	}
}

/* ---- 5 memory ---- */

static void *place(struct model *m, u32 base, i32 off, u32 size)
{
	u64 at = m->r[base] + (u64)(i64)off;
	bool is_bad = at >> 32 == MODEL_BAD >> 32;
	bool strays = !is_bad && m->is_mine && !m->is_mine(at, size);
	m->strayed |= strays;
	return is_bad || strays ? NULL : (void *)(uptr)at;
}

static u32 size_of(const struct insn *in)
{
	static const u8 sizes[] = { 4, 2, 1, 8 };
	return sizes[in->op >> 3 & 3];
}

static u64 fetch(const void *at, u32 size)
{
	u64 value = 0;
	if (at)
		memcpy(&value, at, size);
	return value;
}

static void put(void *at, u64 value, u32 size)
{
	if (at)
		memcpy(at, &value, size);
}

static u64 load(struct model *m, const struct insn *in)
{
	u32 size = size_of(in);
	u64 value = fetch(place(m, in->src, in->off, size), size);
	return in->op >> 5 == 4 ? sign_extended(value, (i16)(8 * size)) : value;
}

static void atomic(struct model *m, const struct insn *in)
{
	u32 size = size_of(in);
	u64 mask = size == 8 ? ~0ull : 0xffffffff;
	void *at = place(m, in->dst, in->off, size);
	m->strayed |= (uptr)at % 64 + size > 64;
	u64 old = fetch(at, size), operand = m->r[in->src] & mask, value = operand;
	switch (in->imm & 0xf0) {
	case 0x00: value = old + operand; break;
	case 0x40: value = old | operand; break;
	case 0x50: value = old & operand; break;
	case 0xa0: value = old ^ operand; break;
	case 0xf0: value = old == (m->r[0] & mask) ? operand : old; break;
	}
	put(at, value, size);
	if (in->imm == 0xf1)
		m->r[0] = old;
	else if (in->imm & 1)
		m->r[in->src] = old;
}

/* ---- */

static void step(struct model *m, const struct insn *in)
{
	u64 *dst = &m->r[in->dst];
	u32 size = size_of(in);
	switch (in->op & 7) {
	case 0: *dst = (u32)in[0].imm | (u64)(u32)in[1].imm << 32; break;
	case 1: *dst = load(m, in); break;
	case 2: put(place(m, in->dst, in->off, size), (u64)(i64)in->imm, size); break;
	case 3:
		if (in->op >> 5 == 6)
			atomic(m, in);
		else
			put(place(m, in->dst, in->off, size), m->r[in->src], size);
		break;
	default: *dst = model_alu(in, *dst, m->r[in->src]); break;
	}
}

/* How many instructions the jump goes over. */
static u32 jump(const struct model *m, const struct insn *in)
{
	u64 b = in->op & 8 ? m->r[in->src] : (u64)(i64)in->imm;
	if (in->op == 0x06)
		return (u32)in->imm;
	return is_taken(in, m->r[in->dst], b) ? (u32)in->off : 0;
}

void model_run(struct model *m, const struct insn *in, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		bool is_jump = (in[i].op & 7) == 5 || (in[i].op & 7) == 6;
		if (is_jump) {
			i += jump(m, &in[i]);
		} else {
			step(m, &in[i]);
			i += in[i].op == 0x18;
		}
	}
}
