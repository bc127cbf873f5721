// SPDX-License-Identifier: MIT
// Of the JIT: calls, and the helpers that are written in place of a call.
#include "kernel/layout.h"
#include "vm/frame.h"
#include "vm/jit_parts_x86_64.h"
#include "vm/kfunc.h"
#include "vm/map.h"

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

	u32 f = jit_fixup(j, JIT_NO_DST);
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
	jit_fixup_resume(j, f);
	jit_zero(c, RAX);
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

void jit_emit_kfunc(struct jit *j, const struct insn *in)
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

void jit_emit_local_call(struct jit *j, const struct insn *in, u32 idx)
{
	u32 target = j->at[idx + 1 + in->imm];
	call_rel(j->c, (i32)(target - (jit_here(j) + 5)));
}
