// SPDX-License-Identifier: MIT
// The forms of all opcodes, one letter each, and the walk through an instruction's parts.
#include "kernel/lib/x86len.h"
#include "kernel/lib/mem.h"

/* clang-format off */
/* One letter for each opcode, sixteen a row, as the SDM's opcode maps (vol. 2, appendix A):
 *   .  nothing follows      b w  immediate of 1, 2 bytes     z  of 4, or 2 with 66    v  as z, 8 with REX.W
 *   m  ModRM                B Z  ModRM and b, z              f F  ModRM; B, Z if its reg field is 0 or 1
 *   c  ModRM, always registers, for any mod                  j  rel32                 o  an address
 *   e  enter: w and b       p R  prefix, REX                 x  escape, VEX, EVEX     -  no instruction */
static const char one_byte[] =
	"mmmmbz--mmmmbz-x" "mmmmbz--mmmmbz--" "mmmmbzp-mmmmbzp-" "mmmmbzp-mmmmbzp-"
	"RRRRRRRRRRRRRRRR" "................" "--xmppppzZbB...." "bbbbbbbbbbbbbbbb"
	"BZ-Bmmmmmmmmmmmm" "..........-....." "oooo....bz......" "bbbbbbbbvvvvvvvv"
	"BBw.xxBZe.w..b-." "mmmm---.mmmmmmmm" "bbbbbbbbjj-b...." "p.pp..fF......mm";

static const char two_bytes[] =
	"mmmm-.....-.-m.B" "mmmmmmmmmmmmmmmm" "cccc----mmmmmmmm" "......-.x-x-----"
	"mmmmmmmmmmmmmmmm" "mmmmmmmmmmmmmmmm" "mmmmmmmmmmmmmmmm" "BBBBmmm.mm--mmmm"
	"jjjjjjjjjjjjjjjj" "mmmmmmmmmmmmmmmm" "...mBm--...mBmmm" "mmmmmmmmmmBmmmmm"
	"mmBmBBBm........" "mmmmmmmmmmmmmmmm" "mmmmmmmmmmmmmmmm" "mmmmmmmmmmmmmmmm";

/* The 0f map under VEX and EVEX: it has no branch, and vzeroupper has no ModRM. */
static const char two_bytes_vex[] =
	"----------------" "mmmmmmmmmmmmmmmm" "--------mmmmmmmm" "----------------"
	"mmmmmmmmmmmmmmmm" "mmmmmmmmmmmmmmmm" "mmmmmmmmmmmmmmmm" "BBBBmmm.mmmmmmmm"
	"----------------" "mmmmmmmmmmmmmmmm" "--------------m-" "----------------"
	"--B-BBB---------" "mmmmmmmmmmmmmmmm" "mmmmmmmmmmmmmmmm" "mmmmmmmmmmmmmmm-";
/* clang-format on */

struct walk_insn {
	struct x86_insn *in;
	const u8 *code;
	u32 at, avail;
	bool has_66, has_rep, rex_w, vex;
	char form;
};

/* The next byte; -1 at the end. */
static i32 take_bytes(struct walk_insn *w)
{
	return w->at < w->avail ? w->code[w->at++] : -1;
}

/* Returns the first byte that is no legacy prefix. A REX counts only directly before the opcode. */
static i32 take_prefixes(struct walk_insn *w)
{
	for (;;) {
		i32 byte = take_bytes(w);
		if (byte < 0)
			return -1;
		char form = one_byte[byte];
		if (form != 'p' && form != 'R')
			return byte;
		w->rex_w = form == 'R' && byte & 8;
		w->vex |= form == 'R'; /* REX may not stand before VEX */
		w->has_66 |= byte == 0x66;
		w->has_rep |= byte == 0xf2 || byte == 0xf3 || byte == 0xf0;
		w->in->has_67 |= byte == 0x67;
	}
}

/* Behind c5 comes one byte more, and the map is 0f. Behind c4 come two, behind 62 (EVEX) three; the first has
 * the map. Returns the opcode. */
static i32 take_vex(struct walk_insn *w, u32 escape)
{
	u32 map = 1;
	if (w->vex || w->has_66 || w->has_rep)
		return -1;
	if (escape != 0xc5) {
		i32 byte = take_bytes(w);
		if (byte < 0)
			return -1;
		map = byte & (escape == 0x62 ? 7 : 31);
		w->at += escape == 0x62;
	}
	w->at++;
	if (map < 1 || map > (escape == 0x62 ? 6 : 3) || map == 4)
		return -1;
	i32 opcode = take_bytes(w);
	w->in->map = min(map, 3u);
	if (opcode >= 0)
		w->form = map == 1 ? two_bytes_vex[opcode] : map == 3 ? 'B' : 'm';
	if (w->form == '.' && escape == 0x62)
		w->form = '-';
	return opcode;
}

/* Returns the opcode's last byte. */
static i32 take_opcode(struct walk_insn *w)
{
	i32 byte = take_prefixes(w);
	if (byte == 0xc4 || byte == 0xc5 || byte == 0x62)
		return take_vex(w, (u32)byte);
	if (byte < 0)
		return -1;
	w->form = one_byte[byte];
	if (byte != 0x0f)
		return byte;
	byte = take_bytes(w);
	w->in->map = X86_MAP_0F;
	if (byte < 0)
		return -1;
	w->form = two_bytes[byte];
	if (byte != 0x38 && byte != 0x3a)
		return byte;
	w->in->map = byte == 0x38 ? X86_MAP_0F38 : X86_MAP_0F3A;
	w->form = byte == 0x38 ? 'm' : 'B';
	return take_bytes(w);
}

/* mod 3 is a register; rm 4 announces a SIB byte; mod 0 with rm 5 is [rip + disp32], and as a SIB's base
 * no base but disp32. */
static bool take_modrm(struct walk_insn *w)
{
	w->in->modrm_at = (u8)w->at;
	i32 modrm = take_bytes(w);
	if (modrm < 0)
		return false;
	u32 mod = modrm >> 6, rm = modrm & 7;
	if (mod == 3 || w->form == 'c')
		return true;
	if (rm == 4) {
		i32 sib = take_bytes(w);
		if (sib < 0)
			return false;
		if (mod == 0 && (sib & 7) == 5)
			mod = 2;
	} else if (mod == 0 && rm == 5) {
		w->in->rip_disp_at = (u8)w->at;
		mod = 2;
	}
	w->at += mod == 2 ? 4 : mod;
	return true;
}

static bool has_modrm(char form)
{
	return form == 'm' || form == 'B' || form == 'Z' || form == 'f' || form == 'F' || form == 'c';
}

static u32 imm_len(const struct walk_insn *w)
{
	u32 reg = w->in->modrm_at ? w->code[w->in->modrm_at] >> 3 & 7 : 0;
	u32 z = w->has_66 && !w->rex_w ? 2 : 4;
	switch (w->form) {
	case 'b':
	case 'B': return 1;
	case 'f': return reg < 2 ? 1 : 0;
	case 'F': return reg < 2 ? z : 0;
	case 'z':
	case 'Z': return z;
	case 'v': return w->rex_w ? 8 : z;
	case 'o': return w->in->has_67 ? 4 : 8;
	case 'w': return 2;
	case 'e': return 3;
	case 'j': return 4;
	default: return 0;
	}
}

static enum x86_flow flow_of_ff(u32 reg)
{
	switch (reg) {
	case 2: return X86_FLOW_CALL_INDIRECT;
	case 4: return X86_FLOW_JMP_INDIRECT;
	case 3:
	case 5: return X86_FLOW_OTHER; /* far */
	default: return X86_FLOW_NEXT;
	}
}

static enum x86_flow flow_of_one_byte(u32 opcode, u32 modrm)
{
	u32 reg = modrm >> 3 & 7;
	switch (opcode) {
	case 0x70 ... 0x7f: return X86_FLOW_JCC;
	case 0xe0 ... 0xe3: return X86_FLOW_LOOP;
	case 0xe8: return X86_FLOW_CALL;
	case 0xe9:
	case 0xeb: return X86_FLOW_JMP;
	case 0xc2:
	case 0xc3: return X86_FLOW_RET;
	case 0xff: return flow_of_ff(reg);
	case 0x8e: return reg == 2 ? X86_FLOW_OTHER : X86_FLOW_NEXT; /* mov ss */
	case 0xc6:
	case 0xc7: return reg == 7 ? X86_FLOW_OTHER : X86_FLOW_NEXT; /* xabort, xbegin */
	case 0xca ... 0xcd:                                          /* retf, int3, int */
	case 0xcf:                                                   /* iret */
	case 0xf1:                                                   /* int1 */
	case 0xf4: return X86_FLOW_OTHER;                            /* hlt */
	default: return X86_FLOW_NEXT;
	}
}

static enum x86_flow flow_of_0f(u32 opcode)
{
	switch (opcode) {
	case 0x80 ... 0x8f: return X86_FLOW_JCC;
	case 0x05: /* syscall, sysret, ud2, sysenter, sysexit, ud1, ud0 */
	case 0x07:
	case 0x0b:
	case 0x34:
	case 0x35:
	case 0xb9:
	case 0xff: return X86_FLOW_OTHER;
	default: return X86_FLOW_NEXT;
	}
}

static enum x86_flow flow_of(const struct walk_insn *w, u32 opcode)
{
	if (w->in->map == X86_MAP_ONE)
		return flow_of_one_byte(opcode, w->in->modrm_at ? w->code[w->in->modrm_at] : 0);
	return w->in->map == X86_MAP_0F ? flow_of_0f(opcode) : X86_FLOW_NEXT;
}

static bool is_near_branch(enum x86_flow flow)
{
	return flow >= X86_FLOW_JMP && flow <= X86_FLOW_CALL_INDIRECT;
}

u32 x86_decode(struct x86_insn *in, const u8 *code, u32 avail)
{
	struct walk_insn w = { .in = in, .code = code, .avail = min(avail, (u32)X86_MAX_LEN) };
	*in = (struct x86_insn){ 0 };
	i32 opcode = take_opcode(&w);
	if (opcode < 0 || w.form == '-' || w.form == 'x')
		return 0;
	in->opcode_at = (u8)(w.at - 1);
	if (has_modrm(w.form) && !take_modrm(&w))
		return 0;
	in->flow = flow_of(&w, (u32)opcode);
	if (w.has_66 && is_near_branch(in->flow))
		return 0;
	in->imm_len = (u8)imm_len(&w);
	in->imm_at = in->imm_len ? (u8)w.at : 0;
	w.at += in->imm_len;
	if (w.at > w.avail)
		return 0;
	return in->len = (u8)w.at;
}

notrace uptr x86_branch_target(const struct x86_insn *in, const u8 *code, uptr ip)
{
	i32 rel = 0;
	if (in->flow < X86_FLOW_JMP || in->flow > X86_FLOW_CALL)
		return 0;
	if (in->imm_len == 1)
		rel = (i8)code[in->imm_at];
	else
		memcpy(&rel, code + in->imm_at, 4);
	return ip + in->len + (uptr)(i64)rel;
}
