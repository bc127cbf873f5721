// SPDX-License-Identifier: MIT
// Of the JIT: calls of every kind.
#include "vm/run/callback.h"
#include "vm/jit/x86_64/parts.h"
#include "vm/run/kfunc.h"
#include "vm/run/map.h"

/* Returns the map that reg holds at a call, if it is always the same; else NULL. */
static const struct map *known_map(const struct jit *j, u32 idx, u32 reg)
{
	u32 map = op_map_of_call(j->p, j->marks, idx, reg);
	return map ? j->p->object->maps[map - 1] : NULL;
}

static void emit_call(struct jit *j, uptr target)
{
	if (j->sizing)
		call_rel(j->c, 0);
	else
		call(j->c, target);
}

static void emit_row_call(struct jit *j, const struct helper *h)
{
	if (h->flags & HELPER_PROG)
		mov_ri(j->c, R9, (i64)(uptr)j->p);
	emit_call(j, (uptr)h->fn);
}

/* A helper that works on a known map: calls the map's own function.
 *      call hash_update
 *      mov eax, eax            ; an enum err
 *      neg rax                                                                        */
static void emit_map_call(struct jit *j, const struct helper *h, const struct map *m)
{
	emit_call(j, helper_of_map(h, m, j->p));
	if (h->ret != RET_SCALAR)
		return;
	mov_rr32(j->c, RAX, RAX);
	neg_r(j->c, RAX);
}

/* Goes on in the program in slot R3 of the map. The caller's frame is removed before.
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
 *      leave                   ; and the rest of jit_emit_unwind
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

void jit_emit_helper(struct jit *j, const struct insn *in, u32 idx)
{
	const struct helper *h = helper_find((u32)in->imm);
	const struct map *m = h->flags & HELPER_MAP ? known_map(j, idx, BPF_R1) : NULL;
	if (h->flags & HELPER_TAIL_CALL)
		emit_tail_call(j, known_map(j, idx, BPF_R2));
	else if (m)
		emit_map_call(j, h, m);
	else if (!(h->flags & HELPER_INLINE) || !jit_emit_inline(j, h))
		emit_row_call(j, h);
}

void jit_emit_kfunc(struct jit *j, const struct insn *in)
{
	const struct helper *h = kfunc_find((u32)in->imm);
	if (!jit_emit_inline_kfunc(j, h))
		emit_row_call(j, h);
}

/* Returns the address of the function that begins at an instruction. While sizes are measured it is wrong. */
static uptr func_address(const struct jit *j, u32 idx)
{
	return j->c->base + j->origin + j->at[idx];
}

/* d = the address of a function. The code has 7 bytes for every address. */
void jit_emit_func_address(struct jit *j, enum reg d, u32 idx)
{
	mov_ri_sx(j->c, d, j->sizing ? 0 : (i64)func_address(j, idx));
}

/* callx to none of the first CALLX_CHAIN functions: calls another function, or a helper; else returns 0. */
static notrace u64 call_by_value(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5, const struct prog *p, u64 value)
{
	const struct helper *h = helper_by_value(p, value);
	if (h)
		return h->fn(r1, r2, r3, r4, r5, p);
	if (!callback_is_compiled(p, value))
		return 0;
	return ((u64(*)(u64, u64, u64, u64, u64))(uptr)value)(r1, r2, r3, r4, r5);
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
	emit_call(j, (uptr)call_by_value);
	add_ri(c, RSP, 16);
	bind(c, &done);
}

void jit_emit_local_call(struct jit *j, const struct insn *in, u32 idx)
{
	u32 target = j->at[idx + 1 + in->imm];
	call_rel(j->c, (i32)(target - (jit_here(j) + 5)));
}
