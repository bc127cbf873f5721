// SPDX-License-Identifier: MIT
// The length decoder against objdump for the whole text of this kernel, against NASM for odd forms, and
// against the encoder.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "kernel/lib/x86len.h"
#include "tests/host/x86_rows.h"
#include "tests/test.h"

static u32 wrong, right;

// With other bytes behind it, and with none: the same length; with one too few: none.
static bool has_len(const u8 *bytes, u32 len)
{
	struct x86_insn in;
	u8 more[32], *exact = more + sizeof(more) - len;
	memset(more, 0xff, sizeof(more));
	memcpy(more, bytes, len);
	bool ok = x86_decode(&in, more, sizeof(more)) == len && in.len == len && in.opcode_at < len;
	memcpy(exact, bytes, len);
	return ok && x86_decode(&in, exact, len) == len && x86_decode(&in, exact, len - 1) == 0;
}

static void count(bool ok, const char *text)
{
	right += ok;
	wrong += !ok;
	if (!ok && wrong <= 20)
		printf("     wrong: %s\n", text);
}

// "ffffffff80100000:\t0f 1f 44 00 00 \tnopl ..." becomes its bytes; returns 0 if the line is no instruction.
static u32 parse_row(const char *line, u8 bytes[X86_MAX_LEN])
{
	const char *tab = strchr(line, '\t');
	u32 len = 0;
	int used;
	unsigned byte;
	if (!tab)
		return 0;
	for (tab++; isxdigit((u8)*tab) && len < X86_MAX_LEN && sscanf(tab, "%2x%n", &byte, &used) == 1;
	     tab += used + 1)
		bytes[len++] = (u8)byte;
	return len;
}

// boot/ is partly 16- and 32-bit code, which objdump shows as if it were none.
TEST(x86len_agrees_with_objdump_on_every_instruction_of_the_kernel)
{
	static char line[512];
	if (access("build/fivebyte.elf", R_OK)) {
		test_skip("build/fivebyte.elf is not there");
		return;
	}
	FILE *f = popen("objdump -d -w build/fivebyte.elf", "r");
	bool in_c = false;
	require(f);
	wrong = right = 0;
	while (fgets(line, sizeof(line), f)) {
		u8 bytes[X86_MAX_LEN];
		if (strstr(line, "<boot_end>:") || strstr(line, "<acpi_"))
			in_c = true;
		u32 len = in_c ? parse_row(line, bytes) : 0;
		if (len && !strstr(line, "(bad)"))
			count(has_len(bytes, len), line);
	}
	check_eq(0, pclose(f));
	check_eq(0, wrong);
	check(right > 15000);
	printf("     %u instructions\n", right);
}

// Operands of every kind behind every kind of prefix. The macro puts an instruction's length before it.
static const char odd_forms[] =
    "bits 64\ndefault abs\n%macro i 1+\ndb %%e - %%s\n%%s: %1\n%%e:\n%endmacro\n"
    "i mov rax, 0x1122334455667788\ni mov eax, 5\ni mov ax, 5\ni mov r15b, 5\ni mov byte [rel $], 5\n"
    "i mov word [rel $], 5\ni mov dword [rel $], 5\ni mov qword [rsp + r12 * 8 + 0x1000], 5\n"
    "i mov al, [qword 0x1122334455667788]\ni mov [qword 0x1122334455667788], rax\n"
    "i a32 mov eax, [dword 0x11223344]\ni mov eax, [rax + 1]\ni mov eax, [rbp]\ni mov eax, [r13]\n"
    "i mov eax, [rsp]\ni mov eax, [r12]\ni mov eax, [rbp * 8]\ni mov eax, [rbp * 8 + rbp]\n"
    "i mov eax, gs:[0x10]\ni mov eax, fs:[rax + 0x100]\ni lock cmpxchg16b [rdi]\ni lock inc byte [edi]\n"
    "i rep movsb\ni repne scasq\ni o16 rep stosw\ni test al, 1\ni test ax, 1\ni test rax, 1\n"
    "i test byte [rax], 1\ni test word [rax], 1\ni test qword [rax], 1\ni not byte [rax]\ni neg word [rax]\n"
    "i div qword [rax]\ni imul ax, [rax], 0x1234\ni imul rax, [rax], 0x1234\ni imul eax, ecx, 5\n"
    "i push 5\ni push 0x12345678\ni push word 0x1234\ni push qword [rax]\ni pop qword [rax]\ni push fs\n"
    "i enter 16, 1\ni leave\ni ret\ni ret 8\ni retf\ni retf 8\ni iretq\ni int3\ni int 0x80\ni int1\n"
    "i syscall\ni sysret\ni sysenter\ni cpuid\ni rdtsc\ni rdmsr\ni wrmsr\ni ud2\ni hlt\ni pause\ni nop\n"
    "i mov cr3, rax\ni mov rax, cr8\ni mov dr7, rax\ni lgdt [rax]\ni swapgs\ni rdtscp\ni vmcall\ni invlpg "
    "[rax]\n"
    "i jmp short $\ni jmp near $\ni jne short $\ni jne near $\ni loop $\ni loope $\ni loopne $\ni jrcxz $\n"
    "i jecxz $\ni call $\ni call rax\ni call [rax]\ni call [rel $]\ni jmp r15\ni jmp [rax + 0x100]\n"
    "i jmp far [rax]\ni call far [rax]\ni in al, 5\ni in eax, dx\ni out 5, eax\ni out dx, al\n"
    "i bt [rax], ecx\ni bts qword [rax], 5\ni shld [rax], ecx, 5\ni shrd rax, rcx, cl\ni sar byte [rax], 1\n"
    "i shl qword [rel $], 5\ni movzx eax, byte [rax]\ni movsxd rax, [rax]\ni cmovne rax, [rel $]\n"
    "i sete [rax]\ni xadd [rax], ecx\ni bswap r9\ni popcnt rax, [rax]\ni tzcnt eax, ecx\ni crc32 eax, byte "
    "[rax]\n"
    "i movbe eax, [rax]\ni adcx rax, [rax]\ni movups xmm0, [rax]\ni movdqa xmm8, [rel $]\ni pshufd xmm0, "
    "xmm1, 5\n"
    "i pinsrw xmm0, eax, 1\ni shufps xmm0, xmm1, 5\ni cmpss xmm0, xmm1, 3\ni palignr xmm0, [rax], 5\n"
    "i pclmulqdq xmm0, xmm1, 5\ni aesenc xmm0, [rax]\ni roundsd xmm0, xmm1, 3\ni psllq xmm0, 5\ni emms\n"
    "i fld qword [rax]\ni fxsave [rax]\ni ldmxcsr [rax]\ni mfence\ni clflush [rax]\ni prefetcht0 [rax]\n"
    "i rdfsbase rax\ni rdrand rax\ni movnti [rax], rcx\ni xbegin $\ni xabort 5\ni xend\ni endbr64\n"
    "i vzeroupper\ni vaddps ymm0, ymm1, [rax]\ni vpaddd xmm8, xmm9, [r10 + r11 * 4]\ni vpshufd ymm0, ymm1, "
    "5\n"
    "i shlx rax, [rel $], rcx\ni rorx eax, [rax + 0x100], 5\ni andn eax, ecx, edx\ni vpermq ymm0, [rax], 5\n"
    "i vpcmpeqd k1, zmm1, [rax + 64]\ni vpternlogd zmm0, zmm1, [rel $], 5\ni vmovdqu64 zmm17, [rax + 0x100]\n"
    "i vaddpd zmm0 {k1}{z}, zmm1, zmm2\ni kmovw k1, eax\ni vfmadd213ps zmm0, zmm1, zmm2\n"
    "i mov ax, ss\ni mov ss, ax\ni mov es, [rax]\ni xlatb\ni xchg rax, r8\ni cqo\ni lahf\ni pushfq\ni popfq\n"
    "i mov rax, [fs:0]\ni cmp byte [rel $ + 100], 5\ni nop word [cs:rax + rax + 0x100]\n";

TEST(x86len_agrees_with_nasm_on_odd_forms)
{
	FILE *f = fopen("build/x86len.asm", "w");
	static u8 bin[8192];
	u32 len, at;
	require(f);
	fputs(odd_forms, f);
	fclose(f);
	require(system("nasm -w-prefix-seg -f bin -o build/x86len.bin build/x86len.asm") == 0);
	f = fopen("build/x86len.bin", "r");
	require(f);
	len = (u32)fread(bin, 1, sizeof(bin), f);
	fclose(f);
	wrong = right = 0;
	for (at = 0; at < len; at += 1 + bin[at]) {
		char text[80];
		snprintf(text, sizeof(text), "row %u of odd_forms, %u bytes: %02x %02x %02x %02x",
			 right + wrong, bin[at], bin[at + 1], bin[at + 2], bin[at + 3], bin[at + 4]);
		count(has_len(bin + at + 1, bin[at]), text);
	}
	check_eq(len, at);
	check_eq(0, wrong);
	check(right > 150);
}

static void check_row(const struct x86_row *row)
{
	count(has_len(row->bytes, row->len), row->text);
}

TEST(x86len_agrees_with_the_encoder)
{
	wrong = right = 0;
	x86_each_row(check_row);
	check_eq(0, wrong);
	check(right > 20000);
}

static u32 len_of(const char *bytes, u32 len)
{
	struct x86_insn in;
	return x86_decode(&in, (const u8 *)bytes, len);
}
#define LEN_OF(bytes) len_of(bytes, sizeof(bytes) - 1)

TEST(x86len_refuses_what_is_no_instruction)
{
	check_eq(0, LEN_OF("\x06"));                     // push es
	check_eq(0, LEN_OF("\x9a\x00\x00\x00\x00\x00")); // call far
	check_eq(0, LEN_OF("\x0f\x04"));
	check_eq(0, LEN_OF("\x66\xe8\x00\x00\x00\x00")); // 2 or 4 bytes of displacement?
	check_eq(0, LEN_OF("\x66\x0f\x84\x00\x00\x00\x00"));
	check_eq(0, LEN_OF("\x66\xc5\xf8\x77"));         // 66 vzeroupper
	check_eq(0, LEN_OF("\x48\xc5\xf8\x77"));         // REX before VEX
	check_eq(0, LEN_OF("\x62\xf4\x7c\x48\x58\xc0")); // map 4
	check_eq(0, LEN_OF("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x90"));
	check_eq(15, LEN_OF("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x90"));
	check_eq(0, LEN_OF("\x48"));
	check_eq(0, LEN_OF(""));
}

// A REX that is not the last prefix says nothing: this is mov eax, imm32 with 66, so imm16.
TEST(x86len_ignores_a_rex_that_is_not_last)
{
	check_eq(5, LEN_OF("\x48\x66\xb8\x34\x12"));
	check_eq(11, LEN_OF("\x66\x48\xb8\x01\x02\x03\x04\x05\x06\x07\x08"));
}

static struct x86_insn decoded(const char *bytes, u32 len)
{
	struct x86_insn in;
	check_eq(len, x86_decode(&in, (const u8 *)bytes, len));
	return in;
}
#define DECODED(bytes) decoded(bytes, sizeof(bytes) - 1)

TEST(x86len_finds_the_parts)
{
	struct x86_insn in = DECODED("\x66\x48\x81\x3d\x01\x02\x03\x04\x05\x06\x07\x08"); // cmp [rip+..], imm
	check_eq(2, in.opcode_at);
	check_eq(3, in.modrm_at);
	check_eq(4, in.rip_disp_at);
	check_eq(8, in.imm_at);
	check_eq(4, in.imm_len);
	in = DECODED("\x0f\x38\xf0\x00"); // movbe eax, [rax]
	check_eq(X86_MAP_0F38, in.map);
	check_eq(2, in.opcode_at);
	check_eq(0, in.rip_disp_at);
	in = DECODED("\x8b\x04\x25\x00\x00\x00\x00"); // mov eax, [abs32]
	check_eq(0, in.rip_disp_at);
}

TEST(x86len_knows_where_the_cpu_goes_on)
{
	check_eq(X86_FLOW_JMP, DECODED("\xeb\x05").flow);
	check_eq(X86_FLOW_JMP, DECODED("\xe9\x00\x00\x00\x00").flow);
	check_eq(X86_FLOW_JCC, DECODED("\x7e\x05").flow);
	check_eq(X86_FLOW_JCC, DECODED("\x0f\x8f\x00\x00\x00\x00").flow);
	check_eq(X86_FLOW_LOOP, DECODED("\xe3\x05").flow);
	check_eq(X86_FLOW_CALL, DECODED("\xe8\x00\x00\x00\x00").flow);
	check_eq(X86_FLOW_RET, DECODED("\xc3").flow);
	check_eq(X86_FLOW_RET, DECODED("\xf3\xc3").flow);
	check_eq(X86_FLOW_JMP_INDIRECT, DECODED("\xff\xe0").flow);
	check_eq(X86_FLOW_CALL_INDIRECT, DECODED("\x41\xff\xd0").flow);
	check_eq(X86_FLOW_NEXT, DECODED("\xff\x00").flow);
	check_eq(X86_FLOW_NEXT, DECODED("\xff\x30").flow); // push
	check_eq(X86_FLOW_NEXT, DECODED("\x0f\x38\x05\xc0").flow);
	check_eq(X86_FLOW_OTHER, DECODED("\xcc").flow);
	check_eq(X86_FLOW_OTHER, DECODED("\x0f\x0b").flow);
	check_eq(X86_FLOW_OTHER, DECODED("\x8e\xd0").flow); // mov ss, eax
	check_eq(X86_FLOW_OTHER, DECODED("\xf4").flow);
}

TEST(x86len_knows_the_target_of_a_branch)
{
	struct x86_insn in = DECODED("\x74\xfe");
	check_eq(0x1000, x86_branch_target(&in, (const u8 *)"\x74\xfe", 0x1000));
	in = DECODED("\xe8\x00\x01\x00\x00");
	check_eq(0x1105, x86_branch_target(&in, (const u8 *)"\xe8\x00\x01\x00\x00", 0x1000));
	in = DECODED("\x90");
	check_eq(0, x86_branch_target(&in, (const u8 *)"\x90", 0x1000));
}
