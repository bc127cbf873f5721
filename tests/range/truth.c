// SPDX-License-Identifier: MIT
// RFC 9669, section 4, for small numbers as for large ones.
#include "tests/range/truth.h"
#include "vm/insn.h"
#include "vm/verify/range_parts.h"

const struct operation alus[14] = {
	{ "add", ALU_ADD, 0, 0 },  { "sub", ALU_SUB, 0, 0 },   { "mul", ALU_MUL, 0, 0 },
	{ "div", ALU_DIV, 0, 0 },  { "sdiv", ALU_DIV, 1, 0 },  { "mod", ALU_MOD, 0, 0 },
	{ "smod", ALU_MOD, 1, 0 }, { "and", ALU_AND, 0, 0 },   { "or", ALU_OR, 0, 0 },
	{ "xor", ALU_XOR, 0, 0 },  { "lsh", ALU_LSH, 0, 0 },   { "rsh", ALU_RSH, 0, 0 },
	{ "neg", ALU_NEG, 0, 1 },  { "arsh", ALU_ARSH, 0, 0 },
};

const struct operation jmps[11] = {
	{ "jeq", JMP_EQ, 0, 0 },   { "jne", JMP_NE, 0, 0 },   { "jgt", JMP_GT, 0, 0 },
	{ "jge", JMP_GE, 0, 0 },   { "jlt", JMP_LT, 0, 0 },   { "jle", JMP_LE, 0, 0 },
	{ "jset", JMP_SET, 0, 0 }, { "jsgt", JMP_SGT, 0, 0 }, { "jsge", JMP_SGE, 0, 0 },
	{ "jslt", JMP_SLT, 0, 0 }, { "jsle", JMP_SLE, 0, 0 },
};

/* The least number divided by -1 is itself. */
static u64 signed_division(u32 code, i64 x, i64 y)
{
	if (y == -1)
		return code == ALU_DIV ? 0 - (u64)x : 0;
	return (u64)(code == ALU_DIV ? x / y : x % y);
}

static u64 division(const struct operation *op, u64 a, u64 b, u32 w)
{
	if (!b)
		return op->code == ALU_DIV ? 0 : a;
	if (op->is_signed)
		return signed_division(op->code, sign_extend(a, w), sign_extend(b, w));
	return op->code == ALU_DIV ? a / b : a % b;
}

u64 truth_alu(const struct operation *op, bool wide, u64 a, u64 b)
{
	u32 w = wide ? RANGE_BITS : RANGE_LOW;
	u64 r = 0;
	a = zero_extend(a, w);
	b = zero_extend(b, w);
	switch (op->code) {
	case ALU_ADD: r = a + b; break;
	case ALU_SUB: r = a - b; break;
	case ALU_MUL: r = a * b; break;
	case ALU_DIV:
	case ALU_MOD: r = division(op, a, b, w); break;
	case ALU_AND: r = a & b; break;
	case ALU_OR: r = a | b; break;
	case ALU_XOR: r = a ^ b; break;
	case ALU_LSH: r = a << b % w; break;
	case ALU_RSH: r = a >> b % w; break;
	case ALU_ARSH: r = (u64)(sign_extend(a, w) >> b % w); break;
	case ALU_NEG: r = 0 - a; break;
	}
	return zero_extend(r, w);
}

bool truth_jump(const struct operation *op, bool wide, u64 a, u64 b)
{
	u32 w = wide ? RANGE_BITS : RANGE_LOW;
	a = zero_extend(a, w);
	b = zero_extend(b, w);
	i64 x = sign_extend(a, w), y = sign_extend(b, w);
	switch (op->code) {
	case JMP_EQ: return a == b;
	case JMP_NE: return a != b;
	case JMP_GT: return a > b;
	case JMP_GE: return a >= b;
	case JMP_LT: return a < b;
	case JMP_LE: return a <= b;
	case JMP_SET: return a & b;
	case JMP_SGT: return x > y;
	case JMP_SGE: return x >= y;
	case JMP_SLT: return x < y;
	}
	return x <= y;
}
