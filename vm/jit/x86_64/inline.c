// SPDX-License-Identifier: MIT
// Of the JIT: code in place of a call. It does what the helper's function does, on a bad address too. It may
// change the registers that a call may change.
#include "kernel/layout.h"
#include "kernel/sched/task.h"
#include "kernel/sched/timer.h"
#include "vm/run/frame.h"
#include "vm/jit/x86_64/parts.h"
#include "vm/run/kfunc.h"
#include "vm/run/map.h"

/* r *= factor; the flags are undefined. */
static void scale(struct code *c, enum reg r, u64 factor)
{
	if (factor == 1)
		return;
	if ((factor & (factor - 1)) == 0)
		shl_ri(c, r, __builtin_ctzll(factor));
	else
		imul_rri(c, r, r, (i64)factor);
}

/* rax = values + r11 * stride */
static void emit_values_at(struct code *c, const struct map *m)
{
	bool is_scale = m->stride <= 8 && (m->stride & (m->stride - 1)) == 0;
	i64 values = (i64)(uptr)m->values;
	if (!is_scale)
		scale(c, R11, m->stride);
	if (values == (i32)values) {
		lea_rm(c, RAX, abs32_index((uptr)m->values, R11, is_scale ? m->stride : 1));
		return;
	}
	mov_ri(c, RAX, values);
	lea_rm(c, RAX, at_index(RAX, R11, is_scale ? m->stride : 1, 0));
}

/* Looks up an element of an array.
 *      mov r11d, [key]
 *      xor eax, eax
 *      cmp r11d, max_entries
 *      jae .done
 *      lea rax, [r11 * 8 + values]     ; r11 *= stride before, if it is no scale
 *      mov r11d, gs:[CPU_ID]           ; on a per-CPU array
 *      imul r11, r11, per_cpu_stride
 *      add rax, r11
 * .done:                                                                              */
void jit_emit_element(struct jit *j, const struct op *op)
{
	struct code *c = j->c;
	const struct map *m = j->p->object->maps[op->imm];
	struct label done = LABEL;

	u32 f = jit_fixup(j, RAX);
	mov_rm32(c, R11, jit_operand(op));
	jit_zero(c, RAX);
	cmp_ri32(c, R11, (i32)m->max_entries);
	jcc_short(c, IF_AE, &done);
	emit_values_at(c, m);
	if (m->ops->type == BPF_MAP_TYPE_PERCPU_ARRAY) {
		mov_rm32(c, R11, gs(CPU_ID));
		scale(c, R11, m->per_cpu_stride);
		add_rr(c, RAX, R11);
	}
	bind(c, &done);
	jit_fixup_resume(j, f);
}

/* Computes what ktime_get_ns returns; false if the time does not come from the CPU's counter.
 *      rdtsc
 *      shl rdx, 32
 *      or rax, rdx
 *      mov r11, base
 *      sub rax, r11
 *      mov r11, factor
 *      mul r11
 *      shr rax, 32
 *      shl rdx, 32
 *      or rax, rdx                                                                    */
static bool emit_ktime(struct code *c)
{
	struct ktime_scale scale;
	if (!ktime_scale(&scale))
		return false;
	rdtsc(c);
	shl_ri(c, RDX, 32);
	or_rr(c, RAX, RDX);
	mov_ri(c, R11, (i64)scale.tsc_base);
	sub_rr(c, RAX, R11);
	mov_ri(c, R11, (i64)scale.ns_per_tsc);
	mul_r(c, R11);
	shr_ri(c, RAX, 32);
	shl_ri(c, RDX, 32);
	or_rr(c, RAX, RDX);
	return true;
}

static void emit_current(struct code *c)
{
	mov_rm(c, RAX, gs(CPU_CURRENT));
}

_Static_assert(offsetof(struct task_struct, tgid) == offsetof(struct task_struct, pid) + 4,
	       "one load of 8 bytes returns tgid << 32 | pid");
static void emit_pid_tgid(struct code *c)
{
	emit_current(c);
	mov_rm(c, RAX, at(RAX, offsetof(struct task_struct, pid)));
}

/* r = context[-word] */
static void emit_header_word(struct jit *j, enum reg r, enum prog_header word)
{
	u32 f = jit_fixup(j, r);
	mov_rm(j->c, r, at(RDI, -8 * (i32)word));
	jit_fixup_resume(j, f);
}

/* r = the number of arguments: the lowest byte of its word. */
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
	u32 f_store = jit_fixup(j, NO_REG);
	mov_mr(c, at(to, 0), R11);
	jit_zero(c, RAX);
	jmp_short(c, &done);
	jit_fixup_resume(j, f_load);
	jit_fixup_resume(j, f_store);
	mov_ri(c, RAX, -EFAULT);
	bind(c, &done);
}

/* [to] = 0 */
static void emit_no_word(struct jit *j, enum reg to)
{
	u32 f = jit_fixup(j, NO_REG);
	mov_mi(j->c, at(to, 0), 0);
	jit_fixup_resume(j, f);
}

/*      movzx eax, byte [rdi - 8]
 *      mov r11d, esi
 *      cmp r11d, eax
 *      mov rax, -EINVAL
 *      jb .exists
 *      mov qword [rdx], 0
 *      jmp .done
 * .exists:
 *      (emit_copy_word)
 * .done:                                                                              */
static void emit_get_func_arg(struct jit *j)
{
	struct code *c = j->c;
	struct label exists = LABEL, done = LABEL;

	emit_arg_count(j, RAX);
	mov_rr32(c, R11, RSI);
	cmp_rr32(c, R11, RAX);
	mov_ri(c, RAX, -EINVAL);
	jcc_short(c, IF_B, &exists);
	emit_no_word(j, RDX);
	jmp_short(c, &done);
	bind(c, &exists);
	emit_copy_word(j, RDX);
	bind(c, &done);
}

static void emit_get_func_ret(struct jit *j)
{
	if (!frame_has_ret(j->p)) {
		emit_no_word(j, RSI);
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

bool jit_emit_inline(struct jit *j, const struct helper *h)
{
	switch (h->id) {
	case BPF_FUNC_ktime_get_ns:
	case BPF_FUNC_ktime_get_boot_ns: return emit_ktime(j->c);
	case BPF_FUNC_get_smp_processor_id: mov_rm32(j->c, RAX, gs(CPU_ID)); return true;
	case BPF_FUNC_get_current_pid_tgid: emit_pid_tgid(j->c); return true;
	case BPF_FUNC_get_current_task:
	case BPF_FUNC_get_current_task_btf: emit_current(j->c); return true;
	case BPF_FUNC_get_func_ip: emit_get_func_ip(j); return true;
	case BPF_FUNC_get_attach_cookie: emit_get_attach_cookie(j); return true;
	case BPF_FUNC_get_func_arg: emit_get_func_arg(j); return true;
	case BPF_FUNC_get_func_ret: emit_get_func_ret(j); return true;
	case BPF_FUNC_get_func_arg_cnt: emit_arg_count(j, RAX); return true;
	default: return false;
	}
}

bool jit_emit_inline_kfunc(struct jit *j, const struct helper *h)
{
	switch (h->id) {
	case KFUNC_SESSION_IS_RETURN:
		emit_header_word(j, RAX, HEADER_COUNT);
		shr_ri(j->c, RAX, 63);
		return true;
	case KFUNC_SESSION_COOKIE: emit_session_cookie(j); return true;
	default: return false;
	}
}
