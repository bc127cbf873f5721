// SPDX-License-Identifier: MIT
// Of the walk: moves and arithmetic. An address stays one if a number is added or subtracted; Linux allows no more.
#include "vm/run/map.h"
#include "vm/verify/walk.h"

static const char *sign_of(u32 operation)
{
	static const char *const signs[] = { "+=",  "-=",  "*=", "/=", "|=", "&=",   "<<=",
					     ">>=", "= -", "%=", "^=", "=",  "s>>=", "= bswap" };
	return signs[operation];
}

static struct range minus(struct range r)
{
	return range_alu(ALU_NEG, true, false, r, r);
}

/* How far from its memory an address may be led; Linux's limit. */
#define FAR (1 << 29)

static enum err move_address(struct walk *w, struct reg *to, const struct reg *from, u32 n, struct range by,
			     bool subtracts)
{
	i64 least = by.whole.smin, most = by.whole.smax;
	if (from->may_be_null)
		return walk_refuse_reg(w, n, from, "test it before anything is added to it");
	if (from->kind == REG_STACK && subtracts)
		return walk_refuse_reg(w, n, from, "nothing is subtracted from it; add a negative number");
	bool adds_0 = range_is_const(&by) && !by.bits.value && !subtracts;
	if (from->kind == REG_FUNC || (from->kind == REG_MAP && !adds_0))
		return walk_refuse_reg(w, n, from, "nothing can be added to it");
	if ((from->kind == REG_CONTEXT || from->kind == REG_OBJECT) && !range_is_const(&by))
		return walk_refuse_reg(
		    w, n, from,
		    "only a constant can be added to it; bpf_probe_read_kernel can read at any place");
	if (least <= -FAR || most >= FAR)
		return walk_refuse_reg(w, n, from,
				       "a number of any size cannot be added to it; test that it is small");
	*to = *from;
	to->at = range_alu(ALU_ADD, true, false, from->at, by);
	if (to->at.whole.smin <= -FAR || to->at.whole.smax >= FAR)
		return walk_refuse_reg(w, n, from, "this leads too far from it");
	return OK;
}

/* dst op src, of which at least one is an address. */
static enum err address_alu(struct walk *w, u32 operation, bool wide, struct reg *dst, const struct reg *src,
			    u32 d, u32 s)
{
	bool both = reg_is_address(dst) && reg_is_address(src);
	if (both || !wide) {
		context_escapes(w, dst);
		context_escapes(w, src);
	}
	if (operation == ALU_SUB && (both || !wide)) {
		*dst = reg_any(); /* a distance, or a part of one */
		return OK;
	}
	if (both || !wide || (operation != ALU_ADD && operation != ALU_SUB) ||
	    (operation == ALU_SUB && reg_is_address(src)))
		return walk_refuse_reg(w, reg_is_address(dst) ? d : s, reg_is_address(dst) ? dst : src,
				       both    ? "the other operand is an address, too"
				       : !wide ? "32-bit arithmetic would cut it; use 64 bits"
					       : "only adding and subtracting a number leave it an address");
	struct reg result;
	enum err e = reg_is_address(dst)
			 ? move_address(w, &result, dst, d, operation == ALU_SUB ? minus(src->at) : src->at,
					operation == ALU_SUB)
			 : move_address(w, &result, src, s, dst->at, false);
	if (e)
		return e;
	/* The number matters, even where nobody reads the sum: another one could be refused. */
	if (insn_takes_reg(walk_insn(w)) && (!w->live || !(w->live[w->idx + 1].regs_matter >> d & 1)))
		walk_decided(w, DECIDED_SUM);
	*dst = result;
	return OK;
}

static bool is_signed(const struct insn *in)
{
	return in->off == 1; /* ORDER DIVISIONS */
}

static enum err arithmetic(struct walk *w, const struct insn *in, bool wide)
{
	struct reg *dst = walk_reg(w, in->dst), immediate = reg_number((u64)(i64)in->imm);
	const struct reg *src = insn_takes_reg(in) ? walk_reg(w, in->src) : &immediate;
	u32 operation = insn_operation(in);
	if (reg_is_address(dst) || reg_is_address(src))
		return address_alu(w, operation, wide, dst, src, in->dst, in->src);
	if ((operation == ALU_DIV || operation == ALU_MOD) && !insn_takes_reg(in) && !in->imm)
		return walk_refuse(w, "a division by the constant 0");
	if (operation >= ALU_LSH && !insn_takes_reg(in) &&
	    (operation == ALU_LSH || operation == ALU_RSH || operation == ALU_ARSH) &&
	    (u32)in->imm >= (wide ? 64u : 32u))
		return walk_refuse(w, "%s %d: a number of %u bits can be shifted by 0 to %u",
				   sign_of(operation), in->imm, wide ? 64 : 32, wide ? 63 : 31);
	/* The same value twice: x - x and x ^ x are 0. */
	if (insn_takes_reg(in) && in->src == in->dst && (operation == ALU_SUB || operation == ALU_XOR))
		*dst = reg_number(0);
	else
		*dst = (struct reg){ .kind = REG_NUMBER,
				     .at = range_alu(operation, wide, is_signed(in), dst->at, src->at) };
	return OK;
}

/* The address becomes a number. */
static void address_ends(struct walk *w, struct reg *r)
{
	context_escapes(w, r);
	*r = reg_any();
}

/* mov, with or without a sign: both registers hold the same afterwards. */
static enum err move(struct walk *w, const struct insn *in, bool wide)
{
	struct reg *dst = walk_reg(w, in->dst);
	if (!insn_takes_reg(in)) {
		*dst = reg_number(wide ? (u64)(i64)in->imm : (u32)in->imm);
		return OK;
	}
	struct reg *src = walk_reg(w, in->src);
	u32 bits = in->off ? (u32)in->off : wide ? 64 : 32;
	struct reg any = reg_any();
	if (reg_is_address(src) && bits == 64) {
		*dst = *src;
		return OK;
	}
	context_escapes(w, src);
	if (reg_is_address(src))
		src = &any;
	struct range now = in->off ? range_sign_extend(src->at, bits) : range_zero_extend(src->at, bits);
	if (!wide)
		now = range_zero_extend(now, 32);
	if (range_is_same(&now, &src->at) && !src->id && !range_is_const(&now))
		src->id = ++w->last_id;
	*dst = reg_cut(src, now);
	return OK;
}

static enum err swap(struct walk *w, const struct insn *in)
{
	struct reg *dst = walk_reg(w, in->dst);
	enum insn_kind kind = insn_kind(in);
	bool swaps = kind != INSN_LE16 && kind != INSN_LE32 && kind != INSN_LE64;
	if (reg_is_address(dst))
		address_ends(w, dst);
	dst->id = 0;
	dst->at = swaps ? range_swap(dst->at, (u32)in->imm) : range_zero_extend(dst->at, (u32)in->imm);
	return OK;
}

enum err walk_arith(struct walk *w)
{
	const struct insn *in = walk_insn(w);
	u32 operation = insn_operation(in), uses = insn_uses(insn_kind(in));
	bool wide = insn_class(in) == CLASS_ALU64;
	enum err e = (operation == ALU_MOV ? OK : walk_check_read(w, in->dst))
			 ?: (uses & USES_SRC ? walk_check_read(w, in->src) : OK);
	if (e)
		return e;
	if (operation == ALU_MOV)
		return move(w, in, wide);
	if (operation == ALU_END)
		return swap(w, in);
	if (operation == ALU_NEG && reg_is_address(walk_reg(w, in->dst))) {
		address_ends(w, walk_reg(w, in->dst));
		return OK;
	}
	return arithmetic(w, in, wide);
}
