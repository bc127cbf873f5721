// SPDX-License-Identifier: MIT
// Of the JIT: how a function of the program begins and ends.
// A program that calls a helper looks like this. A function that calls nothing and uses no stack has neither
// frame nor leave.
//
//      nop5                    ; so that the program itself can be traced
//      push rbp
//      mov rbp, rsp
//      sub rsp, 16             ; as much stack as it uses, and alignment
//      push rbx                ; callee-saved registers that it writes
//      ...
//      pop rbx
//      leave
//      ret
#include "kernel/layout.h"
#include "vm/jit/x86_64/parts.h"

/* A function that calls must have a frame, even if it uses no stack: kernel/cpu/x86_64/stack.c follows the
 * frames to find the functions that are still running (ORDER FRAMES). */
static bool has_frame(const struct flow_func *f)
{
	return f->uses_fp || f->calls;
}

static bool saves(const struct flow_func *f, u32 r)
{
	return f->writes & 1u << r;
}

/* Bytes between rbp and the saved registers. At a call rsp must be a multiple of 16. */
static u32 frame_size(const struct flow_func *f)
{
	u32 size = align_up(f->stack, 8u);
	u32 pushed = 8 * __builtin_popcount(f->writes >> BPF_R6 & 15); /* r10 in code that no path reaches */
	return f->calls ? align_up(size + pushed, 16u) - pushed : size;
}

/* The entry of a program with tail calls. A caller comes through here; the tail call of another program jumps
 * to .body. r12 counts tail calls; neither helpers nor trampolines change it.
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
static void emit_tail_entry(struct jit *j)
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

void jit_emit_prologue(struct jit *j)
{
	struct code *c = j->c;
	if (j->f.start == 0) {
		nop(c, SITE_LEN);
		if (j->p->facts.tail_calls)
			emit_tail_entry(j);
		j->tail_at = jit_here(j);
	}
	if (has_frame(&j->f)) {
		push(c, RBP);
		mov_rr(c, RBP, RSP);
		if (frame_size(&j->f))
			sub_ri(c, RSP, frame_size(&j->f));
	}
	for (u32 r = BPF_R6; r <= BPF_R9; r++)
		if (saves(&j->f, r))
			push(c, jit_regs[r]);
}

void jit_emit_unwind(struct jit *j)
{
	struct code *c = j->c;
	for (u32 r = BPF_R9; r >= BPF_R6; r--)
		if (saves(&j->f, r))
			pop(c, jit_regs[r]);
	if (frame_size(&j->f) && has_frame(&j->f))
		leave(c);
	else if (has_frame(&j->f))
		pop(c, RBP);
}
