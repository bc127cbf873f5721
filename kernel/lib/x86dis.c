// SPDX-License-Identifier: MIT
// Bytes to text: prefixes and opcode select a row of x86_insns.h, whose form says what follows.
#include "kernel/lib/x86dis.h"
#include "kernel/lib/x86.h"
#include "kernel/lib/x86len.h"

/* clang-format off */
enum form {
#define X(form, letters) FORM_##form,
	X86_FORMS(X)
#undef X
};

static const char form_letters[][4] = {
#define X(form, letters) [FORM_##form] = letters,
	X86_FORMS(X)
#undef X
};

static const struct row {
	const char *mnemonic;
	u8 form, n;
	u16 enc;
	u32 op;
} rows[] = {
#define INSN(fn, text, form, enc, op, n) { text, FORM_##form, n, enc, op },
#include "kernel/lib/x86_insns.h"
#undef INSN
};
/* clang-format on */

// An instruction while it is read.
struct dis {
	const u8 *code;
	u32 len, at; // bytes of code, bytes read
	bool bad;    // it ends too early, or the encoder cannot write it
	const struct row *row;
	const char *letters; // of the row's form
	u32 op, enc;         // as found; enc without sizes
	bool has_rex, gs;
	u8 rex, vvvv; // REX.WRXB, or the same bits of a VEX prefix
	bool is_reg;  // r/m is a register, rm
	u8 reg, rm;
	struct mem mem;
	uptr ip;
};

static u32 peek(const struct dis *d)
{
	return d->at < d->len ? d->code[d->at] : 0;
}

// The next count bytes, lowest first, sign-extended.
static i64 take(struct dis *d, u32 count)
{
	u64 v = 0;
	if (count > d->len - d->at) {
		d->bad = true;
		return 0;
	}
	for (u32 i = 0; i < count; i++)
		v |= (u64)d->code[d->at++] << (8 * i);
	return (i64)(v << (64 - 8 * count)) >> (64 - 8 * count);
}

static bool has(const struct dis *d, char letter)
{
	for (u32 i = 0; i < sizeof(form_letters[0]); i++)
		if (d->letters[i] == letter)
			return true;
	return false;
}

static void read_prefixes(struct dis *d)
{
	for (;; d->at++) {
		switch (peek(d)) {
		case 0x65: d->gs = true; continue;
		case 0x66: d->enc |= X86_66; continue;
		case 0xf0: d->enc |= X86_LOCK; continue;
		}
		break;
	}
	if (peek(d) >> 4 != 4)
		return;
	d->has_rex = true;
	d->rex = (u8)take(d, 1) & 15;
}

static void read_vex(struct dis *d)
{
	static const u32 prefix[] = { 0, X86_66, X86_F3, X86_F2 };
	u32 rxb = (u32)~take(d, 1), wvlp = (u32)take(d, 1);
	d->rex = (wvlp >> 7 & 1) << 3 | (rxb >> 5 & 7);
	d->vvvv = ~wvlp >> 3 & 15;
	d->enc |= prefix[wvlp & 3];
	d->op = (~rxb & 31) == 3 ? 0x3a00 : 0x3800;
}

static void read_opcode(struct dis *d)
{
	u32 byte = (u8)take(d, 1);
	if (byte == 0x0f)
		d->op = byte << 8;
	else if (byte == 0xc4)
		read_vex(d);
	d->op |= d->op ? (u8)take(d, 1) : byte;
	if (d->rex & 8)
		d->enc |= X86_W;
}

static bool is_accumulator(const struct dis *d)
{
	return d->row->op >> 16 && d->op == d->row->op >> 16;
}

static bool is_short(const struct dis *d)
{
	return d->op != (d->row->op & 0xffff);
}

static bool opcode_matches(const struct dis *d)
{
	u32 op = d->row->op & 0xffff;
	if (has(d, 'o'))
		return (d->op & ~7u) == op;
	if (has(d, '?'))
		return (d->op & ~15u) == op;
	if (has(d, 's') && d->op == (op | 0x10))
		return true;
	if (has(d, 'i') && X86_RM_SIZE(d->row->enc) > 1 && d->op == (op | 2))
		return true;
	return d->op == op;
}

static bool modrm_matches(const struct dis *d)
{
	bool is_reg = peek(d) >> 6 == 3;
	if (!has(d, 'r') && !has(d, 'm'))
		return true;
	if (!has(d, 'g') && (peek(d) >> 3 & 7) != d->row->n)
		return false;
	return has(d, is_reg ? 'r' : 'm');
}

static bool find_row(struct dis *d)
{
	for (d->row = rows; d->row < rows + array_len(rows); d->row++) {
		d->letters = form_letters[d->row->form];
		if ((d->row->enc & X86_PREFIXES) != d->enc)
			continue;
		if (is_accumulator(d) || (opcode_matches(d) && modrm_matches(d)))
			return true;
	}
	return false;
}

static void read_mem(struct dis *d, u32 mod)
{
	struct mem *m = &d->mem;
	*m = (struct mem){ .base = d->rm, .index = NO_REG, .gs = d->gs };
	if ((d->rm & 7) == RSP) {
		u32 sib = (u8)take(d, 1);
		m->base = (sib & 7) | (d->rex & 1) << 3;
		m->index = (sib >> 3 & 7) | (d->rex & 2) << 2;
		m->shift = sib >> 6;
		if (m->index == RSP)
			m->index = NO_REG;
	} else if (mod == 0 && (d->rm & 7) == RBP) {
		d->bad = true; // rip-relative: we use absolute addresses
	}
	if (mod == 0 && (m->base & 7) == RBP)
		m->base = NO_REG;
	if (mod || m->base == NO_REG)
		m->disp = take(d, mod == 1 ? 1 : 4);
}

static void read_modrm(struct dis *d)
{
	u32 byte = (u8)take(d, 1);
	d->reg = (byte >> 3 & 7) | (d->rex & 4) << 1;
	d->rm = (byte & 7) | (d->rex & 1) << 3;
	d->is_reg = byte >> 6 == 3;
	if (!d->is_reg)
		read_mem(d, byte >> 6);
}

static void print_number(struct strbuf *s, u64 v)
{
	str_printf(s, v < 10 ? "%llu" : "0x%llx", v);
}

// Prints small negative numbers with their sign, others as unsigned numbers of `size` bytes.
static void print_imm(struct strbuf *s, i64 v, u32 size)
{
	if (v < 0 && v >= -0x10000) {
		str_putc(s, '-');
		print_number(s, -(u64)v);
		return;
	}
	print_number(s, (u64)v << (64 - 8 * size) >> (64 - 8 * size));
}

static void print_reg(struct dis *d, struct strbuf *s, u32 reg, u32 size)
{
	static const char names[] = "axcxdxbxspbpsidi"; /* ORDER X86_REGS */
	const char *name = names + 2 * (reg & 7);
	if (size == 1 && reg >= RSP && reg <= RDI && !d->has_rex)
		d->bad = true; // ah, ch, dh, bh
	if (reg >= R8)
		str_printf(s, "r%u%s", reg, size == 1 ? "b" : size == 2 ? "w" : size == 4 ? "d" : "");
	else if (size == 1)
		str_printf(s, "%.*sl", reg < RSP ? 1 : 2, name);
	else
		str_printf(s, "%s%.2s", size == 8 ? "r" : size == 4 ? "e" : "", name);
}

static void print_disp(struct strbuf *s, i64 disp, bool is_first)
{
	bool minus = disp < 0 && disp >= -0x10000;
	if (!is_first && disp == 0)
		return;
	if (!is_first && !minus)
		str_putc(s, '+');
	print_imm(s, disp, 8);
}

static void print_mem(struct dis *d, struct strbuf *s)
{
	static const char *const keyword[] = { [1] = "byte ", [2] = "word ", [4] = "dword ", [8] = "qword " };
	const struct mem *m = &d->mem;
	u32 size = X86_RM_SIZE(d->row->enc);
	if (!has(d, 'g') || size != X86_REG_SIZE(d->row->enc))
		str_puts(s, keyword[size]);
	str_puts(s, m->gs ? "[gs:" : "[");
	if (m->base != NO_REG)
		print_reg(d, s, m->base, 8);
	if (m->index != NO_REG) {
		str_puts(s, m->base != NO_REG ? "+" : "");
		print_reg(d, s, m->index, 8);
		str_printf(s, "*%u", 1u << m->shift);
	}
	print_disp(s, m->disp, m->base == NO_REG && m->index == NO_REG);
	str_putc(s, ']');
}

static void print_target(struct dis *d, struct strbuf *s, u32 size)
{
	i64 rel = take(d, size);
	print_number(s, d->ip + d->at + (uptr)rel);
}

static void print_operand(struct dis *d, struct strbuf *s, char letter)
{
	u32 reg_size = X86_REG_SIZE(d->row->enc), rm_size = X86_RM_SIZE(d->row->enc);
	switch (letter) {
	case 'o': print_reg(d, s, (d->op & 7) | (d->rex & 1) << 3, reg_size); break;
	case 'g': print_reg(d, s, d->reg, reg_size); break;
	case 'r': print_reg(d, s, d->rm, rm_size); break;
	case 'v': print_reg(d, s, d->vvvv, reg_size); break;
	case 'm': print_mem(d, s); break;
	case 'c': str_puts(s, "cl"); break;
	case 's': print_number(s, is_short(d) ? 1 : (u8)take(d, 1)); break;
	case 'b': print_number(s, (u8)take(d, 1)); break;
	case 'i':
		print_imm(s, take(d, is_short(d) && !is_accumulator(d) ? 1 : min(rm_size, 4u)), rm_size);
		break;
	case 'I': print_imm(s, take(d, rm_size), rm_size); break;
	case 'j': print_target(d, s, 4); break;
	case 'k': print_target(d, s, 1); break;
	}
}

static void print(struct dis *d, struct strbuf *s)
{
	/* ORDER X86_CONDITIONS */
	static const char cc[16][3] = { "o", "no", "b", "ae", "e", "ne", "be", "a",
					"s", "ns", "p", "np", "l", "ge", "le", "g" };
	const char *letter = d->letters, *end = letter + sizeof(form_letters[0]);
	str_puts(s, d->row->mnemonic);
	if (*letter == '?') {
		str_puts(s, cc[d->op & 15]);
		letter++;
	}
	for (const char *separator = " "; letter < end && *letter; letter++, separator = ", ") {
		str_puts(s, separator);
		if (is_accumulator(d) && *letter == 'r')
			print_reg(d, s, RAX, X86_RM_SIZE(d->row->enc));
		else
			print_operand(d, s, *letter);
	}
}

u32 x86_disasm(struct strbuf *s, const u8 *code, u32 len, uptr ip)
{
	struct strbuf before = *s;
	struct dis d = { .code = code, .len = len, .ip = ip };
	read_prefixes(&d);
	read_opcode(&d);
	if (d.bad || !find_row(&d) || (d.gs && !has(&d, 'm')))
		return 0;
	if (!is_accumulator(&d) && (has(&d, 'r') || has(&d, 'm')))
		read_modrm(&d);
	print(&d, s);
	if (!d.bad)
		return d.at;
	*s = before;
	if (s->cap)
		s->buf[s->len] = 0;
	return 0;
}

uptr x86_target(const u8 *code, u32 len, uptr ip)
{
	struct x86_insn in;
	return x86_decode(&in, code, len) ? x86_branch_target(&in, code, ip) : 0;
}
