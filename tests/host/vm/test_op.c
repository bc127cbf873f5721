// SPDX-License-Identifier: MIT
// The ops that the optimiser makes of some lines of eBPF, printed one a line: NAME dst first-operand
// second-operand [memory] #immediate. Removed ops are not printed.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "tests/host/vm_asm.h"
#include "tests/test.h"
#include "vm/jit/op.h"

static const char *name_of(u32 kind)
{
	static const char *const names[OP_KINDS] = {
#define ROW(name, ...) [INSN_##name] = #name,
		INSNS(ROW, ROW)
#undef ROW
		    [OP_ROL64] = "ROL64",
		[OP_ROL32] = "ROL32",
		[OP_ELEMENT] = "ELEMENT",
	};
	return names[kind];
}

static void print_reg(struct strbuf *s, u32 reg)
{
	if (reg != OP_NO_REG)
		str_printf(s, " r%u", reg);
}

static void print_op(struct strbuf *s, const struct op *op, const struct insn *in)
{
	bool is_memory = op->kind < INSN_KINDS && insn_is_access(in);
	bool has_imm = op->kind >= OP_ROL64 || (op->kind < INSN_KINDS && insn_uses(op->kind) & USES_IMM);
	str_printf(s, "%s", name_of(op->kind));
	print_reg(s, op->dst);
	if (!is_memory)
		print_reg(s, op->a);
	print_reg(s, op->b);
	if (is_memory) {
		str_printf(s, " [");
		print_reg(s, op->a);
		print_reg(s, op->index);
		str_printf(s, "*%u%+d]", 1u << op->shift, op->disp);
	}
	if (has_imm && !insn_is_wide(in))
		str_printf(s, " #%d", op->imm);
	str_printf(s, "\n");
}

/* The ops of a program as text. */
static const char *ops_of(const char *source)
{
	static char text[2048];
	static struct insn insns[64];
	struct strbuf s = STRBUF(text);
	struct prog p = { .insns = insns };
	text[0] = 0;
	p.insn_count = vm_asm(insns, array_len(insns), source);
	u8 *marks = flow_marks(&p);
	struct op *ops = ops_build(&p, marks);
	for (u32 i = 0; i < p.insn_count; i++)
		if (ops[i].kind != OP_GONE)
			print_op(&s, &ops[i], &insns[i]);
	kfree(ops);
	kfree(marks);
	return text;
}

TEST(op_folds_sums_into_addresses)
{
	check_str("LDX64 r0 [ r2 r1*8+16]\nEXIT\n", ops_of("r3 = r1\nr3 <<= 3\nr4 = r2\nr4 += r3\nr4 += 8\n"
							   "r0 = *(u64 *)(r4 +8)\nexit\n"));
	check_str("STX8 r2 [ r1 r3*1-1]\nEXIT\n", ops_of("r4 = r1\nr4 += r3\n*(u8 *)(r4 -1) = r2\nexit\n"));
}

TEST(op_keeps_a_sum_that_is_still_needed)
{
	check_str("ADD64_X r0 r1 r2\nLDX8 r3 [ r1 r2*1+0]\nSTX8 r3 [ r1*1+0]\nEXIT\n",
		  ops_of("r0 = r1\nr0 += r2\nr3 = *(u8 *)(r0 +0)\n*(u8 *)(r1 +0) = r3\nexit\n"));
}

TEST(op_folds_no_sum_of_what_was_overwritten)
{
	check_str("MOV64_X r4 r1\nMOV64_K r1 #0\nLDX8 r0 [ r4 r2*1+0]\nSTX8 r1 [ r2*1+0]\nEXIT\n",
		  ops_of("r4 = r1\nr4 += r2\nr1 = 0\nr0 = *(u8 *)(r4 +0)\n*(u8 *)(r2 +0) = r1\nexit\n"));
}

TEST(op_makes_rotates)
{
	check_str("ROL64 r3 r3 #13\nMOV64_X r0 r3\nEXIT\n",
		  ops_of("r4 = r3\nr4 >>= 51\nr3 <<= 13\nr3 |= r4\nr0 = r3\nexit\n"));
	check_str("ROL32 r0 r1 #7\nEXIT\n", ops_of("w0 = w1\nw0 <<= 7\nw1 >>= 25\nw0 |= w1\nexit\n"));
}

TEST(op_makes_no_rotate_of_other_shifts)
{
	check_str("RSH64_K r4 r3 #50\nLSH64_K r3 r3 #13\nOR64_X r3 r3 r4\nMOV64_X r0 r3\nEXIT\n",
		  ops_of("r4 = r3\nr4 >>= 50\nr3 <<= 13\nr3 |= r4\nr0 = r3\nexit\n"));
}

TEST(op_knows_upper_halves)
{
	check_str("LDX32 r0 [ r1*1+0]\nDIV32_K r0 r0 #10\nEXIT\n",
		  ops_of("r0 = *(u32 *)(r1 +0)\nw0 = w0\nr0 /= 10\nexit\n"));
	check_str("MOV32_X r0 r1\nEXIT\n", ops_of("w0 = w1\nexit\n"));
}

TEST(op_drops_what_is_never_read)
{
	check_str("MOV64_K r0 #0\nEXIT\n", ops_of("r3 = 7\nr3 *= r3\nr0 = 0\nexit\n"));
}

TEST(op_keeps_a_shift_that_another_op_reads)
{
	check_str("LSH64_K r1 r1 #2\nLDX32 r3 [ r2 r1*1+0]\nADD64_X r0 r3 r1\nEXIT\n",
		  ops_of("r1 <<= 2\nr2 += r1\nr3 = *(u32 *)(r2 +0)\nr0 = r3\nr0 += r1\nexit\n"));
}

TEST(op_makes_one_of_two_shifts_that_extend)
{
	check_str("MOV32_X r0 r1\nEXIT\n", ops_of("r0 = r1\nr0 <<= 32\nr0 >>= 32\nexit\n"));
	check_str("MOVSX64_32 r0 r0\nEXIT\n", ops_of("r0 <<= 32\nr0 s>>= 32\nexit\n"));
}

TEST(op_makes_a_remainder_of_what_clang_writes_for_it)
{
	check_str("MOD64_X r0 r1 r2\nEXIT\n",
		  ops_of("r3 = r1\nr3 /= r2\nr3 *= r2\nr0 = r1\nr0 -= r3\nexit\n"));
	check_str("DIV64_X r3 r1 r2\nMUL64_X r4 r3 r2\nSUB64_X r0 r1 r4\nADD64_X r0 r0 r3\nEXIT\n",
		  ops_of("r3 = r1\nr3 /= r2\nr4 = r3\nr4 *= r2\nr0 = r1\nr0 -= r4\nr0 += r3\nexit\n"));
}

TEST(op_jumps_where_the_last_jump_leads)
{
	check_str("JNE64_K r1 #5\nMOV64_K r0 #1\nEXIT\nMOV64_K r0 #2\nEXIT\n",
		  ops_of("if r1 == 0x5 goto pc+1\ngoto pc+2\nr0 = 1\nexit\nr0 = 2\nexit\n"));
}

TEST(op_takes_back_an_address_made_for_one_access)
{
	check_str("LDX8 r0 [ r1 r2*1+4]\nEXIT\n", ops_of("r1 += r2\nr0 = *(u8 *)(r1 +4)\nexit\n"));
	check_str("ADD64_X r1 r1 r2\nLDX8 r0 [ r1*1+4]\nSTX8 r0 [ r1*1+5]\nEXIT\n",
		  ops_of("r1 += r2\nr0 = *(u8 *)(r1 +4)\n*(u8 *)(r1 +5) = r0\nexit\n"));
}

TEST(op_keeps_the_stack_in_the_stack)
{
	check_str("MOV64_X r1 r10\nLDX64 r0 [ r1*1-4]\nEXIT\n",
		  ops_of("r1 = r10\nr0 = *(u64 *)(r1 -4)\nexit\n"));
	check_str("LDX64 r0 [ r10*1-8]\nEXIT\n", ops_of("r1 = r10\nr1 += -8\nr0 = *(u64 *)(r1 +0)\nexit\n"));
	check_str("LDX8 r0 [ r2 r10*1-8]\nEXIT\n",
		  ops_of("r1 = r10\nr1 += -8\nr1 += r2\nr0 = *(u8 *)(r1 +0)\nexit\n"));
}

TEST(op_asks_only_once)
{
	check_str(
	    "JEQ64_K r1 #1\nMOV64_K r2 #7\nMOV64_X r0 r2\nEXIT\nMOV64_K r0 #5\nEXIT\n",
	    ops_of("if r1 == 0x1 goto pc+1\nr2 = 7\nif r1 == 0x1 goto pc+2\nr0 = r2\nexit\nr0 = 5\nexit\n"));
}

TEST(op_extends_signs_with_one_op)
{
	check_str("MOVSX64_8 r0 r1\nEXIT\n", ops_of("r0 = r1\nr0 <<= 56\nr0 s>>= 56\nexit\n"));
	check_str("MOVSX32_16 r0 r1\nEXIT\n", ops_of("w0 = w1\nw0 <<= 16\nw0 s>>= 16\nexit\n"));
	check_str("AND32_K r0 r1 #65535\nEXIT\n", ops_of("r0 = r1\nr0 <<= 48\nr0 >>= 48\nexit\n"));
	check_str("AND32_K r0 r1 #255\nEXIT\n", ops_of("w0 = w1\nw0 <<= 24\nw0 >>= 24\nexit\n"));
	check_str("LDXS8 r0 [ r1*1+4]\nEXIT\n", ops_of("r0 = *(u8 *)(r1 +4)\nr0 <<= 56\nr0 s>>= 56\nexit\n"));
	check_str("LDX8 r0 [ r1*1+4]\nMOVSX64_16 r0 r0\nEXIT\n",
		  ops_of("r0 = *(u8 *)(r1 +4)\nr0 <<= 48\nr0 s>>= 48\nexit\n"));
}

TEST(op_scales_an_index_of_32_bits)
{
	check_str("MOV32_X r2 r2\nLSH64_K r2 r2 #3\nLDX64 r0 [ r1 r2*1+0]\nEXIT\n",
		  ops_of("r2 <<= 32\nr2 >>= 29\nr1 += r2\nr0 = *(u64 *)(r1 +0)\nexit\n"));
}
