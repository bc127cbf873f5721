// SPDX-License-Identifier: MIT
// Every conditional jump, interpreted and compiled, on every pair of edge values, against its meaning
// written once more: RFC 9669 section 4.3.
#include "kernel/print.h"
#include "tests/host/vm_run.h"
#include "tests/test.h"
#include "vm/insn.h"

static const u64 edges[] = { 0,
			     1,
			     2,
			     0x7f,
			     0x80,
			     0xff,
			     0x7fffffff,
			     0x80000000,
			     0x80000001,
			     0xffffffff,
			     2,
			     0x100000000,
			     0x100000001,
			     1ull << 63,
			     (1ull << 63) + 1,
			     ~0ull,
			     0xffffffff80000000,
			     0x7fffffffffffffff,
			     ~0x80ull };

/* -1, 0, 1: how x and y compare. */
static i32 order(u64 x, u64 y, bool is_signed, bool wide)
{
	u64 flip = is_signed ? 1ull << (wide ? 63 : 31) : 0;
	x ^= flip;
	y ^= flip;
	return x < y ? -1 : x > y;
}

static bool jumps(u32 op, u64 x, u64 y)
{
	bool wide = (op & 7) == CLASS_JMP;
	x = wide ? x : (u32)x;
	y = wide ? y : (u32)y;
	i32 as_unsigned = order(x, y, false, wide), as_signed = order(x, y, true, wide);
	switch (op & 0xf0) {
	case 0x10: return x == y;
	case 0x20: return as_unsigned > 0;
	case 0x30: return as_unsigned >= 0;
	case 0x40: return x & y;
	case 0x50: return x != y;
	case 0x60: return as_signed > 0;
	case 0x70: return as_signed >= 0;
	case 0xa0: return as_unsigned < 0;
	case 0xb0: return as_unsigned <= 0;
	case 0xc0: return as_signed < 0;
	default: return as_signed <= 0;
	}
}

/* R1 against R2 or imm; R0 is whether it jumped. */
static struct prog *load(u32 op, i32 imm, enum prog_mode mode)
{
	char text[128];
	struct strbuf log = STRBUF(text);
	struct insn insns[] = {
		{ .op = 0xb7, .dst = 0, .imm = 1 },
		{ .op = (u8)op, .dst = 1, .src = op & 8 ? 2 : 0, .off = 1, .imm = op & 8 ? 0 : imm },
		{ .op = 0xb7, .dst = 0, .imm = 0 },
		{ .op = 0x95 },
	};
	struct prog *p = NULL;
	check_eq(OK, prog_load_raw(&p, "jump", insns, array_len(insns), mode, &log));
	return p;
}

static bool is_right(u32 op, const struct prog *p, u64 x, u64 y)
{
	bool want = jumps(op, x, y);
	bool ok = check_eq(want, vm_call(p, (void *)(uptr)x, y));
	if (!ok)
		kprintf("opcode 0x%02x, %s, 0x%llx and 0x%llx\n", op,
			p->mode == PROG_JIT ? "compiled" : "interpreted", x, y);
	return ok;
}

static void try_op(u32 op, enum prog_mode mode)
{
	bool has_src = op & 8, ok = true;
	struct prog *p = has_src ? load(op, 0, mode) : NULL;
	for (u32 i = 0; i < array_len(edges) * array_len(edges) && ok; i++) {
		u64 x = edges[i / array_len(edges)], y = edges[i % array_len(edges)];
		if (!has_src) {
			p = load(op, (i32)y, mode);
			y = (u64)(i64)(i32)y;
		}
		ok = p && is_right(op, p, x, y);
		if (!has_src)
			prog_free(p);
	}
	if (has_src)
		prog_free(p);
}

TEST(jumps_of_every_kind_on_edge_values)
{
	static const u8 codes[] = { 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0 };
	for (u32 i = 0; i < 4 * array_len(codes); i++) {
		u32 op = codes[i / 4] | (i & 1 ? 8 : 0) | (i & 2 ? CLASS_JMP : CLASS_JMP32);
		try_op(op, PROG_INTERPRET);
		try_op(op, PROG_JIT);
	}
}
