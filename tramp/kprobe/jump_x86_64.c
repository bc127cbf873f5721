// SPDX-License-Identifier: MIT
// Which instructions a jump may displace, and the detour that it leads to.
//
//      push ss ... push r15        ; struct pt_regs, as the int3 would have saved it
//      lea  rdi, [trap_return]     ; the frame of an interrupt's dispatcher, so that backtraces and the scan
//      push rdi, push rdi          ; of return addresses take the probed function for interrupted
//      push rbp                    ; (ORDER FRAMES in kernel/cpu/x86_64/stack.c)
//      mov  rbp, rsp
//      and  rsp, -16
//      call kprobe_detour_hit(pt, regs)
//      leave
//      pop  ...                    ; all registers, flags last
//      <the displaced instructions>
//      jmp  <behind them>
#include "kernel/lib/x86.h"
#include "kernel/cpu/x86_64/trap.h"
#include "tramp/kprobe/parts.h"
#include "tramp/text/tracepoint.h"

/* 40: ip, cs, flags, sp and ss, which the CPU pushes; 48: the gap, 8 bytes and the five words again; 128:
 * orig_ax and 15 registers; 8: alignment. */
const struct kprobe_cost int3_cost = { .stack = 40 + 48 + 128 + 8, .registers = 20 };
const struct kprobe_cost detour_cost = { .stack = sizeof(struct pt_regs) + 24, .registers = 16 };

/* Registers in the order of struct pt_regs, from its high end: ORDER PT_REGS. */
static const enum reg general[] = { RDI, RSI, RDX, RCX, RAX, R8, R9, R10, R11, RBX, RBP, R12, R13, R14, R15 };

static bool has_exception_row(uptr from, uptr to)
{
	for (const struct ex_row *row = ex_table_start; row < ex_table_end; row++)
		if ((row->at >= from && row->at < to) || (row->resume > from && row->resume < to))
			return true;
	return false;
}

/* A tracepoint's branch is a nop while the tracepoint is off, and a jump while it is on. */
static bool is_switched_into(uptr from, uptr to)
{
	for (u32 i = 0; i < tracepoint_branch_count(); i++) {
		uptr target = tracepoint_branch_nth(i)->target;
		if (target > from && target < to)
			return true;
	}
	return false;
}

/* Sets pt->covered: whole instructions of at least five bytes in all. Each can run in another place, and none
 * is a branch. */
static enum err cover(struct kprobe_point *pt, const u8 *code, struct strbuf *log)
{
	u32 begin = (u32)(pt->addr - pt->func.addr), at = begin;
	while (at - begin < SITE_LEN) {
		struct displaced d;
		enum err e;
		if (at >= pt->func.len)
			return str_refuse(log, EOPNOTSUPP, "only %u bytes are left of the function",
					  at - begin);
		e = displaced_prepare(&d, code + at, pt->func.len - at, pt->func.addr + at, log);
		if (e)
			return e;
		if (d.in.flow != X86_FLOW_NEXT)
			return str_refuse(log, EOPNOTSUPP, "the branch at +0x%x would be displaced", at);
		at += d.in.len;
	}
	pt->covered = at - begin;
	return OK;
}

/* EOPNOTSUPP: a jump of the function may lead into (from, to), among the displaced instructions. */
static enum err check_jumps(const struct kprobe_point *pt, const u8 *code, uptr from, uptr to,
			    struct strbuf *log)
{
	for (u32 at = SITE_LEN; at < pt->func.len;) {
		struct x86_insn in;
		uptr target;
		if (!x86_decode(&in, code + at, pt->func.len - at))
			return str_refuse(log, EOPNOTSUPP, "the function cannot be decoded at +0x%x", at);
		if (in.flow == X86_FLOW_JMP_INDIRECT)
			return str_refuse(log, EOPNOTSUPP, "the indirect jump at +0x%x may lead there", at);
		target = x86_branch_target(&in, code + at, pt->func.addr + at);
		if (target > from && target < to)
			return str_refuse(log, EOPNOTSUPP,
					  "the jump at +0x%x leads to among the instructions", at);
		at += in.len;
	}
	return OK;
}

enum err detour_check(struct kprobe_point *pt, const u8 *code, struct strbuf *log)
{
	enum err e = cover(pt, code, log);
	uptr from = pt->addr, to = from + pt->covered;

	if (!e)
		e = check_jumps(pt, code, from, to, log);
	if (e)
		return e;
	if (has_exception_row(from, to))
		return str_refuse(log, EOPNOTSUPP, "an instruction may fault and has a row in __ex_table");
	if (is_switched_into(from, to))
		return str_refuse(log, EOPNOTSUPP, "a tracepoint leads to among the instructions");
	if (kprobe_within(from + 1, to))
		return str_refuse(log, EOPNOTSUPP, "another probe lies among the instructions");
	return OK;
}

/* Puts struct pt_regs on the stack. No flag changes before pushf. */
static void save_for_probe(struct code *c, uptr ip)
{
	push_i(c, KERNEL_DS);
	push(c, RSP);
	pushf(c);
	push_i(c, KERNEL_CS);
	push_i(c, (i64)ip);
	push_i(c, -1); /* orig_ax: no vector, no error code */
	for (u32 i = 0; i < array_len(general); i++)
		push(c, general[i]);
	add_mi(c, at(RSP, offsetof(struct pt_regs, sp)), 8);
}

/* Drops orig_ax, ip and cs, pops the flags, and skips sp and ss without a change of flags. */
static void restore_registers(struct code *c)
{
	for (u32 i = array_len(general); i > 0; i--)
		pop(c, general[i - 1]);
	add_ri(c, RSP, 24);
	popf(c);
	lea_rm(c, RSP, at(RSP, 16));
}

static void call_hit(struct code *c, struct kprobe_point *pt)
{
	mov_rr(c, RSI, RSP);
	mov_ri(c, RDI, (i64)(uptr)trap_return);
	push(c, RDI);
	push(c, RDI);
	push(c, RBP);
	mov_rr(c, RBP, RSP);
	and_ri(c, RSP, -16);
	mov_ri(c, RDI, (i64)(uptr)pt);
	call(c, (uptr)kprobe_detour_hit);
	leave(c);
	add_ri(c, RSP, 16);
}

enum err detour_generate(struct code *c, struct kprobe_point *pt, const u8 *code, u32 *copies)
{
	u32 begin = (u32)(pt->addr - pt->func.addr), covered = pt->covered;

	save_for_probe(c, pt->addr);
	call_hit(c, pt);
	restore_registers(c);
	*copies = c->len;
	for (u32 at = begin; at < begin + covered;) {
		struct x86_insn in;
		at += x86_decode(&in, code + at, pt->func.len - at);
		displaced_copy(c, &in, code + at - in.len, pt->func.addr + at - in.len);
	}
	jmp_to(c, pt->addr + covered);
	return c->err;
}
