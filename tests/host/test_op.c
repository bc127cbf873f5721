// SPDX-License-Identifier: MIT
// What ops are made of some lines of eBPF: one line each, NAME dst first-operand second-operand
// [memory] #immediate, of those that are not gone.
#include "kernel/heap.h"
#include "kernel/lib/mem.h"
#include "tests/host/vm_asm.h"
#include "tests/test.h"
#include "vm/op.h"

static const char *name_of(u32 kind)
{
	static const char *const names[OP_KINDS] = {
#define ROW(name, ...) [INSN_##name] = #name,
		INSNS(ROW, ROW)
#undef ROW
		    [OP_LEA64] = "LEA64",
		[OP_ROL64] = "ROL64",
		[OP_ROL32] = "ROL32",
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
	bool is_memory = op->kind == OP_LEA64 || (op->kind < INSN_KINDS && insn_is_access(in));
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
	if (op->flags)
		str_printf(s, "%s", op->flags & OP_SELECT ? " unless" : " then");
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
	check_str("LEA64 r0 [ r1 r2*1+0]\nLDX8 r3 [ r1 r2*1+0]\nSTX8 r3 [ r1*1+0]\nEXIT\n",
		  ops_of("r0 = r1\nr0 += r2\nr3 = *(u8 *)(r0 +0)\n*(u8 *)(r1 +0) = r3\nexit\n"));
}

TEST(op_folds_no_sum_of_what_was_overwritten)
{
	check_str("LEA64 r4 [ r1 r2*1+0]\nMOV64_K r1 #0\nLDX8 r0 [ r4*1+0]\nSTX8 r1 [ r2*1+0]\nEXIT\n",
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

TEST(op_turns_a_jump_over_one_op_into_a_select)
{
	check_str("MOV64_K r0 #1\nJEQ64_K r1 #0 unless\nMOV64_X r0 r2 then\nEXIT\n",
		  ops_of("r0 = 1\nif r1 == 0x0 goto pc+1\nr0 = r2\nexit\n"));
	check_str("MOV64_K r0 #1\nJEQ64_K r1 #0\nLDX64 r0 [ r2*1+0]\nEXIT\n",
		  ops_of("r0 = 1\nif r1 == 0x0 goto pc+1\nr0 = *(u64 *)(r2 +0)\nexit\n"));
}

TEST(op_knows_upper_halves)
{
	check_str("LDX32 r0 [ r1*1+0]\nDIV32_K r0 r0 #10\nEXIT\n",
		  ops_of("r0 = *(u32 *)(r1 +0)\nw0 = w0\nr0 /= 10\nexit\n"));
	check_str("MOV32_X r0 r1\nEXIT\n", ops_of("w0 = w1\nexit\n"));
}

TEST(op_drops_what_nobody_reads)
{
	check_str("MOV64_K r0 #0\nEXIT\n", ops_of("r3 = 7\nr3 *= r3\nr0 = 0\nexit\n"));
}
