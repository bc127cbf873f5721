// SPDX-License-Identifier: MIT
// Writes the trampoline that a traced function calls from its first five bytes, step by step.
//
// The stack as an image sees it, from high to low addresses:
//
//      rbp + 24   stack arguments of the function
//      rbp + 16   return address into the function's caller
//      rbp +  8   return address into the function, behind its site
//      rbp +  0   saved rbp
//      rbp -  …   the frame, as plan.h draws it
//      rsp +  0   copies of the stack arguments
//
// A function of one argument with one entry hook that needs no guard:
//
//      push rbp
//      mov  rbp, rsp
//      sub  rsp, 8
//      mov  [rbp-8], rdi           ; save argument slot 0
//      lea  rdi, [rbp-8]           ; call the hook with the context
//      call hook
//      mov  rdi, [rbp-8]           ; restore argument slot 0
//      leave
//      ret                         ; into the function's body
#include "tramp/gen.h"
#include "kernel/lib/x86.h"
#include "kernel/sched.h"

enum { STACK_ARGS = 24 /* above rbp */, CALL_LEN = 5 };

/* Two return addresses and rbp leave rsp at 8 modulo 16; the ABI wants 0 at every call. */
const u32 gen_frame_align = 8;

/* System V ABI for AMD64, section 3.2.3. */
static const enum reg arg_regs[] = { RDI, RSI, RDX, RCX, R8, R9 };

/* The code of hooks that are skipped stands behind the image, out of the way. */
struct cold {
	struct label skip[TRAMP_HOOKS], back[TRAMP_HOOKS];
};

static struct mem below_rbp(u32 bytes)
{
	return at(RBP, -(i32)bytes);
}

static struct mem context_slot(const struct plan *p, u32 n)
{
	return at(RBP, (i32)(n * 8) - (i32)p->context);
}

static struct mem active_counter(const struct hook *h)
{
	return gs((i32)(CPU_ACTIVE + h->active_slot * 4));
}

/* The caller may leave junk above a narrow value; reg gets all 64 bits right. */
static void widen(struct code *c, enum reg dst, enum reg src, u32 size, bool is_signed)
{
	switch (size) {
	case 1: is_signed ? movsx_rr8(c, dst, src) : movzx_rr8(c, dst, src); break;
	case 2: is_signed ? movsx_rr16(c, dst, src) : movzx_rr16(c, dst, src); break;
	case 4: is_signed ? movsxd_rr(c, dst, src) : mov_rr32(c, dst, src); break;
	}
}

/* Only a narrow argument or one on the stack needs a scratch register: rax, which carries nothing
 * into a function that is not variadic. */
static void save_slot(struct code *c, const struct gen *g, u32 n)
{
	const struct slot *slot = &g->model->slots[n];
	enum reg src = slot->on_stack ? RAX : arg_regs[slot->place];

	if (slot->on_stack)
		mov_rm(c, RAX, at(RBP, STACK_ARGS + slot->place * 8));
	if (slot->size < 8) {
		widen(c, RAX, src, slot->size, slot->is_signed);
		src = RAX;
	}
	mov_mr(c, context_slot(g->plan, n), src);
}

static void copy_word(struct code *c, u32 n)
{
	mov_rm(c, RAX, at(RBP, (i32)(STACK_ARGS + n * 8)));
	mov_mr(c, at(RSP, (i32)(n * 8)), RAX);
}

static void guard(struct code *c, const struct hook *h, struct label *skip)
{
	inc_m32(c, active_counter(h));
	cmp_mi32(c, active_counter(h), 1);
	jcc(c, IF_NE, skip);
}

static void call_hook(struct code *c, const struct gen *g, const struct hook *h)
{
	lea_rm(c, RDI, context_slot(g->plan, 0));
	call(c, h->code);
}

/* Bit 31 of preempt_count says "no reschedule wanted" (kernel/smp.h): only a count that falls to 0
 * altogether leads to the scheduler. */
static void preempt_on(struct code *c)
{
	dec_m32(c, gs(CPU_PREEMPT_COUNT));
	jcc8(c, IF_NE, CALL_LEN);
	call(c, (uptr)preempt_schedule);
}

static void save_ret(struct code *c, const struct gen *g)
{
	const struct model *m = g->model;
	if (m->ret_size < 8 && !m->ret_hidden) /* hidden: rax is the pointer */
		widen(c, RAX, RAX, m->ret_size, m->ret_signed);
	mov_mr(c, below_rbp(g->plan->ret), RAX);
	if (g->plan->ret_high)
		mov_mr(c, below_rbp(g->plan->ret_high), RDX);
}

static void load_ret(struct code *c, const struct plan *p)
{
	mov_rm(c, RAX, below_rbp(p->ret));
	if (p->ret_high)
		mov_rm(c, RDX, below_rbp(p->ret_high));
}

static void frame(struct code *c, const struct plan *p)
{
	push(c, RBP);
	mov_rr(c, RBP, RSP);
	sub_ri(c, RSP, (i32)p->frame);
}

static void gen_step(struct code *c, const struct gen *g, const struct step *step, struct cold *cold)
{
	const struct plan *p = g->plan;
	u32 n = step->n;

	switch (step->kind) {
	case STEP_FRAME: frame(c, p); break;
	case STEP_SAVE_SLOT: save_slot(c, g, n); break;
	case STEP_SAVE_HIDDEN: mov_mr(c, below_rbp(p->hidden), arg_regs[0]); break;
	case STEP_PREEMPT_OFF: inc_m32(c, gs(CPU_PREEMPT_COUNT)); break;
	case STEP_GUARD: guard(c, &g->hooks[n], &cold->skip[n]); break;
	case STEP_CALL_HOOK: call_hook(c, g, &g->hooks[n]); break;
	case STEP_UNGUARD:
		bind(c, &cold->back[n]);
		dec_m32(c, active_counter(&g->hooks[n]));
		break;
	case STEP_PREEMPT_ON: preempt_on(c); break;
	case STEP_LOAD_SLOT: mov_rm(c, arg_regs[g->model->slots[n].place], context_slot(p, n)); break;
	case STEP_LOAD_HIDDEN: mov_rm(c, arg_regs[0], below_rbp(p->hidden)); break;
	case STEP_COPY_WORD: copy_word(c, n); break;
	case STEP_CALL_ORIGINAL: call(c, g->original); break;
	case STEP_SAVE_RET: save_ret(c, g); break;
	case STEP_LOAD_RET: load_ret(c, p); break;
	case STEP_UNFRAME: leave(c); break;
	case STEP_DROP_RETURN: add_ri(c, RSP, 8); break;
	case STEP_RETURN: ret(c); break;
	case STEP_KINDS: break;
	}
}

/* A hook that runs on this CPU already: count it and go on behind its call. */
static void gen_cold(struct code *c, const struct gen *g, struct cold *cold)
{
	for (u32 i = 0; i < g->plan->count; i++) {
		u32 n = g->plan->steps[i].n;
		if (g->plan->steps[i].kind != STEP_GUARD)
			continue;
		bind(c, &cold->skip[n]);
		lock_inc_m(c, abs32((uptr)g->hooks[n].missed));
		jmp(c, &cold->back[n]);
	}
}

enum err gen_image(struct code *c, struct gen *g)
{
	struct cold cold;

	for (u32 i = 0; i < TRAMP_HOOKS; i++)
		cold.skip[i] = cold.back[i] = (struct label)LABEL;
	for (u32 i = 0; i < g->plan->count; i++) {
		g->starts[i] = c->len;
		gen_step(c, g, &g->plan->steps[i], &cold);
	}
	g->starts[g->plan->count] = c->len;
	gen_cold(c, g, &cold);
	return c->err;
}
