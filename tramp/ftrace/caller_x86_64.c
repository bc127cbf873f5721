// SPDX-License-Identifier: MIT
// Writes ftrace's callers: the plain one, which saves the registers that carry arguments, and the full one,
// which saves all of them. Their frame is Linux's. It contains two frames for code that follows frame
// pointers, as if the traced function had been called, and had made a call, in the ordinary way:
//
//      rsp + 216   return address into the function's caller; regs->sp
//      rsp + 208   return address into the function, behind its site
//      rsp + 200   rbp of the function's caller      (the full caller: where `ret` finds site->direct)
//      rsp + 192   return address into the function's caller, once more
//      rsp + 184   rbp of the function's caller  <---+
//      rsp + 176   behind the site, once more        |
//      rsp + 168   ----------------------------------+   <- rbp
//      rsp +   0   struct pt_regs
//
// The plain caller:                            The full caller, where it differs:
//
//      push rbp
//      push qword [rsp+16]
//      push rbp
//      mov  rbp, rsp
//      push qword [rsp+24]
//      push rbp
//      mov  rbp, rsp
//      lea  rsp, [rsp-168]
//                                                  pushf
//                                                  pop  qword [rsp+144]
//      mov  [rsp+80], rax      ; and rcx rdx ...   ; and all the others
//      mov  rdx, [rsp+200]
//      mov  [rsp+32], rdx      ; regs->bp
//      mov  rdi, [rsp+208]
//      mov  [rsp+128], rdi     ; regs->ip
//      lea  rcx, [rsp+216]
//      mov  [rsp+152], rcx     ; regs->sp
//                                                  mov  qword [rsp+136], 8    ; cs, ss: constants
//                                                  mov  qword [rsp+120], 0    ; orig_ax: no direct image
//      sub  rdi, 5             ; ip
//      mov  rsi, [rcx]         ; parent_ip
//      mov  rdx, ops
//      mov  rcx, rsp           ; regs
//      inc  dword gs:[16]      ; preemption off
//      call func
//      dec  dword gs:[16]
//      jne  +5
//      call preempt_schedule
//                                                  mov  rax, [rsp+128]
//                                                  mov  [rsp+208], rax        ; go on at regs->ip
//                                                  mov  rax, [rsp+120]
//                                                  test rax, rax
//                                                  jne  direct
//                                                  push qword [rsp+144]
//                                                  popf
//      mov  rax, [rsp+80]      ; and the others
//      mov  rbp, [rsp+32]
//      lea  rsp, [rsp+208]
//      ret
//                                          direct: mov  [rsp+200], rax
//                                                  ; flags and registers likewise
//                                                  lea  rsp, [rsp+200]
//                                                  ret                        ; to site->direct
#include "tramp/ftrace/caller.h"
#include "kernel/lib/x86.h"
#include "kernel/cpu/trap.h"
#include "tramp/gen.h"

enum {
	FRAMES = 40,
	FRAME = PT_REGS_SIZE + FRAMES,
	CALLER_BP = FRAME - 8, /* pushed first */
	INTO_FUNCTION = FRAME,
	INTO_CALLER = FRAME + 8,
};

#define REGS(field) ((i32)offsetof(struct pt_regs, field))

_Static_assert(FRAME == 208 && REGS(ax) == 80 && REGS(bp) == 32 && REGS(ip) == 128 && REGS(sp) == 152 &&
		   REGS(cs) == 136 && REGS(flags) == 144 && REGS(orig_ax) == 120 && CPU_PREEMPT_COUNT == 16,
	       "the numbers above");

/* The plain caller saves the first ones. rbp has a place of its own in the frame. */
static const struct {
	enum reg reg;
	i32 at;
} saved[] = {
	{ RAX, REGS(ax) },  { RCX, REGS(cx) },  { RDX, REGS(dx) },  { RSI, REGS(si) },  { RDI, REGS(di) },
	{ R8, REGS(r8) },   { R9, REGS(r9) },   { R10, REGS(r10) }, { R11, REGS(r11) }, { RBX, REGS(bx) },
	{ R12, REGS(r12) }, { R13, REGS(r13) }, { R14, REGS(r14) }, { R15, REGS(r15) },
};
enum { PLAIN_SAVED = 7 };

static u32 saved_count(bool regs)
{
	return regs ? array_len(saved) : PLAIN_SAVED;
}

struct ftrace_caller_info ftrace_caller_info(bool regs)
{
	return (struct ftrace_caller_info){ .stack = FRAME,
					    .pt_regs = PT_REGS_SIZE,
					    .registers = saved_count(regs) + 1 + regs }; /* rbp; flags */
}

/* Makes the two frames. No instruction here changes the flags, which the full caller saves later. */
static void make_frames(struct code *c)
{
	push(c, RBP);
	push_m(c, at(RSP, 16));
	push(c, RBP);
	mov_rr(c, RBP, RSP);
	push_m(c, at(RSP, 24));
	push(c, RBP);
	mov_rr(c, RBP, RSP);
	lea_rm(c, RSP, at(RSP, -PT_REGS_SIZE));
}

static void save_registers(struct code *c, bool regs)
{
	if (regs) {
		pushf(c);
		pop_m(c, at(RSP, REGS(flags))); /* rsp as after the pop */
	}
	for (u32 i = 0; i < saved_count(regs); i++)
		mov_mr(c, at(RSP, saved[i].at), saved[i].reg);
	mov_rm(c, RDX, at(RSP, CALLER_BP));
	mov_mr(c, at(RSP, REGS(bp)), RDX);
	mov_rm(c, RDI, at(RSP, INTO_FUNCTION));
	mov_mr(c, at(RSP, REGS(ip)), RDI);
	lea_rm(c, RCX, at(RSP, INTO_CALLER));
	mov_mr(c, at(RSP, REGS(sp)), RCX);
	if (regs) {
		mov_mi(c, at(RSP, REGS(cs)), KERNEL_CS);
		mov_mi(c, at(RSP, REGS(ss)), KERNEL_DS);
		mov_mi(c, at(RSP, REGS(orig_ax)), 0);
	}
}

/* In: rdi = the address behind the site; rcx = the address of the function's return address. */
static void call_func(struct code *c, const struct ftrace_gen *g)
{
	sub_ri(c, RDI, SITE_LEN);
	mov_rm(c, RSI, at(RCX, 0));
	mov_ri(c, RDX, (i64)(uptr)g->ops);
	mov_rr(c, RCX, RSP);
	gen_preempt_off(c);
	call(c, g->func);
	gen_preempt_on(c);
}

/* Restores the registers and returns to the address at rsp + upto. */
static void restore_and_return(struct code *c, bool regs, i32 upto)
{
	if (regs) {
		push_m(c, at(RSP, REGS(flags)));
		popf(c);
	}
	for (u32 i = 0; i < saved_count(regs); i++)
		mov_rm(c, saved[i].reg, at(RSP, saved[i].at));
	mov_rm(c, RBP, at(RSP, REGS(bp)));
	lea_rm(c, RSP, at(RSP, upto));
	ret(c);
}

enum err ftrace_gen_caller(struct code *c, const struct ftrace_gen *g)
{
	struct label direct = LABEL;

	make_frames(c);
	save_registers(c, g->regs);
	call_func(c, g);
	if (g->regs) {
		mov_rm(c, RAX, at(RSP, REGS(ip)));
		mov_mr(c, at(RSP, INTO_FUNCTION), RAX);
		mov_rm(c, RAX, at(RSP, REGS(orig_ax)));
		test_rr(c, RAX, RAX);
		jcc(c, IF_NE, &direct);
	}
	restore_and_return(c, g->regs, INTO_FUNCTION);
	if (g->regs) {
		bind(c, &direct);
		mov_mr(c, at(RSP, CALLER_BP), RAX);
		restore_and_return(c, true, CALLER_BP);
	}
	return c->err;
}
