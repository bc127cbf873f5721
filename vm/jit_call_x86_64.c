// SPDX-License-Identifier: MIT
// Of the JIT: calls, and the helpers that are written in place of a call.
#include "kernel/layout.h"
#include "vm/frame.h"
#include "vm/jit_parts_x86_64.h"
#include "vm/kfunc.h"
#include "vm/map.h"

/* The map that a register holds at a call, if the lines above say so; or NULL. */
static const struct map *known_map(const struct jit *j, u32 idx, u32 reg)
{
	const struct insn *in = flow_constant(j->p, j->marks, idx, reg);
	return in && insn_is_map(in) ? j->p->object->maps[in->imm] : NULL;
}

/* r *= factor, not for flags */
static void scale(struct code *c, enum reg r, u64 factor)
{
	if (factor == 1)
		return;
	if ((factor & (factor - 1)) == 0)
		shl_ri(c, r, __builtin_ctzll(factor));
	else
		imul_rri(c, r, r, (i64)factor);
}

/* rax = values + rax * stride */
static void emit_element(struct code *c, const struct map *m)
{
	bool is_scale = m->stride == 1 || m->stride == 2 || m->stride == 4 || m->stride == 8;
	i64 values = (i64)(uptr)m->values;
	if (is_scale && values == (i32)values) {
		lea_rm(c, RAX, abs32_index((uptr)m->values, RAX, m->stride));
		return;
	}
	scale(c, RAX, m->stride);
	mov_ri(c, R11, values);
	add_rr(c, RAX, R11);
}

/* The look-up in an array, without the call.
 *      mov eax, [key]
 *      cmp eax, max_entries
 *      jae .none
 *      lea rax, [rax*8 + values]       ; or imul and add
 *      jmp .done
 * .none:
 *      xor eax, eax
 * .done:
 * On a per-CPU array, before the jmp:
 *      mov r11d, gs:[CPU_ID]
 *      imul r11, r11, per_cpu_stride
 *      add rax, r11                                                                    */
void jit_emit_element(struct jit *j, const struct op *op)
{
	struct code *c = j->c;
	const struct map *m = j->p->object->maps[op->imm];
	struct label none = LABEL, done = LABEL;

	u32 f = jit_fixup(j, JIT_NO_DST);
	mov_rm32(c, RAX, jit_operand(op));
	cmp_ri32(c, RAX, (i32)m->max_entries);
	jcc_short(c, IF_AE, &none);
	emit_element(c, m);
	if (m->ops->type == BPF_MAP_TYPE_PERCPU_ARRAY) {
		mov_rm32(c, R11, gs(CPU_ID));
		scale(c, R11, m->per_cpu_stride);
		add_rr(c, RAX, R11);
	}
	jmp_short(c, &done);
	bind(c, &none);
	jit_fixup_resume(j, f);
	jit_zero(c, RAX);
	bind(c, &done);
}

/* ---- what lies around the context: no call; what a bad context gives is as in frame.h ---- */

/* r = context[-word] */
static void emit_header_word(struct jit *j, enum reg r, enum prog_header word)
{
	u32 f = jit_fixup(j, r);
	mov_rm(j->c, r, at(RDI, -8 * (i32)word));
	jit_fixup_resume(j, f);
}

/* The number of arguments is the lowest byte of its word. */
static void emit_arg_count(struct jit *j, enum reg r)
{
	u32 f = jit_fixup(j, r);
	movzx_rm8(j->c, r, at(RDI, -8 * HEADER_COUNT));
	jit_fixup_resume(j, f);
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
	u32 f_load = jit_fixup(j, R11);
	mov_rm(c, R11, at(R11, 0));
	u32 f_store = jit_fixup(j, JIT_NO_DST);
	mov_mr(c, at(to, 0), R11);
	jit_zero(c, RAX);
	jmp_short(c, &done);
	jit_fixup_resume(j, f_load);
	jit_fixup_resume(j, f_store);
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

/* Goes on in the program that is in the slot R3 of the map; the caller's frame is gone then.
 *      cmp edx, max_entries
 *      jae .out
 *      mov r11d, edx
 *      mov r11, [r11 * 8 + programs]
 *      test r11, r11
 *      je .out
 *      cmp r12d, 33
 *      jae .out
 *      inc r12d
 *      mov r11, [r11 + tail_entry]
 *      leave                   ; and what else the function undoes
 *      jmp r11
 * .out:
 *      xor eax, eax                                                                   */
static void emit_tail_call(struct jit *j, const struct map *m)
{
	struct code *c = j->c;
	struct label out = LABEL;

	cmp_ri32(c, RDX, (i32)m->max_entries);
	jcc_short(c, IF_AE, &out);
	mov_rr32(c, R11, RDX);
	mov_rm(c, R11, abs32_index((uptr)m->values, R11, sizeof(struct prog *)));
	test_rr(c, R11, R11);
	jcc_short(c, IF_E, &out);
	cmp_ri32(c, R12, PROG_TAIL_CALLS);
	jcc_short(c, IF_AE, &out);
	inc_r32(c, R12);
	mov_rm(c, R11, at(R11, offsetof(struct prog, tail_entry)));
	jit_emit_unwind(j);
	jmp_r(c, R11);
	bind(c, &out);
	jit_zero(c, RAX);
}

/* Before the body of a program with tail calls: it is a call for those who run it, and a jump for others'
 * tail calls. The count lives in r12, which neither helpers nor trampolines change.
 *      push rbp
 *      mov rbp, rsp
 *      push r12
 *      push r12                ; rsp is a multiple of 16 again
 *      xor r12d, r12d
 *      call .body
 *      mov r12, [rbp - 8]
 *      leave
 *      ret
 * .body:                                                                              */
void jit_emit_tail_entry(struct jit *j)
{
	struct code *c = j->c;
	struct label body = LABEL;

	push(c, RBP);
	mov_rr(c, RBP, RSP);
	push(c, R12);
	push(c, R12);
	jit_zero(c, R12);
	call_label(c, &body);
	mov_rm(c, R12, at(RBP, -8));
	leave(c);
	ret(c);
	bind(c, &body);
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

void jit_emit_helper(struct jit *j, const struct insn *in, u32 idx)
{
	const struct helper *h = helper_find((u32)in->imm);
	if (h->flags & HELPER_TAIL_CALL)
		emit_tail_call(j, known_map(j, idx, BPF_R2));
	else if (h->id == HELPER_GET_SMP_PROCESSOR_ID && h->flags == HELPER_PER_CPU)
		mov_rm32(j->c, RAX, gs(CPU_ID));
	else if (helper_header(h))
		emit_frame_helper(j, h);
	else
		emit_row_call(j, h);
}

void jit_emit_kfunc(struct jit *j, const struct insn *in)
{
	const struct helper *h = kfunc_find((u32)in->imm);
	switch (h->id) {
	case KFUNC_SESSION_IS_RETURN:
		emit_header_word(j, RAX, HEADER_COUNT);
		shr_ri(j->c, RAX, 63);
		break;
	case KFUNC_SESSION_COOKIE: emit_session_cookie(j); break;
	default: emit_row_call(j, h); break;
	}
}

/* Where the function at an instruction begins; anywhere while that is not known. */
static uptr func_address(const struct jit *j, u32 idx)
{
	return j->c->base + j->origin + j->at[idx];
}

/* The address of a function, in 7 bytes whatever it is. */
void jit_emit_func_address(struct jit *j, enum reg d, u32 idx)
{
	mov_ri_sx(j->c, d, j->sizing ? 0 : (i64)func_address(j, idx));
}

/* callx that leads to none of the first functions: to another, or to a helper; or it gives 0. */
static notrace u64 call_by_value(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5, const struct prog *p, u64 value)
{
	const struct helper *h = helper_by_value(p, value);
	if (h)
		return h->fn(r1, r2, r3, r4, r5, p);
	for (u32 i = 0; i < p->taken_count; i++)
		if (value == p->text.base + p->insn_at[p->taken[i]])
			return ((u64(*)(u64, u64, u64, u64, u64))(uptr)value)(r1, r2, r3, r4, r5);
	return 0;
}

#define CALLX_CHAIN 4 /* functions that are compared with one by one */

/* .next:                       ; for each function whose address is taken
 *      cmp value, FUNC
 *      jne .next
 *      call FUNC
 *      jmp .done
 * .next:                       ; it is none of them
 *      push value              ; twice: rsp stays a multiple of 16
 *      push value
 *      mov r9, prog
 *      call call_by_value
 *      add rsp, 16
 * .done:                                                                              */
void jit_emit_callx(struct jit *j, enum reg value)
{
	struct code *c = j->c;
	struct label done = LABEL;

	for (u32 i = 0; i < min(j->p->taken_count, (u32)CALLX_CHAIN); i++) {
		struct label next = LABEL;
		u32 idx = j->p->taken[i];
		cmp_ri(c, value, j->sizing ? 0x7fffffff : (i64)func_address(j, idx));
		jcc_short(c, IF_NE, &next);
		call_rel(c, (i32)(j->at[idx] - (jit_here(j) + 5)));
		jmp_short(c, &done);
		bind(c, &next);
	}
	push(c, value);
	push(c, value);
	mov_ri(c, R9, (i64)(uptr)j->p);
	if (j->sizing)
		call_rel(c, 0);
	else
		call(c, (uptr)call_by_value);
	add_ri(c, RSP, 16);
	bind(c, &done);
}

void jit_emit_local_call(struct jit *j, const struct insn *in, u32 idx)
{
	u32 target = j->at[idx + 1 + in->imm];
	call_rel(j->c, (i32)(target - (jit_here(j) + 5)));
}
