// SPDX-License-Identifier: MIT
// Tries the text of each row of insn.h as a pattern, and fills the fields that its letters stand for.
#include "kernel/lib/mem.h"
#include "kernel/cpu/panic.h"
#include "tests/host/vm_asm.h"
#include "tests/host/vm_run.h"
#include "vm/run/kfunc.h"

static bool take(const char **at, const char *text)
{
	size_t len = strlen(text);
	if (strncmp(*at, text, len))
		return false;
	*at += len;
	return true;
}

static u32 digit(char ch)
{
	if (ch >= '0' && ch <= '9')
		return (u32)(ch - '0');
	ch |= 0x20;
	return ch >= 'a' && ch <= 'f' ? (u32)(ch - 'a') + 10 : 99;
}

/* Digits of that base, with a sign before them or not; no more than 64 bits. */
static bool take_number(const char **at, u32 base, i64 *value)
{
	u64 sum = 0, next;
	bool negative = take(at, "-");
	if (!negative)
		take(at, "+");
	const char *first = *at;
	for (; digit(**at) < base; ++*at) {
		if (__builtin_mul_overflow(sum, base, &next) ||
		    __builtin_add_overflow(next, digit(**at), &sum))
			return false;
	}
	*value = (i64)(negative ? 0 - sum : sum);
	return *at > first;
}

/* r0 .. r15: numbers that are none must be writable too, so that they can be refused. */
static bool take_register(const char **at, char kind, u32 *reg)
{
	i64 value;
	if (**at != kind)
		return false;
	++*at;
	if (!take_number(at, 10, &value) || value < 0 || value > 15)
		return false;
	*reg = (u32)value;
	return true;
}

static bool take_imm(const char **at, const char *prefix, u32 base, i32 *imm)
{
	i64 value;
	if (!take(at, prefix) || (base == 10 && take(at, "0x")) || !take_number(at, base, &value))
		return false;
	*imm = (i32)value;
	return base == 16 ? value == (u32)value : value == *imm;
}

static bool take_offset(const char **at, const char *prefix, struct insn *in)
{
	i32 off;
	if (!take_imm(at, prefix, 10, &off))
		return false;
	in->off = (i16)off;
	return in->off == off;
}

static bool take_memory(const char **at, struct insn *in, bool is_dst)
{
	u32 reg;
	if (!take(at, "(") || !take_register(at, 'r', &reg) || !take_offset(at, " ", in))
		return false;
	if (is_dst)
		in->dst = reg & 15;
	else
		in->src = reg & 15;
	return take(at, ")");
}

static bool take_wide(const char **at, struct insn *in)
{
	i64 value;
	if (!take(at, "0x") || !take_number(at, 16, &value))
		return false;
	in[0].imm = (i32)value;
	in[1].imm = (i32)(value >> 32);
	return true;
}

static bool take_helper(const char **at, i32 *id)
{
	while (**at && **at != '#' && **at != ' ')
		++*at;
	return take_imm(at, "#", 10, id);
}

/* A function of the kernel: its name alone, since its number changes with each kernel. */
static bool take_kfunc(const char **at, i32 *id)
{
	const struct helper *h = kfunc_named(*at);
	if (!h)
		return take_helper(at, id);
	*at += strlen(*at);
	*id = (i32)kfunc_btf_id(h);
	return true;
}

/* A field that stands twice in a text, as in r1 = -r1, must be the same both times. */
static bool take_again(const char **at, char kind, u32 *reg, bool *seen)
{
	u32 value = 0;
	bool ok = take_register(at, kind, &value) && (!*seen || value == *reg);
	*seen = true;
	*reg = value;
	return ok;
}

static bool take_field(const char **at, char letter, struct insn *in, bool seen[2])
{
	u32 dst = in->dst, src = in->src;
	bool ok = false;
	switch (letter) {
	case 'D': ok = take_again(at, 'r', &dst, &seen[0]); break;
	case 'd': ok = take_again(at, 'w', &dst, &seen[0]); break;
	case 'S': ok = take_again(at, 'r', &src, &seen[1]); break;
	case 's': ok = take_again(at, 'w', &src, &seen[1]); break;
	case 'M': return take_memory(at, in, true);
	case 'N': return take_memory(at, in, false);
	case 'I': return take_imm(at, "", 10, &in->imm);
	case 'X': return take_imm(at, "0x", 16, &in->imm);
	case 'L': return take_wide(at, in);
	case 'V': return take_imm(at, "", 10, &in[1].imm);
	case 'J': return take_offset(at, "pc", in);
	case 'K':
	case 'C': return take_imm(at, "pc", 10, &in->imm);
	case 'H': return take_helper(at, &in->imm);
	case 'F': return take_kfunc(at, &in->imm);
	case 'm': return take_imm(at, "id:", 10, &in->imm);
	case 'i': return take_imm(at, "idx:", 10, &in->imm);
	case 'P': return take_imm(at, "", 10, &in->imm);
	}
	in->dst = dst & 15;
	in->src = src & 15;
	return ok;
}

static bool matches(const struct insn_row *row, const char *line, struct insn out[2])
{
	bool seen[2] = { false, false };
	memset(out, 0, 2 * sizeof(*out));
	for (const char *t = row->text; *t; t++) {
		if (*t == '$' ? !take_field(&line, *++t, out, seen) : *line++ != *t)
			return false;
	}
	out->op = row->op;
	if (row->key == OFF)
		out->off = row->value;
	if (row->key == IMM)
		out->imm = row->value;
	if (row->key == SRC)
		out->src = row->value & 15;
	return *line == 0;
}

u32 vm_asm_line(struct insn out[2], const char *line)
{
	if (!strncmp(line, "hex ", 4)) {
		i32 len = hex_bytes(line + 4, (u8 *)out, 2 * sizeof(*out));
		return len > 0 ? (u32)len / sizeof(*out) : 0;
	}
	for (u32 kind = INSN_BAD + 1; kind < INSN_KINDS; kind++)
		if (insn_rows[kind].text[0] != '!' && matches(&insn_rows[kind], line, out))
			return insn_is_wide(out) ? 2 : 1;
	return 0;
}

u32 vm_asm(struct insn *out, u32 cap, const char *text)
{
	u32 count = 0;
	while (*text && *text != '\n') {
		char line[160];
		u32 len = 0;
		struct insn slots[2];
		while (text[len] && text[len] != '\n')
			len++;
		assert(len < sizeof(line));
		memcpy(line, text, len);
		line[len] = 0;
		u32 n = vm_asm_line(slots, line);
		if (!n || count + n > cap)
			panic("vm_asm: %s", n ? "too long" : line);
		memcpy(&out[count], slots, n * sizeof(*out));
		count += n;
		text += len + (text[len] == '\n');
	}
	return count;
}
