// SPDX-License-Identifier: MIT
// The encoder against NASM, byte for byte: each row of x86_insns.h with all registers, all pairs of
// registers, and edge values.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "kernel/lib/x86.h"
#include "tests/host/x86_rows.h"
#include "tests/test.h"

/* ---- operands and how they are written ---- */

/* clang-format off */
static const char *const reg_names[9][16] = {
	[1] = { "al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil",
		"r8b", "r9b", "r10b", "r11b", "r12b", "r13b", "r14b", "r15b" },
	[2] = { "ax", "cx", "dx", "bx", "sp", "bp", "si", "di",
		"r8w", "r9w", "r10w", "r11w", "r12w", "r13w", "r14w", "r15w" },
	[4] = { "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi",
		"r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d" },
	[8] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15" },
};
static const char *const keywords[] = { [1] = "byte ", [2] = "word ", [4] = "dword ", [8] = "qword " };
static const char *const cc_names[] = { "o", "no", "b", "ae", "e", "ne", "be", "a",
					"s", "ns", "p", "np", "l", "ge", "le", "g" };
/* clang-format on */

static const i64 disps[] = { 0, 8, 1, -1, 9, -10, 127, 128, -128, -129, 0x7fffffff, -0x80000000ll };
static const i64 imms[] = {
	0,         1,      -1,      9,      10,      127,        128,           -128,
	-129,      255,    256,     0x7fff, -0x8000, 0x8000,     0xffff,        0x10000,
	-0x10000,  -70000, 0x12345, -9,     -10,     0x7fffffff, -0x80000000ll, 0x80000000,
	0xffffffff
};

static bool imm_fits(i64 v, u32 size)
{
	switch (size) {
	case 1: return v >= -0x80 && v <= 0xff;
	case 2: return v >= -0x8000 && v <= 0xffff;
	case 4: return v >= -0x80000000ll && v <= 0xffffffff;
	}
	return v >= -0x80000000ll && v <= 0x7fffffff;
}

static int number(char *s, u64 v)
{
	return sprintf(s, v < 10 ? "%llu" : "0x%llx", v);
}

// v as an operand of size bytes: see x86dis.h.
static const char *imm_text(i64 v, u32 size)
{
	static char s[32];
	i64 seen = size == 1 ? (i8)v : size == 2 ? (i16)v : size == 4 ? (i32)v : v;
	u64 mask = size == 8 ? ~0ull : (1ull << (size * 8)) - 1;
	bool minus = seen < 0 && seen >= -0x10000;
	s[0] = '-';
	number(s + minus, minus ? -(u64)seen : (u64)seen & mask);
	return s;
}

struct mem_case {
	struct mem m;
	char text[56], nasm[64];
};
static struct mem_case mems[2000];
static u32 mem_count;

// NASM keeps an index without a base where it is only if told to.
static void add_mem(struct mem m)
{
	struct mem_case *k = &mems[mem_count++];
	char *s = k->text;
	bool plain = m.base == NO_REG && m.index == NO_REG;
	s += sprintf(s, m.gs ? "[gs:" : "[");
	if (m.base != NO_REG)
		s += sprintf(s, "%s", reg_names[8][m.base]);
	if (m.index != NO_REG)
		s += sprintf(s, "%s%s*%u", m.base != NO_REG ? "+" : "", reg_names[8][m.index], 1u << m.shift);
	const char *disp = imm_text(m.disp, 8);
	sprintf(s, "%s%s]", plain || !m.disp || *disp == '-' ? "" : "+", plain || m.disp ? disp : "");
	strcpy(k->nasm, m.base == NO_REG && m.index != NO_REG ? "[nosplit " : "[");
	strcat(k->nasm, k->text + 1);
	k->m = m;
}

#define FIRST_PLAIN 256

// First all pairs of a base and ... the row's register, which is the case's number % 16; then all others.
static void make_mems(void)
{
	mem_count = 0;
	for (u32 i = 0; i < FIRST_PLAIN; i++)
		add_mem(at(i / 16, disps[(i / 16 + i) % array_len(disps)]));
	for (u32 i = 0; i < 16 * array_len(disps); i++)
		add_mem(at(i % 16, disps[i / 16]));
	for (u32 base = 0; base < 16; base++)
		for (u32 i = 0; i < 64; i++)
			if (i / 4 != RSP)
				add_mem(
				    at_index(base, i / 4, 1u << i % 4, disps[(base + i) % array_len(disps)]));
	for (u32 i = 0; i < 64; i++)
		if (i / 4 != RSP)
			add_mem(abs32_index(disps[i % array_len(disps)], i / 4, 1u << i % 4));
	for (u32 i = 0; i < array_len(disps); i++) {
		add_mem(abs32(disps[i]));
		add_mem(gs(disps[i]));
	}
	add_mem(abs32(0xffffffff81234567));
}

/* ---- one row after the other ---- */

static struct code code;
static u8 bytes[32];
static void (*see_row)(const struct x86_row *);

static struct code *fresh(void)
{
	code = (struct code){ .buf = bytes, .base = X86_ROW_IP, .cap = sizeof(bytes) };
	return &code;
}

static void row_as(const char *nasm, const char *text)
{
	struct x86_row row = { bytes, code.err ? 0 : code.len, nasm, text };
	see_row(&row);
}

static void row(const char *fmt, ...) printf_like(1, 2);
static void row(const char *fmt, ...)
{
	char text[128];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	row_as(text, text);
}

static void mem_row(const char *before, u32 i, const char *after)
{
	char nasm[128], text[128];
	snprintf(nasm, sizeof(nasm), "%s%s%s", before, mems[i].nasm, after);
	snprintf(text, sizeof(text), "%s%s%s", before, mems[i].text, after);
	row_as(nasm, text);
}

static const char *size_keyword(u32 enc)
{
	return X86_REG_SIZE(enc) == X86_RM_SIZE(enc) ? "" : keywords[X86_RM_SIZE(enc)];
}

static const char *format(const char *fmt, ...) printf_like(1, 2);
static const char *format(const char *fmt, ...)
{
	static char texts[4][64];
	static u32 turn;
	char *s = texts[turn++ % 4];
	va_list args;
	va_start(args, fmt);
	vsnprintf(s, sizeof(texts[0]), fmt, args);
	va_end(args);
	return s;
}

// An immediate operand; for mov r64 NASM must be told which of its forms is meant.
static void imm_row(const char *before, const char *strict, i64 v, u32 size)
{
	row_as(format("%s%s%s", before, strict, imm_text(v, size)),
	       format("%s%s", before, imm_text(v, size)));
}

static void rel_row(const char *mnemonic, const char *distance, i64 rel)
{
	const char *nasm = format("%s %s $+%u%+lld", mnemonic, distance, code.len, rel);
	char target[32];
	number(target, X86_ROW_IP + code.len + (u64)rel);
	row_as(nasm, format("%s %s", mnemonic, target));
}

/* ---- the rows of a form; each macro is the loop over what the form's operands can be ---- */

/* clang-format off */
#define EACH_REG(r)  for (u32 r = 0; r < 16; r++)
#define EACH_MEM(i)  for (u32 i = 0; i < mem_count; i = next_mem(i))
#define EACH_IMM(k, size) for (u32 k = 0; k < array_len(imms); k++) if (imm_fits(imms[k], size))
#define EACH_CC(k)   for (u32 k = 0; k < 16; k++)
#define REG(enc, r)  reg_names[X86_REG_SIZE(enc)][r]
#define RMREG(enc, r) reg_names[X86_RM_SIZE(enc)][r]
/* clang-format on */

static u32 all_mems_left; // the first rows of a run take them all, later ones a sample of the rare kinds

static u32 next_mem(u32 i)
{
	if (i + 1 < FIRST_PLAIN || all_mems_left)
		return i + 1;
	return i + 13;
}

static const u8 counts[] = { 0, 1, 2, 7, 8, 31, 32, 63, 255 };

/* clang-format off */
#define ROWS_ZO(fn, text, enc, op) fn(fresh()); row("%s", text);
#define ROWS_O(fn, text, enc, op)  EACH_REG(r) { fn(fresh(), r); row("%s %s", text, REG(enc, r)); }
#define ROWS_OI(fn, text, enc, op) EACH_REG(r) { \
	for (u32 k = 0; k < array_len(imms); k++) if (X86_REG_SIZE(enc) == 8 || imm_fits(imms[k], X86_REG_SIZE(enc))) { \
		fn(fresh(), r, imms[k]); \
		imm_row(format("%s %s, ", text, REG(enc, r)), X86_REG_SIZE(enc) == 8 ? "strict qword " : "", \
			imms[k], X86_REG_SIZE(enc)); } }
#define ROWS_I(fn, text, enc, op)  EACH_IMM(k, 8) { fn(fresh(), imms[k]); imm_row(text " ", "", imms[k], 8); }
#define ROWS_R(fn, text, enc, op)  EACH_REG(r) { fn(fresh(), r); row("%s %s", text, RMREG(enc, r)); }
#define ROWS_M(fn, text, enc, op)  EACH_MEM(i) { \
	fn(fresh(), mems[i].m); mem_row(format("%s %s", text, keywords[X86_RM_SIZE(enc)]), i, ""); }
#define ROWS_RC(fn, text, enc, op) EACH_REG(r) { fn(fresh(), r); row("%s %s, cl", text, RMREG(enc, r)); }
#define ROWS_RS(fn, text, enc, op) EACH_REG(r) for (u32 k = 0; k < array_len(counts); k++) { \
	fn(fresh(), r, counts[k]); row("%s %s, %s", text, RMREG(enc, r), imm_text(counts[k], 4)); }
#define ROWS_RR(fn, text, enc, op) EACH_REG(d) EACH_REG(s) { \
	fn(fresh(), d, s); row("%s %s, %s", text, RMREG(enc, d), REG(enc, s)); }
#define ROWS_RRX(fn, text, enc, op) EACH_REG(d) EACH_REG(s) { \
	fn(fresh(), d, s); row("%s %s, %s", text, REG(enc, d), RMREG(enc, s)); }
#define ROWS_MR(fn, text, enc, op) EACH_MEM(i) { \
	fn(fresh(), mems[i].m, i % 16); mem_row(text " ", i, format(", %s", REG(enc, i % 16))); }
#define ROWS_RM(fn, text, enc, op) EACH_MEM(i) { \
	fn(fresh(), i % 16, mems[i].m); \
	mem_row(format("%s %s, %s", text, REG(enc, i % 16), size_keyword(enc)), i, ""); }
#define ROWS_RI(fn, text, enc, op) EACH_REG(r) EACH_IMM(k, X86_RM_SIZE(enc)) { \
	fn(fresh(), r, imms[k]); \
	imm_row(format("%s %s, ", text, RMREG(enc, r)), (op) == 0xc7 ? "strict dword " : "", imms[k], X86_RM_SIZE(enc)); }
#define ROWS_MI(fn, text, enc, op) EACH_MEM(i) { \
	u32 k = i % array_len(imms), size = X86_RM_SIZE(enc); \
	if (imm_fits(imms[k], size)) { \
		fn(fresh(), mems[i].m, imms[k]); \
		mem_row(format("%s %s", text, keywords[size]), i, format(", %s", imm_text(imms[k], size))); } }
#define ROWS_RRI(fn, text, enc, op) EACH_REG(d) EACH_REG(s) { \
	i64 v = imms[(d + s) % array_len(imms)]; \
	if (imm_fits(v, X86_RM_SIZE(enc))) { \
		fn(fresh(), d, s, v); \
		row("%s %s, %s, %s", text, REG(enc, d), RMREG(enc, s), imm_text(v, X86_RM_SIZE(enc))); } }
#define ROWS_REL32(fn, text, enc, op) for (u32 k = 0; k < array_len(disps); k++) { \
	fn(fresh(), disps[k]); rel_row(text, "strict near", disps[k]); }
#define ROWS_REL8(fn, text, enc, op) for (i32 rel = -128; rel < 128; rel++) { \
	fn(fresh(), rel); rel_row(text, "short", rel); }
#define ROWS_CC_REL32(fn, text, enc, op) EACH_CC(k) for (u32 i = 0; i < array_len(disps); i++) { \
	fn(fresh(), k, disps[i]); rel_row(format("%s%s", text, cc_names[k]), "strict near", disps[i]); }
#define ROWS_CC_REL8(fn, text, enc, op) EACH_CC(k) for (i32 rel = -128; rel < 128; rel += 15) { \
	fn(fresh(), k, rel); rel_row(format("%s%s", text, cc_names[k]), "short", rel); }
#define ROWS_CC_RRX(fn, text, enc, op) EACH_CC(k) EACH_REG(d) EACH_REG(s) { \
	fn(fresh(), k, d, s); row("%s%s %s, %s", text, cc_names[k], REG(enc, d), RMREG(enc, s)); }
#define ROWS_VEX_RRR(fn, text, enc, op) EACH_REG(d) EACH_REG(s) for (u32 v = (d + s) % 5; v < 16; v += 5) { \
	fn(fresh(), d, s, v); row("%s %s, %s, %s", text, REG(enc, d), RMREG(enc, s), REG(enc, v)); }
#define ROWS_VEX_RVR(fn, text, enc, op) EACH_REG(d) EACH_REG(s) for (u32 v = (d + s) % 5; v < 16; v += 5) { \
	fn(fresh(), d, v, s); row("%s %s, %s, %s", text, REG(enc, d), REG(enc, v), RMREG(enc, s)); }
#define ROWS_VEX_RRI(fn, text, enc, op) EACH_REG(d) EACH_REG(s) { \
	u8 v = counts[(d + s) % array_len(counts)]; \
	fn(fresh(), d, s, v); row("%s %s, %s, %s", text, REG(enc, d), RMREG(enc, s), imm_text(v, 4)); }
/* clang-format on */

/* A function for each row, so that no function is huge under the sanitizers. */
#define INSN(fn, text, form, enc, op, n)       \
	static void rows_of_##fn(void)         \
	{                                      \
		ROWS_##form(fn, text, enc, op) \
	}
#include "kernel/lib/x86_insns.h"
#undef INSN

static void mov_ri_rows(void)
{
	static const i64 more[] = { 0x123456789abcdefll, -0x80000001ll, 0x100000000ll, (i64)(1ull << 63) };
	EACH_REG(r)
	{
		for (u32 k = 0; k < array_len(imms) + array_len(more); k++) {
			i64 v = k < array_len(imms) ? imms[k] : more[k - array_len(imms)];
			mov_ri(fresh(), r, v);
			const char *name = reg_names[v == (u32)v ? 4 : 8][r]; // mov r64, u32 is mov r32, u32
			const char *text = imm_text(v, v == (u32)v ? 4 : 8);
			row_as(format("mov %s, %s", reg_names[8][r], imm_text(v, 8)),
			       format("mov %s, %s", name, v == (u32)v ? text : imm_text(v, 8)));
		}
	}
}

// What the long nops look like is in the SDM's table; NASM needs the widths spelled out.
static void nop_rows(void)
{
	static const char *const nasm[][2] = {
		{ "nop", "nop" },
		{ "o16 nop", "o16 nop" },
		{ "nop dword [rax]", "nop dword [rax]" },
		{ "nop dword [byte rax+0]", "nop dword [rax]" },
		{ "nop dword [byte rax+rax*1+0]", "nop dword [rax+rax*1]" },
		{ "nop word [byte rax+rax*1+0]", "nop word [rax+rax*1]" },
		{ "nop dword [dword rax+0]", "nop dword [rax]" },
		{ "nop dword [dword rax+rax*1+0]", "nop dword [rax+rax*1]" },
		{ "nop word [dword rax+rax*1+0]", "nop word [rax+rax*1]" },
	};
	for (u32 len = 1; len <= 9; len++) {
		nop(fresh(), len);
		row_as(nasm[len - 1][0], nasm[len - 1][1]);
	}
}

void x86_each_row(void (*see)(const struct x86_row *))
{
	static void (*const all[])(void) = {
#define INSN(fn, text, form, enc, op, n) rows_of_##fn,
#include "kernel/lib/x86_insns.h"
#undef INSN
		mov_ri_rows,
		nop_rows,
	};
	see_row = see;
	make_mems();
	for (u32 i = 0; i < array_len(all); i++) {
		all_mems_left = i < 16; // the rows of mov
		all[i]();
	}
}

/* ---- against NASM ---- */

#define SLOT 16 /* each row starts at a multiple of it */
static FILE *asm_file, *our_file;
static u32 row_count, refused;

static void write_row(const struct x86_row *row)
{
	u8 slot[SLOT];
	memset(slot, X86_INT3, sizeof(slot));
	memcpy(slot, row->bytes, min(row->len, (u32)SLOT));
	fwrite(slot, 1, SLOT, our_file);
	fprintf(asm_file, "%s\nalign %d, int3\n", row->nasm, SLOT);
	row_count++;
	if (row->len && row->len < SLOT)
		return;
	printf("refused by the encoder, or too long: %s\n", row->text);
	refused++;
}

static void print_slot(const char *who, const u8 *slot)
{
	printf(" %s", who);
	for (u32 i = 0; i < SLOT; i++)
		printf(" %02x", slot[i]);
}

static char *line_of(FILE *text, char *line, u32 size)
{
	char align[64];
	return fgets(line, size, text) && fgets(align, sizeof(align), text) ? line : "?\n";
}

// Rows whose bytes differ; the first few are shown.
static u32 compare(FILE *text, FILE *ours, FILE *nasm)
{
	u8 a[SLOT], b[SLOT];
	u32 differ = 0;
	char line[160];
	while (fread(a, 1, SLOT, ours) == SLOT) {
		char *insn = line_of(text, line, sizeof(line));
		memset(b, X86_INT3, SLOT);
		if (fread(b, 1, SLOT, nasm) && memcmp(a, b, SLOT) == 0)
			continue;
		if (differ++ >= 20)
			continue;
		print_slot("ours", a);
		print_slot("nasm", b);
		printf("  %s", insn);
	}
	return differ;
}

static FILE *open_in(const char *dir, const char *name, const char *mode)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return fopen(path, mode);
}

static bool run_in(const char *dir, const char *command)
{
	char line[256];
	snprintf(line, sizeof(line), "cd %s && %s", dir, command);
	return system(line) == 0;
}

TEST(x86_every_form_is_what_nasm_writes)
{
	char dir[] = "build/x86-XXXXXX";
	require(system("mkdir -p build") == 0 && mkdtemp(dir));
	asm_file = open_in(dir, "rows.asm", "w");
	our_file = open_in(dir, "ours", "wb");
	require(asm_file && our_file);
	row_count = refused = 0;
	fprintf(asm_file, "bits 64\n");
	x86_each_row(write_row);
	fclose(asm_file);
	fclose(our_file);
	check_eq(0, refused);
	check(row_count > 40000);
	if (check(run_in(dir, "nasm -f bin -w-all -o nasm rows.asm"))) {
		FILE *text = open_in(dir, "rows.asm", "r"), *ours = open_in(dir, "ours", "rb");
		FILE *nasm = open_in(dir, "nasm", "rb");
		char bits[16];
		require(text && ours && nasm && fgets(bits, sizeof(bits), text));
		check_eq(0, compare(text, ours, nasm));
		fclose(text);
		fclose(ours);
		fclose(nasm);
	}
	run_in(dir, "rm -f rows.asm ours nasm; rmdir $PWD");
}
