// SPDX-License-Identifier: MIT
// Executes an instruction that an int3 has displaced: emulated, or as a copy in another place.
//
// Two kinds are emulated: instructions that depend on their own address (branches), and instructions that
// read or change the flags that a single step needs (pushf, popf, cli, sti). Every other one runs as a copy,
// with TF set and interrupts off, until the debug exception behind it (SDM vol. 3, 18.3.1.4).
#include "kernel/lib/mem.h"
#include "kernel/lib/x86.h"
#include "kernel/cpu/trap.h"
#include "kernel/mem/sym.h"
#include "tramp/kprobe/displaced.h"
#include "tramp/text/tracepoint.h"

/* The flags that popf changes in ring 0, and those that pushf stores as 0 (RF and VM): SDM vol. 2. */
enum { POPF_MASK = 0x257fd5, PUSHF_HIDES = 0x30000 };

enum {
	OP_NOP = 0x90,
	OP_PUSHF = 0x9c,
	OP_POPF = 0x9d,
	OP_CLI = 0xfa,
	OP_STI = 0xfb,
	OP_HLT = 0xf4,
	OP_RET_IMM = 0xc2,
	OP_LOOPNE = 0xe0,
	OP_LOOPE = 0xe1,
	OP_JRCXZ = 0xe3,
};

static u32 opcode_of(const struct displaced *d)
{
	return d->bytes[d->in.opcode_at];
}

/* 90 is nop, or pause behind f3; with REX.B it is xchg r8, rax. */
static bool is_nop(const struct displaced *d)
{
	u32 at = d->in.opcode_at;
	return d->bytes[at] == OP_NOP && (at == 0 || (d->bytes[at - 1] & 0xf1) != 0x41);
}

static enum insn_way way_of_one_byte(u32 opcode)
{
	switch (opcode) {
	case OP_PUSHF: return WAY_PUSHF;
	case OP_POPF: return WAY_POPF;
	case OP_CLI: return WAY_CLI;
	case OP_STI: return WAY_STI;
	default: return WAY_STEP;
	}
}

static enum insn_way way_of(const struct displaced *d)
{
	switch (d->in.flow) {
	case X86_FLOW_CALL: return WAY_CALL;
	case X86_FLOW_JMP: return WAY_JMP;
	case X86_FLOW_JCC: return WAY_JCC;
	case X86_FLOW_LOOP: return WAY_LOOP;
	case X86_FLOW_RET: return WAY_RET;
	case X86_FLOW_CALL_INDIRECT: return WAY_STEP_CALL;
	default: break;
	}
	if (d->in.map != X86_MAP_ONE)
		return WAY_STEP;
	return is_nop(d) ? WAY_NOP : way_of_one_byte(opcode_of(d));
}

/* The patcher changes a tracepoint's branch whole, from nop to jmp and back: no int3 may stand in it. */
static bool is_switched_branch(uptr addr)
{
	for (u32 i = 0; i < tracepoint_branch_count(); i++)
		if (tracepoint_branch_nth(i)->addr == addr)
			return true;
	return false;
}

enum err displaced_prepare(struct displaced *d, const u8 *code, u32 avail, uptr addr, struct strbuf *log)
{
	const char *why = NULL;
	u32 len = x86_decode(&d->in, code, avail);

	memcpy(d->bytes, code, len);
	d->way = way_of(d);
	if (!len)
		why = "is none that can be decoded";
	else if (d->in.flow == X86_FLOW_OTHER)
		why = "traps, stops, or holds back the debug exception";
	else if (d->in.flow == X86_FLOW_LOOP && d->in.has_67)
		why = "counts in ecx";
	else if (d->way == WAY_STI && avail > len && code[len] == OP_HLT)
		why = "holds back interrupts until the hlt behind it waits for them";
	else if ((d->way == WAY_PUSHF || d->way == WAY_POPF) && d->bytes[0] == 0x66)
		why = "has operands of 16 bits";
	else if (is_switched_branch(addr))
		why = "is the branch of a tracepoint";
	if (!why)
		return OK;
	sym_print(log, addr);
	return str_refuse(log, EOPNOTSUPP, ": the instruction %s", why);
}

void displaced_copy(struct code *c, const struct x86_insn *in, const u8 *bytes, uptr from)
{
	uptr target = 0;
	i32 disp = 0;

	if (in->rip_disp_at) {
		memcpy(&disp, bytes + in->rip_disp_at, sizeof(disp));
		target = from + in->len + (uptr)(i64)disp;
		i64 moved = (i64)(target - (code_here(c) + in->len));
		if (moved != (i32)moved)
			code_fail(c, ERANGE);
		disp = (i32)moved;
	}
	for (u32 i = 0; i < in->len; i++) {
		u32 at = i - in->rip_disp_at;
		put(c, in->rip_disp_at && at < 4 ? (u32)disp >> 8 * at : bytes[i], 1);
	}
}

/* SDM vol. 1, appendix B: conditions form pairs; the odd one is the opposite of the even one. */
static notrace bool condition_holds(u32 cc, uptr flags)
{
	bool less = !(flags & FLAGS_SF) != !(flags & FLAGS_OF), holds = false;
	switch (cc >> 1) {
	case IF_O >> 1: holds = flags & FLAGS_OF; break;
	case IF_B >> 1: holds = flags & FLAGS_CF; break;
	case IF_E >> 1: holds = flags & FLAGS_ZF; break;
	case IF_BE >> 1: holds = flags & (FLAGS_CF | FLAGS_ZF); break;
	case IF_S >> 1: holds = flags & FLAGS_SF; break;
	case IF_P >> 1: holds = flags & FLAGS_PF; break;
	case IF_L >> 1: holds = less; break;
	case IF_LE >> 1: holds = less || flags & FLAGS_ZF; break;
	}
	return holds != (cc & 1);
}

static notrace bool loop_goes_on(u32 opcode, struct pt_regs *regs)
{
	if (opcode == OP_JRCXZ)
		return regs->cx == 0;
	if (--regs->cx == 0)
		return false;
	if (opcode == OP_LOOPE)
		return regs->flags & FLAGS_ZF;
	return opcode != OP_LOOPNE || !(regs->flags & FLAGS_ZF);
}

static notrace void push_word(struct pt_regs *regs, uptr value)
{
	regs->sp -= sizeof(uptr);
	*(uptr *)regs->sp = value;
}

static notrace uptr pop_word(struct pt_regs *regs)
{
	uptr value = *(const uptr *)regs->sp;
	regs->sp += sizeof(uptr);
	return value;
}

static notrace void run_ret(const struct displaced *d, struct pt_regs *regs)
{
	u16 drop = 0;
	if (d->bytes[d->in.opcode_at] == OP_RET_IMM)
		memcpy(&drop, d->bytes + d->in.imm_at, sizeof(drop));
	regs->ip = pop_word(regs);
	regs->sp += drop;
}

notrace bool displaced_run(const struct displaced *d, uptr slot, struct pt_regs *regs)
{
	uptr addr = regs->ip, next = addr + d->in.len;
	u32 opcode = d->bytes[d->in.opcode_at];
	uptr target = x86_branch_target(&d->in, d->bytes, addr);

	regs->ip = next;
	switch (d->way) {
	case WAY_STEP:
	case WAY_STEP_CALL: regs->ip = slot; return false;
	case WAY_CALL:
		push_word(regs, next);
		regs->ip = target;
		break;
	case WAY_JMP: regs->ip = target; break;
	case WAY_JCC: regs->ip = condition_holds(opcode & 15, regs->flags) ? target : next; break;
	case WAY_LOOP: regs->ip = loop_goes_on(opcode, regs) ? target : next; break;
	case WAY_RET: run_ret(d, regs); break;
	case WAY_NOP: break;
	case WAY_PUSHF: push_word(regs, regs->flags & ~(uptr)PUSHF_HIDES); break;
	case WAY_POPF: regs->flags = (regs->flags & ~(uptr)POPF_MASK) | (pop_word(regs) & POPF_MASK); break;
	case WAY_CLI: regs->flags &= ~(uptr)FLAGS_IF; break;
	case WAY_STI: regs->flags |= FLAGS_IF; break;
	}
	return true;
}

/* A jump through a register or memory has reached its target; then ip needs no correction. */
notrace bool displaced_stepped(const struct displaced *d, uptr addr, uptr slot, struct pt_regs *regs)
{
	if (regs->ip == slot)
		return false;
	if (d->way == WAY_STEP_CALL)
		*(uptr *)regs->sp = addr + d->in.len;
	else if (regs->ip == slot + d->in.len)
		regs->ip = addr + d->in.len;
	return true;
}

notrace uptr step_begin(struct pt_regs *regs)
{
	uptr flags = regs->flags;
	regs->flags = (flags & ~(uptr)FLAGS_IF) | FLAGS_TF;
	return flags;
}

notrace void step_end(struct pt_regs *regs, uptr flags)
{
	uptr kept = FLAGS_IF | FLAGS_TF;
	regs->flags = (regs->flags & ~kept) | (flags & kept);
}
