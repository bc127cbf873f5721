// SPDX-License-Identifier: MIT
// The JIT: each eBPF instruction as machine code, with the meaning that interp.c defines.
//
// A program that calls a helper looks like this; leaves without a stack have neither frame nor leave.
//
//      nop5                    ; so that the program can itself be traced
//      push rbp
//      mov rbp, rsp
//      sub rsp, 16             ; its stack, as deep as it is used, and alignment
//      push rbx                ; callee-saved registers that it writes
//      ...
//      pop rbx
//      leave
//      ret
#include "vm/jit_x86_64.h"
#include "kernel/heap.h"
#include "kernel/layout.h"
#include "kernel/lib/mem.h"
#include "kernel/lib/x86.h"
#include "vm/frame.h"
#include "vm/kfunc.h"
#include "vm/map.h"

/* Which register is which, and why:
 *   R0       RAX       both are where a call leaves its result
 *   R1..R5   RDI..R8   the SysV argument registers in their order: a helper call moves nothing
 *   R6..R9   callee-saved on both sides; RBX first, which needs no REX prefix at 32 bits, R13 last,
 *            which cannot be a base without a displacement byte; R12 would always cost a SIB byte
 *   R10      RBP       both are the frame pointer, and backtraces pass through
 * R9, R10 and R11 of x86 stand for nothing: scratch within one instruction. R9 is also the sixth
 * argument of helpers. R12 is never touched. */
static const u8 regs[BPF_REGS] = { RAX, RDI, RSI, RDX, RCX, R8, RBX, R14, R15, R13, RBP };
#define NO_DST 0xff

enum { MARK_SHORT = MARK_FREE }; /* the jump takes one byte of displacement */

/* The longest translation of one instruction, a fetching atomic with prologue, is far below. */
#define INSN_CODE_MAX 256
#define CODE_MAX      (1 << 24) /* text_fixup.resume */

static u32 here(const struct jit *j)
{
	return j->c->len - j->origin;
}

static enum reg dst(const struct insn *in)
{
	return regs[in->dst];
}

static enum reg src(const struct insn *in)
{
	return regs[in->src];
}

/* The instruction that comes next may fault; then reg becomes 0 and execution goes on where
 * fixup_resume says. */
static u32 fixup(struct jit *j, u32 reg)
{
	if (!j->sizing)
		j->fixups[j->fixup_count] = (struct text_fixup){ .at = here(j), .dst_reg = reg };
	return j->fixup_count++;
}

static void fixup_resume(struct jit *j, u32 index)
{
	if (!j->sizing)
		j->fixups[index].resume = here(j);
}

/* ---- arithmetic ---- */

typedef void emit_rr(struct code *c, enum reg d, enum reg s);
typedef void emit_ri(struct code *c, enum reg d, i64 v);
typedef void emit_rc(struct code *c, enum reg r);
typedef void emit_rs(struct code *c, enum reg r, u8 count);

struct alu_row {
	emit_rr *rr, *rr32;
	emit_ri *ri, *ri32;
};
struct shift_row {
	emit_rc *rc, *rc32;
	emit_rs *ri, *ri32;
};

/* clang-format off */
/* By bits 4 to 7 of the opcode. */
#define ROW(name) { name##_rr, name##_rr32, name##_ri, name##_ri32 }
static const struct alu_row alu_rows[16] = {
	[0x0] = ROW(add), [0x1] = ROW(sub), [0x4] = ROW(or), [0x5] = ROW(and), [0xa] = ROW(xor),
};
#undef ROW
#define ROW(name) { name##_rc, name##_rc32, name##_ri, name##_ri32 }
static const struct shift_row shift_rows[16] = {
	[0x6] = ROW(shl), [0x7] = ROW(shr), [0xc] = ROW(sar),
};
#undef ROW
/* clang-format on */

static bool is_64(const struct insn *in)
{
	return insn_class(in) == CLASS_ALU64 || insn_class(in) == CLASS_JMP;
}

static bool has_src(const struct insn *in)
{
	return in->op & 8;
}

static void zero(struct code *c, enum reg r)
{
	xor_rr32(c, r, r);
}

static void load_imm(struct code *c, enum reg r, i64 v)
{
	if (v == 0)
		zero(c, r);
	else
		mov_ri(c, r, v);
}

static void copy(struct code *c, enum reg d, enum reg s, bool wide)
{
	if (!wide)
		mov_rr32(c, d, s); /* even onto itself: clears the upper half */
	else if (d != s)
		mov_rr(c, d, s);
}

static void emit_simple_alu(struct code *c, const struct insn *in)
{
	const struct alu_row *row = &alu_rows[in->op >> 4];
	if (has_src(in))
		(is_64(in) ? row->rr : row->rr32)(c, dst(in), src(in));
	else
		(is_64(in) ? row->ri : row->ri32)(c, dst(in), in->imm);
}

static void emit_mul(struct code *c, const struct insn *in)
{
	if (has_src(in))
		(is_64(in) ? imul_rr : imul_rr32)(c, dst(in), src(in));
	else
		(is_64(in) ? imul_rri : imul_rri32)(c, dst(in), dst(in), in->imm);
}

static void emit_mov(struct code *c, const struct insn *in)
{
	enum reg d = dst(in);
	if (!has_src(in)) {
		load_imm(c, d, is_64(in) ? (i64)in->imm : (i64)(u32)in->imm);
		return;
	}
	switch (in->off) {
	case 0: copy(c, d, src(in), is_64(in)); break;
	case 8: (is_64(in) ? movsx_rr8 : movsx_rr8_32)(c, d, src(in)); break;
	case 16: (is_64(in) ? movsx_rr16 : movsx_rr16_32)(c, d, src(in)); break;
	case 32: movsxd_rr(c, d, src(in)); break;
	}
}

static void emit_shift_imm(struct code *c, const struct insn *in)
{
	const struct shift_row *row = &shift_rows[in->op >> 4];
	u8 count = in->imm & (is_64(in) ? 63 : 31);
	if (count == 0)
		copy(c, dst(in), dst(in), is_64(in));
	else
		(is_64(in) ? row->ri : row->ri32)(c, dst(in), count);
}

/* The CPU masks the count as RFC 9669 does, but wants it in cl:
 *      mov r11, rcx            ; R4 lives in rcx
 *      mov ecx, src
 *      shl dst, cl             ; r11 if dst is R4
 *      mov rcx, r11                                                                   */
static void emit_shift_reg(struct code *c, const struct insn *in)
{
	const struct shift_row *row = &shift_rows[in->op >> 4];
	emit_rc *shift = is_64(in) ? row->rc : row->rc32;
	if (src(in) == RCX) {
		shift(c, dst(in));
		return;
	}
	mov_rr(c, R11, RCX);
	mov_rr32(c, RCX, src(in));
	shift(c, dst(in) == RCX ? R11 : dst(in));
	mov_rr(c, RCX, R11);
}

static void emit_shift(struct code *c, const struct insn *in)
{
	if (has_src(in))
		emit_shift_reg(c, in);
	else
		emit_shift_imm(c, in);
}

static bool is_mod(const struct insn *in)
{
	return (in->op & 0xf0) == 0x90;
}

/* dst / 0 = 0 and dst % 0 = dst, cut to 32 bits by a 32-bit operation. */
static void emit_div_by_zero(struct code *c, const struct insn *in)
{
	if (is_mod(in))
		copy(c, dst(in), dst(in), is_64(in));
	else
		zero(c, dst(in));
}

/* dst s/ -1 = -dst, and dst s% -1 = 0; the CPU faults on MIN / -1. */
static void emit_div_by_minus_one(struct code *c, const struct insn *in)
{
	if (is_mod(in))
		zero(c, dst(in));
	else
		(is_64(in) ? neg_r : neg_r32)(c, dst(in));
}

/* Divisor in r11, neither 0 nor, if signed, -1. rax and rdx are what div works on; whichever of them
 * is not the destination is put back.
 *      mov r10, rax
 *      mov r9, rdx
 *      mov rax, dst
 *      xor edx, edx
 *      div r11
 *      mov dst, rax
 *      mov rax, r10
 *      mov rdx, r9                                                                     */
static void emit_div_core(struct code *c, const struct insn *in)
{
	bool wide = is_64(in), is_signed = in->off == 1;
	enum reg d = dst(in), result = is_mod(in) ? RDX : RAX;

	if (d != RAX)
		mov_rr(c, R10, RAX);
	if (d != RDX)
		mov_rr(c, R9, RDX);
	if (d != RAX)
		copy(c, RAX, d, wide);
	if (is_signed) {
		(wide ? cqo : cdq)(c);
		(wide ? idiv_r : idiv_r32)(c, R11);
	} else {
		zero(c, RDX);
		(wide ? div_r : div_r32)(c, R11);
	}
	if (d != result)
		mov_rr(c, d, result);
	if (d != RAX)
		mov_rr(c, RAX, R10);
	if (d != RDX)
		mov_rr(c, RDX, R9);
}

static void emit_div_imm(struct code *c, const struct insn *in)
{
	if (in->imm == 0) {
		emit_div_by_zero(c, in);
	} else if (in->off == 1 && in->imm == -1) {
		emit_div_by_minus_one(c, in);
	} else {
		mov_ri(c, R11, is_64(in) ? (i64)in->imm : (i64)(u32)in->imm);
		emit_div_core(c, in);
	}
}

static void emit_div_reg(struct code *c, const struct insn *in)
{
	struct label by_zero = LABEL, by_minus_one = LABEL, done = LABEL;
	bool wide = is_64(in), is_signed = in->off == 1;

	copy(c, R11, src(in), wide);
	(wide ? test_rr : test_rr32)(c, R11, R11);
	jcc_short(c, IF_E, &by_zero);
	if (is_signed) {
		(wide ? cmp_ri : cmp_ri32)(c, R11, -1);
		jcc_short(c, IF_E, &by_minus_one);
	}
	emit_div_core(c, in);
	jmp_short(c, &done);
	if (is_signed) {
		bind(c, &by_minus_one);
		emit_div_by_minus_one(c, in);
		jmp_short(c, &done);
	}
	bind(c, &by_zero);
	emit_div_by_zero(c, in);
	bind(c, &done);
}

static void emit_div(struct code *c, const struct insn *in)
{
	if (has_src(in))
		emit_div_reg(c, in);
	else
		emit_div_imm(c, in);
}

/* To little endian only cuts; to big endian, and the unconditional swap, turn the bytes round. */
static void emit_end(struct code *c, const struct insn *in)
{
	enum reg d = dst(in);
	bool swap = in->op != 0xd4;
	if (in->imm == 16) {
		if (swap)
			rol_ri16(c, d, 8);
		movzx_rr16(c, d, d);
	} else if (swap) {
		(in->imm == 64 ? bswap_r : bswap_r32)(c, d);
	} else {
		copy(c, d, d, in->imm == 64);
	}
}

static void emit_alu(struct code *c, const struct insn *in)
{
	switch (in->op >> 4) {
	case 0x2: emit_mul(c, in); break;
	case 0x3:
	case 0x9: emit_div(c, in); break;
	case 0x6:
	case 0x7:
	case 0xc: emit_shift(c, in); break;
	case 0x8: (is_64(in) ? neg_r : neg_r32)(c, dst(in)); break;
	case 0xb: emit_mov(c, in); break;
	case 0xd: emit_end(c, in); break;
	default: emit_simple_alu(c, in); break;
	}
}

/* ---- memory ---- */

static struct mem operand(const struct insn *in)
{
	return at(regs[insn_base(in)], in->off);
}

/* Whether an access can hit a bad address: everything but the program's own stack. */
static bool can_fault(const struct insn *in)
{
	return insn_base(in) != BPF_FP;
}

static void emit_load_insn(struct code *c, const struct insn *in)
{
	static void (*const rows[])(struct code *, enum reg, struct mem) = {
		/* by bits 3 and 4: 32, 16, 8, 64; then with sign */
		mov_rm32, movzx_rm16, movzx_rm8, mov_rm, movsxd_rm, movsx_rm16, movsx_rm8,
	};
	bool is_signed = in->op & 0x80;
	rows[(in->op >> 3 & 3) + (is_signed ? 4 : 0)](c, dst(in), operand(in));
}

static void emit_load(struct jit *j, const struct insn *in)
{
	if (!can_fault(in)) {
		emit_load_insn(j->c, in);
		return;
	}
	u32 f = fixup(j, dst(in));
	emit_load_insn(j->c, in);
	fixup_resume(j, f);
}

static void emit_store_insn(struct code *c, const struct insn *in)
{
	static void (*const from_reg[])(struct code *, struct mem, enum reg) = { mov_mr32, mov_mr16, mov_mr8,
										 mov_mr };
	static void (*const from_imm[])(struct code *, struct mem, i64) = { mov_mi32, mov_mi16, mov_mi8,
									    mov_mi };
	u32 size = in->op >> 3 & 3;
	if (insn_class(in) == CLASS_STX)
		from_reg[size](c, operand(in), src(in));
	else
		from_imm[size](c, operand(in), size == 1 ? (i16)in->imm : size == 2 ? (i8)in->imm : in->imm);
}

static void emit_store(struct jit *j, const struct insn *in)
{
	if (!can_fault(in)) {
		emit_store_insn(j->c, in);
		return;
	}
	u32 f = fixup(j, NO_DST);
	emit_store_insn(j->c, in);
	fixup_resume(j, f);
}

/* The atomics that are one instruction. */
static void emit_atomic_insn(struct code *c, const struct insn *in)
{
	bool wide = insn_size(in) == 8;
	struct mem m = operand(in);
	switch (in->imm) {
	case 0x00: (wide ? lock_add_mr : lock_add_mr32)(c, m, src(in)); break;
	case 0x40: (wide ? lock_or_mr : lock_or_mr32)(c, m, src(in)); break;
	case 0x50: (wide ? lock_and_mr : lock_and_mr32)(c, m, src(in)); break;
	case 0xa0: (wide ? lock_xor_mr : lock_xor_mr32)(c, m, src(in)); break;
	case 0x01: (wide ? lock_xadd_mr : lock_xadd_mr32)(c, m, src(in)); break;
	case 0xe1: (wide ? xchg_mr : xchg_mr32)(c, m, src(in)); break;
	case 0xf1: (wide ? lock_cmpxchg_mr : lock_cmpxchg_mr32)(c, m, src(in)); break;
	}
}

static u32 atomic_result(const struct insn *in)
{
	if (in->imm == 0xf1)
		return RAX;
	return in->imm & 1 ? (u32)src(in) : NO_DST;
}

/* and, or, xor that also give the old value. cmpxchg works on rax, so R0 moves to r11; whether it was
 * the address, the operand, both or neither, r11 stands for it inside.
 *      mov r11, rax
 *      mov rax, [m]
 * .again:
 *      mov r10, rax
 *      and r10, src
 *      lock cmpxchg [m], r10
 *      jne .again
 *      mov src, rax
 *      mov rax, r11                                                                    */
static void emit_fetch_loop(struct jit *j, const struct insn *in)
{
	struct code *c = j->c;
	bool wide = insn_size(in) == 8;
	const struct alu_row *row = &alu_rows[in->imm >> 4];
	enum reg s = src(in) == RAX ? R11 : src(in);
	struct mem m = dst(in) == RAX ? at(R11, in->off) : operand(in);
	struct label again = LABEL;

	mov_rr(c, R11, RAX);
	u32 f_load = fixup(j, RAX);
	(wide ? mov_rm : mov_rm32)(c, RAX, m);
	bind(c, &again);
	mov_rr(c, R10, RAX);
	(wide ? row->rr : row->rr32)(c, R10, s);
	u32 f_swap = fixup(j, RAX);
	(wide ? lock_cmpxchg_mr : lock_cmpxchg_mr32)(c, m, R10);
	jcc_short(c, IF_NE, &again);
	fixup_resume(j, f_load);
	fixup_resume(j, f_swap);
	if (src(in) != RAX) {
		mov_rr(c, src(in), RAX);
		mov_rr(c, RAX, R11);
	}
}

static void emit_atomic(struct jit *j, const struct insn *in)
{
	if (in->imm == 0x41 || in->imm == 0x51 || in->imm == 0xa1) {
		emit_fetch_loop(j, in);
		return;
	}
	u32 f = fixup(j, atomic_result(in));
	emit_atomic_insn(j->c, in);
	fixup_resume(j, f);
	if (in->imm == 0xf1 && insn_size(in) == 4)
		mov_rr32(j->c, RAX, RAX); /* cmpxchg writes eax only when it fails */
}

/* ---- immediates, calls ---- */

static void emit_imm64(struct jit *j, const struct insn *in)
{
	u64 value = insn_imm64(in);
	if (insn_kind(in) == INSN_LD_MAP)
		value = (uptr)j->p->object->maps[in->imm];
	else if (insn_kind(in) == INSN_LD_VALUE)
		value = (uptr)j->p->object->maps[in->imm]->values + (u32)in[1].imm;
	load_imm(j->c, dst(in), (i64)value);
}

/* The map that R1 holds at a call, if the lines above say so without a jump in between; or NULL. */
static const struct map *map_in_r1(const struct jit *j, u32 idx)
{
	while (idx > j->f.start && !(j->marks[idx] & MARK_TARGET)) {
		const struct insn *in = &j->p->insns[--idx];
		if (j->marks[idx] & MARK_TAIL)
			continue;
		if (insn_kind(in) == INSN_LD_MAP && in->dst == BPF_R1)
			return j->p->object->maps[in->imm];
		if (insn_writes(in) & 1 << BPF_R1 || !insn_falls_through(in))
			return NULL;
	}
	return NULL;
}

/* rax = rax * factor */
static void scale(struct code *c, enum reg r, u64 factor)
{
	if ((factor & (factor - 1)) == 0)
		shl_ri(c, r, __builtin_ctzll(factor));
	else
		imul_rri(c, r, r, (i64)factor);
}

/* The look-up in an array, without the call; the key is at [rsi].
 *      mov eax, [rsi]
 *      cmp eax, max_entries
 *      jae .none
 *      shl rax, 3              ; or imul: * stride
 *      add rax, values
 *      jmp .done
 * .none:
 *      xor eax, eax
 * .done:
 * On a per-CPU array, before the jmp:
 *      mov r11d, gs:[CPU_ID]
 *      imul r11, r11, per_cpu_stride
 *      add rax, r11                                                                    */
static void emit_array_lookup(struct jit *j, const struct map *m)
{
	struct code *c = j->c;
	struct label none = LABEL, done = LABEL;

	u32 f = fixup(j, NO_DST);
	mov_rm32(c, RAX, at(RSI, 0));
	cmp_ri32(c, RAX, (i32)m->max_entries);
	jcc_short(c, IF_AE, &none);
	scale(c, RAX, m->stride);
	mov_ri(c, R11, (i64)(uptr)m->values);
	add_rr(c, RAX, R11);
	if (m->ops->type == BPF_MAP_TYPE_PERCPU_ARRAY) {
		mov_rm32(c, R11, gs(CPU_ID));
		scale(c, R11, m->per_cpu_stride);
		add_rr(c, RAX, R11);
	}
	jmp_short(c, &done);
	bind(c, &none);
	fixup_resume(j, f);
	zero(c, RAX);
	bind(c, &done);
}

static bool is_inlined_array(const struct map *m)
{
	return m && (m->ops->type == BPF_MAP_TYPE_ARRAY || m->ops->type == BPF_MAP_TYPE_PERCPU_ARRAY) &&
	       m->stride <= 0x7fffffff && m->per_cpu_stride <= 0x7fffffff && m->max_entries <= 0x7fffffff;
}

/* ---- what lies around the context: no call; what a bad context gives is as in frame.h ---- */

/* r = context[-word] */
static void emit_header_word(struct jit *j, enum reg r, enum prog_header word)
{
	u32 f = fixup(j, r);
	mov_rm(j->c, r, at(RDI, -8 * (i32)word));
	fixup_resume(j, f);
}

/* The number of arguments is the lowest byte of its word. */
static void emit_arg_count(struct jit *j, enum reg r)
{
	u32 f = fixup(j, r);
	movzx_rm8(j->c, r, at(RDI, -8 * HEADER_COUNT));
	fixup_resume(j, f);
}

/* From context[r11] to [to]:
 *      shl r11, 3
 *      add r11, rdi
 *      mov r11, [r11]
 *      mov [to], r11
 *      xor eax, eax
 *      jmp .done
 * .fault:
 *      mov rax, -EFAULT
 * .done:                                                                              */
static void emit_copy_word(struct jit *j, enum reg to)
{
	struct code *c = j->c;
	struct label done = LABEL;

	shl_ri(c, R11, 3);
	add_rr(c, R11, RDI);
	u32 f_load = fixup(j, R11);
	mov_rm(c, R11, at(R11, 0));
	u32 f_store = fixup(j, NO_DST);
	mov_mr(c, at(to, 0), R11);
	zero(c, RAX);
	jmp_short(c, &done);
	fixup_resume(j, f_load);
	fixup_resume(j, f_store);
	mov_ri(c, RAX, -EFAULT);
	bind(c, &done);
}

/*      movzx eax, byte [rdi - 8]
 *      mov r11d, esi
 *      cmp r11d, eax
 *      mov rax, -EINVAL
 *      jae .done
 *      (emit_copy_word)
 * .done:                                                                              */
static void emit_get_func_arg(struct jit *j)
{
	struct code *c = j->c;
	struct label done = LABEL;

	emit_arg_count(j, RAX);
	mov_rr32(c, R11, RSI);
	cmp_rr32(c, R11, RAX);
	mov_ri(c, RAX, -EINVAL);
	jcc_short(c, IF_AE, &done);
	emit_copy_word(j, RDX);
	bind(c, &done);
}

static void emit_get_func_ret(struct jit *j)
{
	if (!frame_has_ret(j->p)) {
		mov_ri(j->c, RAX, -EOPNOTSUPP);
		return;
	}
	emit_arg_count(j, R11);
	emit_copy_word(j, RSI);
}

/*      mov rax, [rdi - 8]
 *      shr rax, 8
 *      movzx eax, al
 *      shl rax, 3
 *      neg rax
 *      add rax, rdi                                                                   */
static void emit_session_cookie(struct jit *j)
{
	struct code *c = j->c;

	emit_header_word(j, RAX, HEADER_COUNT);
	shr_ri(c, RAX, 8);
	movzx_rr8(c, RAX, RAX);
	shl_ri(c, RAX, 3);
	neg_r(c, RAX);
	add_rr(c, RAX, RDI);
}

static void emit_get_func_ip(struct jit *j)
{
	if (frame_is_regs(j->p))
		mov_rm(j->c, RAX, gs(CPU_PROG_IP));
	else
		emit_header_word(j, RAX, HEADER_IP);
}

static void emit_get_attach_cookie(struct jit *j)
{
	if (frame_is_regs(j->p))
		mov_rm(j->c, RAX, gs(CPU_PROG_COOKIE));
	else
		emit_header_word(j, RAX, HEADER_COOKIE);
}

/* ---- calls ---- */

static void emit_row_call(struct jit *j, const struct helper *h)
{
	if (h->flags & HELPER_PROG)
		mov_ri(j->c, R9, (i64)(uptr)j->p);
	if (j->sizing)
		call_rel(j->c, 0);
	else
		call(j->c, (uptr)h->fn);
}

static void emit_frame_helper(struct jit *j, const struct helper *h)
{
	switch (h->id) {
	case HELPER_GET_FUNC_IP: emit_get_func_ip(j); break;
	case HELPER_GET_ATTACH_COOKIE: emit_get_attach_cookie(j); break;
	case HELPER_GET_FUNC_ARG: emit_get_func_arg(j); break;
	case HELPER_GET_FUNC_RET: emit_get_func_ret(j); break;
	case HELPER_GET_FUNC_ARG_CNT: emit_arg_count(j, RAX); break;
	}
}

static void emit_helper(struct jit *j, const struct insn *in, u32 idx)
{
	const struct helper *h = helper_find((u32)in->imm);
	if (h->id == HELPER_MAP_LOOKUP_ELEM && h->ret == RET_MAP_VALUE_OR_NULL) {
		const struct map *m = map_in_r1(j, idx);
		if (is_inlined_array(m)) {
			emit_array_lookup(j, m);
			return;
		}
	}
	if (h->id == HELPER_GET_SMP_PROCESSOR_ID && h->flags == HELPER_PER_CPU)
		mov_rm32(j->c, RAX, gs(CPU_ID));
	else if (helper_header(h))
		emit_frame_helper(j, h);
	else
		emit_row_call(j, h);
}

static void emit_kfunc(struct jit *j, const struct insn *in)
{
	switch (in->imm) {
	case KFUNC_SESSION_IS_RETURN:
		emit_header_word(j, RAX, HEADER_COUNT);
		shr_ri(j->c, RAX, 63);
		break;
	case KFUNC_SESSION_COOKIE: emit_session_cookie(j); break;
	default: emit_row_call(j, kfunc_find((u32)in->imm)); break;
	}
}

static void emit_local_call(struct jit *j, const struct insn *in, u32 idx)
{
	u32 target = j->at[idx + 1 + in->imm];
	call_rel(j->c, (i32)(target - (here(j) + 5)));
}

/* ---- jumps ---- */

#define JUMP_SHORT 2 /* bytes of jmp and jcc with rel8 */
#define GOTO_LONG  5
#define JCC_LONG   6

static i32 condition(const struct insn *in)
{
	static const i8 by_code[16] = {
		[0x1] = IF_E,  [0x2] = IF_A, [0x3] = IF_AE, [0x4] = IF_NE, [0x5] = IF_NE, [0x6] = IF_G,
		[0x7] = IF_GE, [0xa] = IF_B, [0xb] = IF_BE, [0xc] = IF_L,  [0xd] = IF_LE,
	};
	return by_code[in->op >> 4];
}

static void emit_compare(struct code *c, const struct insn *in)
{
	bool wide = is_64(in), is_set = (in->op & 0xf0) == 0x40;
	if (has_src(in))
		(is_set ? (wide ? test_rr : test_rr32) : (wide ? cmp_rr : cmp_rr32))(c, dst(in), src(in));
	else if (is_set)
		(wide ? test_ri : test_ri32)(c, dst(in), in->imm);
	else if (in->imm == 0) /* the same flags, two bytes less */
		(wide ? test_rr : test_rr32)(c, dst(in), dst(in));
	else
		(wide ? cmp_ri : cmp_ri32)(c, dst(in), in->imm);
}

static u32 jump_target(const struct jit *j, u32 idx)
{
	u32 target = idx + 1 + (u32)insn_jump(&j->p->insns[idx]);
	return target == j->f.start ? j->body : j->at[target];
}

static void emit_jump(struct jit *j, const struct insn *in, u32 idx)
{
	struct code *c = j->c;
	bool is_short = j->marks[idx] & MARK_SHORT, is_goto = insn_is_goto(in);
	u32 long_len = is_goto ? GOTO_LONG : JCC_LONG;

	if (!is_goto)
		emit_compare(c, in);
	i32 rel = (i32)(jump_target(j, idx) - (here(j) + (is_short ? JUMP_SHORT : long_len)));
	if (is_goto && is_short)
		jmp8(c, (i8)rel);
	else if (is_goto)
		jmp_rel(c, rel);
	else if (is_short)
		jcc8(c, condition(in), (i8)rel);
	else
		jcc_rel(c, condition(in), rel);
}

/* ---- functions ---- */

/* What calls must have one, even if it uses no stack: kernel/stack_x86_64.c finds by it who is still
 * running (ORDER FRAMES). */
static bool has_frame(const struct flow_func *f)
{
	return f->uses_fp || f->calls;
}

static bool saves(const struct flow_func *f, u32 r)
{
	return f->writes & 1u << r;
}

/* Bytes below rbp before the saved registers: calls want rsp at a multiple of 16. */
static u32 frame_size(const struct flow_func *f)
{
	u32 size = align_up(f->stack, 8u);
	u32 pushed = 8 * __builtin_popcount(f->writes >> BPF_R6);
	return f->calls ? align_up(size + pushed, 16u) - pushed : size;
}

static void emit_prologue(struct jit *j)
{
	struct code *c = j->c;
	if (j->f.start == 0)
		nop(c, SITE_LEN);
	if (has_frame(&j->f)) {
		push(c, RBP);
		mov_rr(c, RBP, RSP);
		if (frame_size(&j->f))
			sub_ri(c, RSP, frame_size(&j->f));
	}
	for (u32 r = BPF_R6; r <= BPF_R9; r++)
		if (saves(&j->f, r))
			push(c, regs[r]);
}

static void emit_exit(struct jit *j)
{
	struct code *c = j->c;
	for (u32 r = BPF_R9; r >= BPF_R6; r--)
		if (saves(&j->f, r))
			pop(c, regs[r]);
	if (frame_size(&j->f) && has_frame(&j->f))
		leave(c);
	else if (has_frame(&j->f))
		pop(c, RBP);
	ret(c);
}

static void emit_insn(struct jit *j, u32 idx)
{
	const struct insn *in = &j->p->insns[idx];
	switch (insn_class(in)) {
	case CLASS_ALU32:
	case CLASS_ALU64: emit_alu(j->c, in); break;
	case CLASS_LD: emit_imm64(j, in); break;
	case CLASS_LDX: emit_load(j, in); break;
	case CLASS_ST: emit_store(j, in); break;
	case CLASS_STX:
		if (insn_is_atomic(in))
			emit_atomic(j, in);
		else
			emit_store(j, in);
		break;
	case CLASS_JMP:
	case CLASS_JMP32:
		if (insn_is_exit(in))
			emit_exit(j);
		else if (insn_kind(in) == INSN_CALL)
			emit_helper(j, in, idx);
		else if (insn_kind(in) == INSN_CALL_KFUNC)
			emit_kfunc(j, in);
		else if (insn_kind(in) == INSN_CALL_LOCAL)
			emit_local_call(j, in, idx);
		else
			emit_jump(j, in, idx);
		break;
	}
}

/* One instruction at the end of the code, with the prologue if a function starts with it. */
static void emit_step(struct jit *j, u32 idx)
{
	j->at[idx] = here(j);
	if (j->marks[idx] & MARK_START) {
		flow_function(&j->f, j->p, j->marks, idx);
		emit_prologue(j);
		j->body = here(j);
	}
	if (!(j->marks[idx] & MARK_TAIL))
		emit_insn(j, idx);
}

/* ---- sizes ---- */

/* Every instruction's length with all jumps long, measured by writing each to the same scratch. */
static void measure(struct jit *j)
{
	u8 scratch[INSN_CODE_MAX];
	struct code c = { .buf = scratch, .cap = sizeof(scratch) };
	j->c = &c;
	j->sizing = true;
	for (u32 i = 0; i < j->p->insn_count; i++) {
		emit_step(j, i);
		j->origin -= c.len;
		c.len = 0;
	}
	j->at[j->p->insn_count] = here(j);
	j->sizing = false;
}

/* Whether the jump can be short. Code only ever shrinks, so that distances measured on old offsets are
 * never less than what they will be. `gone` bytes lie no more before the end of the jump, if it is short. */
static bool fits_short(const struct jit *j, u32 idx, u32 gone)
{
	u32 target = idx + 1 + (u32)insn_jump(&j->p->insns[idx]);
	i64 end = j->at[idx + 1];
	if (target > idx)
		return j->at[target] - end <= 127;
	return j->at[target] - (end - gone) >= -128;
}

/* Makes jumps short that can be, and moves what follows; false if there was none. */
static bool shrink(struct jit *j)
{
	u32 removed = 0, count = j->p->insn_count;
	for (u32 i = 0; i < count; i++) {
		const struct insn *in = &j->p->insns[i];
		bool is_long = !(j->marks[i] & (MARK_TAIL | MARK_SHORT)) && insn_is_jump(in);
		u32 saving = (insn_is_goto(in) ? GOTO_LONG : JCC_LONG) - JUMP_SHORT;
		bool now_short = is_long && fits_short(j, i, removed + saving);
		j->at[i] -= removed;
		if (now_short) {
			j->marks[i] |= MARK_SHORT;
			removed += saving;
		}
	}
	j->at[count] -= removed;
	return removed > 0;
}

enum err jit_begin(struct jit *j, const struct prog *p)
{
	*j = (struct jit){ .p = p };
	j->marks = flow_marks(p);
	j->at = kzalloc((p->insn_count + 1) * sizeof(*j->at));
	if (!j->marks || !j->at)
		goto no_memory;
	measure(j);
	for (u32 rounds = 0; rounds < 8 && shrink(j); rounds++)
		; /* most programs need two; what is left after eight stays long */
	j->len = j->at[p->insn_count];
	if (j->len >= CODE_MAX) {
		jit_end(j);
		return E2BIG;
	}
	j->fixups = kzalloc(max(j->fixup_count, 1u) * sizeof(*j->fixups));
	if (!j->fixups)
		goto no_memory;
	return OK;

no_memory:
	jit_end(j);
	return ENOMEM;
}

enum err jit_emit(struct jit *j, struct code *c)
{
	j->c = c;
	j->origin = c->len;
	j->fixup_count = 0;
	for (u32 i = 0; i < j->p->insn_count; i++)
		emit_step(j, i);
	return c->err;
}

void jit_end(struct jit *j)
{
	kfree(j->marks);
	kfree(j->at);
	kfree(j->fixups);
	j->marks = NULL;
	j->at = NULL;
	j->fixups = NULL;
}
