// SPDX-License-Identifier: MIT
// Writes, step by step, the trampoline that a traced function enters from its first five bytes.
//
// The stack as an image sees it, from high to low addresses. An image that the site calls finds two return
// addresses; an image that calls the body itself is entered by jmp instead, and finds one.
//
//      rbp + 24   stack arguments of the function          rbp + 16   if entered by jmp
//      rbp + 16   return address into the function's caller
//      rbp +  8   return address into the function, behind its site         not if entered by jmp
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
//
// The same with one exit hook, if the function returns an int:
//
//      push rbp
//      mov  rbp, rsp
//      sub  rsp, 16
//      mov  [rbp-16], rdi          ; save argument slot 0
//      call function + 5           ; call the body, past the site
//      mov  [rbp-8], eax           ; keep the return value, widened
//      nop                         ; five bytes; jmp .done when the image is retired
//      lea  rdi, [rbp-16]          ; call the hook with the context
//      call hook
// .done:
//      mov  rax, [rbp-8]           ; return what it returned
//      leave
//      ret                         ; to the function's caller
#include "tramp/gen.h"
#include "kernel/lib/x86.h"
#include "kernel/sched/sched.h"

enum { WORD = 8, CALL_LEN = 5 };

/* Below two return addresses and rbp, rsp is 8 modulo 16; the ABI requires 0 at every call. */
const u32 gen_frame_align = 8;

/* System V ABI for AMD64, section 3.2.3. */
static const enum reg arg_regs[] = { RDI, RSI, RDX, RCX, R8, R9 };

/* Targets of jumps. The code for hooks that are skipped stands at the end of the image. */
struct places {
	struct label skip[TRAMP_HOOKS], back[TRAMP_HOOKS];
	struct label body_done;
};

static struct mem below_rbp(u32 bytes)
{
	return at(RBP, -(i32)bytes);
}

static struct mem context_slot(const struct plan *p, u32 n)
{
	return below_rbp(p->context - n * WORD);
}

/* context[-n] */
static struct mem header_word(const struct plan *p, u32 n)
{
	return below_rbp(p->context + n * WORD);
}

/* Word n of the arguments that the caller has passed on the stack. */
static struct mem stack_word(const struct plan *p, u32 n)
{
	return at(RBP, (i32)((p->by_jmp ? 2 : 3) * WORD + n * WORD));
}

static struct mem active_counter(const struct hook *h)
{
	return gs((i32)(CPU_ACTIVE + h->active_slot * 4));
}

/* The caller may leave junk above a narrow value; dst has 64 valid bits. */
static void widen(struct code *c, enum reg dst, enum reg src, u32 size, bool is_signed)
{
	switch (size) {
	case 1: is_signed ? movsx_rr8(c, dst, src) : movzx_rr8(c, dst, src); break;
	case 2: is_signed ? movsx_rr16(c, dst, src) : movzx_rr16(c, dst, src); break;
	case 4: is_signed ? movsxd_rr(c, dst, src) : mov_rr32(c, dst, src); break;
	}
}

/* A narrow argument, or one on the stack, needs a scratch register: rax, which passes no argument to a
 * function that is not variadic. */
static void save_slot(struct code *c, const struct gen *g, u32 n)
{
	const struct slot *slot = &g->model->slots[n];
	enum reg src = slot->on_stack ? RAX : arg_regs[slot->place];

	if (slot->on_stack)
		mov_rm(c, RAX, stack_word(g->plan, slot->place));
	if (slot->size < 8) {
		widen(c, RAX, src, slot->size, slot->is_signed);
		src = RAX;
	}
	mov_mr(c, context_slot(g->plan, n), src);
}

static void copy_word(struct code *c, const struct plan *p, u32 n)
{
	mov_rm(c, RAX, stack_word(p, n));
	mov_mr(c, at(RSP, (i32)(n * WORD)), RAX);
}

static void mov_mi64(struct code *c, struct mem m, u64 v)
{
	if ((u64)(i32)v == v) {
		mov_mi(c, m, (i32)v);
		return;
	}
	mov_ri(c, RAX, (i64)v);
	mov_mr(c, m, RAX);
}

/* Writes context[-1] as hook n of a session must see it (plan.h). */
static void set_session(struct code *c, const struct gen *g, u32 n, u64 is_return)
{
	u64 word = BELOW_COOKIE + 1;
	for (u32 i = 0; g->hooks[i].owner != g->hooks[n].owner; i++)
		word += g->hooks[i].session && g->hooks[i].kind == HOOK_FENTRY;
	mov_mi64(c, header_word(g->plan, BELOW_COUNT), g->model->slot_count | word << 8 | is_return << 63);
}

static void guard(struct code *c, const struct hook *h, struct label *skip)
{
	*skip = (struct label)LABEL;
	inc_m32(c, active_counter(h));
	cmp_mi32(c, active_counter(h), 1);
	jcc(c, IF_NE, skip);
}

static void unguard(struct code *c, const struct hook *h, struct label *back)
{
	bind(c, back);
	dec_m32(c, active_counter(h));
}

/* rax = the time-stamp counter; rdx is lost. */
static void read_clock(struct code *c)
{
	rdtsc(c);
	shl_ri(c, RDX, 32);
	or_rr(c, RAX, RDX);
}

static void stats_begin(struct code *c, const struct plan *p)
{
	read_clock(c);
	mov_mr(c, below_rbp(p->started), RAX);
}

static void stats_end(struct code *c, const struct plan *p, const struct hook *h)
{
	read_clock(c);
	sub_rm(c, RAX, below_rbp(p->started));
	lock_add_mr(c, abs32((uptr)h->ticks), RAX);
	lock_inc_m(c, abs32((uptr)h->runs));
}

static void call_hook(struct code *c, const struct gen *g, const struct hook *h)
{
	lea_rm(c, RDI, context_slot(g->plan, 0));
	call(c, h->code);
}

void gen_preempt_off(struct code *c)
{
	inc_m32(c, gs(CPU_PREEMPT_COUNT));
}

/* Bit 31 of preempt_count says "no reschedule wanted" (kernel/cpu/smp.h): the scheduler is called only if all
 * of it becomes 0. */
void gen_preempt_on(struct code *c)
{
	dec_m32(c, gs(CPU_PREEMPT_COUNT));
	jcc8(c, IF_NE, CALL_LEN);
	call(c, (uptr)preempt_schedule);
}

/* The running task's count. While it is not 0, the scheduler leaves the task on its CPU. */
static struct mem migration_disabled(struct code *c)
{
	mov_rm(c, RAX, gs(CPU_CURRENT));
	return at(RAX, TASK_MIGRATION_DISABLED);
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

static void clear_ret(struct code *c, const struct plan *p)
{
	mov_mi(c, below_rbp(p->ret), 0);
	if (p->ret_high)
		mov_mi(c, below_rbp(p->ret_high), 0);
}

static void skip_body(struct code *c, const struct plan *p, struct label *body_done)
{
	cmp_mi(c, below_rbp(p->ret), 0);
	jcc(c, IF_NE, body_done);
}

/* ORDER GATE: image.c pokes this nop to a jump behind the exit hooks. */
static void gate(struct code *c, struct gen *g, struct label *body_done)
{
	bind(c, body_done);
	g->gate = c->len;
	nop(c, SITE_LEN);
}

static void frame(struct code *c, const struct plan *p)
{
	push(c, RBP);
	mov_rr(c, RBP, RSP);
	if (p->frame)
		sub_ri(c, RSP, (i32)p->frame);
}

/* Steps around and between the hooks. */
static void gen_hook_step(struct code *c, struct gen *g, const struct step *step, struct places *at)
{
	const struct plan *p = g->plan;
	const struct hook *h = &g->hooks[step->n];

	switch (step->kind) {
	case STEP_PREEMPT_OFF: gen_preempt_off(c); break;
	case STEP_MIGRATE_OFF: inc_m32(c, migration_disabled(c)); break;
	case STEP_GUARD: guard(c, h, &at->skip[step->n]); break;
	case STEP_SET_ENTRY: set_session(c, g, step->n, 0); break;
	case STEP_SET_RETURN: set_session(c, g, step->n, 1); break;
	case STEP_SET_COOKIE: mov_mi64(c, header_word(p, BELOW_COOKIE), h->cookie); break;
	case STEP_STATS_BEGIN: stats_begin(c, p); break;
	case STEP_CALL_HOOK: call_hook(c, g, h); break;
	case STEP_KEEP_RESULT: mov_mr(c, below_rbp(p->ret), RAX); break;
	case STEP_STATS_END: stats_end(c, p, h); break;
	case STEP_UNGUARD: unguard(c, h, &at->back[step->n]); break;
	case STEP_PREEMPT_ON: gen_preempt_on(c); break;
	case STEP_MIGRATE_ON: dec_m32(c, migration_disabled(c)); break;
	default: break;
	}
}

static void gen_step(struct code *c, struct gen *g, const struct step *step, struct places *places)
{
	const struct plan *p = g->plan;
	u32 n = step->n;

	switch (step->kind) {
	case STEP_FRAME: frame(c, p); break;
	case STEP_SAVE_SLOT: save_slot(c, g, n); break;
	case STEP_SAVE_HIDDEN: mov_mr(c, below_rbp(p->hidden), arg_regs[0]); break;
	case STEP_SAVE_COUNT: mov_mi(c, header_word(p, BELOW_COUNT), n); break;
	case STEP_SAVE_IP: mov_mi64(c, header_word(p, BELOW_IP), g->original - SITE_LEN); break;
	case STEP_CLEAR_SESSION: mov_mi(c, below_rbp(p->session + n * WORD), 0); break;
	case STEP_LOAD_SLOT: mov_rm(c, arg_regs[g->model->slots[n].place], context_slot(p, n)); break;
	case STEP_LOAD_HIDDEN: mov_rm(c, arg_regs[0], below_rbp(p->hidden)); break;
	case STEP_CLEAR_RET: clear_ret(c, p); break;
	case STEP_SKIP_BODY: skip_body(c, p, &places->body_done); break;
	case STEP_COPY_WORD: copy_word(c, p, n); break;
	case STEP_CALL_ORIGINAL:
		call(c, g->original);
		g->after_original = c->len;
		break;
	case STEP_SAVE_RET: save_ret(c, g); break;
	case STEP_GATE: gate(c, g, &places->body_done); break;
	case STEP_LOAD_RET: load_ret(c, p); break;
	case STEP_UNFRAME: leave(c); break;
	case STEP_DROP_RETURN: add_ri(c, RSP, WORD); break;
	case STEP_RETURN: ret(c); break;
	default: gen_hook_step(c, g, step, places);
	}
}

/* For each hook that runs on this CPU already: counts the miss and goes on behind its call. */
static void gen_cold(struct code *c, const struct gen *g, struct places *places)
{
	for (u32 i = 0; i < g->plan->count; i++) {
		u32 n = g->plan->steps[i].n;
		if (g->plan->steps[i].kind != STEP_GUARD)
			continue;
		bind(c, &places->skip[n]);
		lock_inc_m(c, abs32((uptr)g->hooks[n].missed));
		jmp(c, &places->back[n]);
	}
}

enum err gen_image(struct code *c, struct gen *g)
{
	struct places places = { .body_done = LABEL };

	g->gate = g->hooks_end = g->after_original = 0;
	for (u32 i = 0; i < g->plan->count; i++) {
		const struct step *step = &g->plan->steps[i];
		g->starts[i] = c->len;
		if (step->kind == STEP_GUARD)
			places.back[step->n] = (struct label)LABEL;
		if (step->kind == STEP_LOAD_RET || (step->kind == STEP_UNFRAME && !g->hooks_end))
			g->hooks_end = c->len;
		gen_step(c, g, step, &places);
	}
	g->starts[g->plan->count] = c->len;
	gen_cold(c, g, &places);
	return c->err;
}
