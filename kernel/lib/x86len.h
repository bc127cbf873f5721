/* SPDX-License-Identifier: MIT */
/* Where an x86-64 instruction ends, and where the parts lie that a copy in another place must change.
 *
 *      prefixes  opcode  ModRM  SIB  displacement  immediate          SDM vol. 2, chapter 2
 *                |       |           |             |
 *                |       |           rip_disp_at   imm_at             0: it has none
 *                |       modrm_at
 *                opcode_at: its last byte, behind 0f, 0f 38, 0f 3a, VEX or EVEX
 *
 * A length decoder: it knows the form of every opcode, and the meaning only of those that decide where the
 * CPU goes on. */
#pragma once
#include "kernel/lib/types.h"

#define X86_MAX_LEN 15

/* Where the CPU goes on. */
enum x86_flow {
	X86_FLOW_NEXT, /* behind the instruction */
	X86_FLOW_JMP,  /* jmp rel8, rel32 */
	X86_FLOW_JCC,  /* jcc rel8, rel32 */
	X86_FLOW_LOOP, /* loopne, loope, loop, jrcxz */
	X86_FLOW_CALL, /* call rel32 */
	X86_FLOW_RET,
	X86_FLOW_JMP_INDIRECT,
	X86_FLOW_CALL_INDIRECT,
	X86_FLOW_OTHER, /* stops, traps, far, or holds back the trap behind it: mov ss */
};

enum { X86_MAP_ONE, X86_MAP_0F, X86_MAP_0F38, X86_MAP_0F3A };

struct x86_insn {
	u8 len;
	u8 opcode_at, modrm_at;
	u8 rip_disp_at;     /* a disp32 that counts from the instruction's end */
	u8 imm_at, imm_len; /* the immediate, or the rel8 or rel32 of a branch; two: the first at imm_at */
	u8 map;             /* of the opcode: X86_MAP_* */
	bool has_67;        /* addresses, and rcx in loops, are cut to 32 bits */
	enum x86_flow flow;
};

/* Decodes the instruction at code[0 .. avail) and returns its length. Returns 0 if it does not end within
 * avail or within 15 bytes, or if it is no instruction:
 *
 *   - an opcode that 64-bit mode does not have;
 *   - 66 before a near branch: Intel and AMD differ;
 *   - before VEX or EVEX a prefix that is neither a segment's nor 67.
 *
 * An opcode that only some CPUs have is decoded if its form is certain. */
u32 x86_decode(struct x86_insn *in, const u8 *code, u32 avail);

/* The target of the branch that was decoded from code and runs at ip; 0 if its flow names no target. */
uptr x86_branch_target(const struct x86_insn *in, const u8 *code, uptr ip);
