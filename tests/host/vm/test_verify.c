// SPDX-License-Identifier: MIT
// What the verifier refuses or finds out that tests/cases/refused.txt cannot express.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "tests/host/vm_asm.h"
#include "tests/host/vm_run.h"
#include "tests/test.h"
#include "vm/compile.h"
#include "vm/run/helper.h"
#include "vm/run/map.h"
#include "vm/verify/verify.h"

static enum err verify(struct prog *p, struct strbuf *log)
{
	log->len = 0;
	log->buf[0] = 0;
	return prog_verify(p, log);
}

TEST(verify_length_limits)
{
	char text[256];
	struct strbuf log = STRBUF(text);
	struct insn *insns = kmalloc((PROG_INSNS_MAX + 1) * sizeof(*insns));
	struct prog p = { .insns = insns };
	for (u32 i = 0; i <= PROG_INSNS_MAX; i++)
		insns[i] = (struct insn){ .op = OPCODE_EXIT };
	check_eq(EINVAL, verify(&p, &log));
	check_str("the program is empty", text);
	p.insn_count = PROG_INSNS_MAX + 1;
	check_eq(EINVAL, verify(&p, &log));
	check_str("the program has 1000001 instructions, more than 1000000", text);
	p.insn_count = PROG_INSNS_MAX;
	check_eq(OK, verify(&p, &log));
	check_eq(PROG_VERIFIED, p.state);
	kfree(insns);
}

/* A chain of `count` functions, each of which calls the next. */
static enum err verify_chain(u32 count, struct strbuf *log)
{
	struct insn insns[64];
	struct prog p = { .insns = insns };
	for (u32 i = 0; i < count; i++) {
		if (i + 1 < count)
			insns[p.insn_count++] = (struct insn){ .op = OPCODE_CALL, .src = 1, .imm = 1 };
		else
			insns[p.insn_count++] = (struct insn){ .op = OPCODE_MOV64_K };
		insns[p.insn_count++] = (struct insn){ .op = OPCODE_EXIT };
	}
	return verify(&p, log);
}

TEST(verify_eight_frames_and_no_more)
{
	char text[256];
	struct strbuf log = STRBUF(text);
	check_eq(OK, verify_chain(8, &log));
	check_eq(EINVAL, verify_chain(9, &log));
	check_str("insn 14: this call needs more than 8 frames, or is recursive", text);
}

/* Two calls per function: without memory of what is known already, 2^n paths. */
TEST(verify_depth_of_a_diamond_is_found_in_linear_time)
{
	struct insn insns[3 * 8];
	char text[256];
	struct strbuf log = STRBUF(text);
	struct prog p = { .insns = insns, .insn_count = array_len(insns) };
	for (u32 i = 0; i < 8; i++) {
		struct insn call = { .op = OPCODE_CALL, .src = 1, .imm = 2 };
		bool last = i == 7;
		insns[3 * i] = last ? (struct insn){ .op = OPCODE_MOV64_K } : call;
		call.imm = 1;
		insns[3 * i + 1] = last ? (struct insn){ .op = OPCODE_MOV64_K } : call;
		insns[3 * i + 2] = (struct insn){ .op = OPCODE_EXIT };
	}
	check_eq(OK, verify(&p, &log));
}

static enum err verify_with(struct object *o, const char *program, struct prog_facts *facts,
			    struct strbuf *log)
{
	struct insn insns[32];
	struct prog p = { .insns = insns, .object = o };
	p.insn_count = vm_asm(insns, array_len(insns), program);
	enum err e = verify(&p, log);
	*facts = p.facts;
	return e;
}

TEST(verify_maps_and_values)
{
	static const struct map_ops array = { .type = BPF_MAP_TYPE_ARRAY },
				    hash = { .type = BPF_MAP_TYPE_HASH },
				    percpu = { .type = BPF_MAP_TYPE_PERCPU_ARRAY };
	u8 bytes[16];
	struct map a = { .ops = &array, .name = ".bss", .values = bytes, .value_size = 16 };
	struct map h = { .ops = &hash, .name = "h", .value_size = 16 };
	struct map c = { .ops = &percpu, .name = "c", .values = bytes, .value_size = 16 };
	struct map *maps[] = { &a, &h, &c };
	struct object o = { .maps = maps, .map_count = 3 };
	struct prog_facts f;
	char text[256];
	struct strbuf log = STRBUF(text);

	check_eq(OK, verify_with(&o, "r1 = map[id:1]\nr0 = 0\nexit", &f, &log));
	check(!f.per_cpu);
	check_eq(OK, verify_with(&o, "r1 = map[id:2]\nr0 = 0\nexit", &f, &log));
	check(f.per_cpu);
	check_eq(EINVAL, verify_with(&o, "r1 = map[id:3]\nr0 = 0\nexit", &f, &log));
	check_str("insn 0: there is no map 3, the object has 3", text);
	check_eq(OK, verify_with(&o, "r1 = map[id:0][0]+15\nr0 = 0\nexit", &f, &log));
	check_eq(EINVAL, verify_with(&o, "r1 = map[id:0][0]+16\nr0 = 0\nexit", &f, &log));
	check_str("insn 0: offset 16 is outside the 16 bytes of .bss", text);
	check_eq(EINVAL, verify_with(&o, "r1 = map[id:1][0]+0\nr0 = 0\nexit", &f, &log));
	check_str("insn 0: map h is no array, so its value has no constant address", text);
	check_eq(EINVAL,
		 verify_with(&o, "hex 18 11 00 00 00 00 00 00 00 00 00 00 01 00 00 00\nexit", &f, &log));
	check_str("insn 0: the upper half of a map's immediate must be 0, not 1", text);
}

TEST(verify_knows_a_result_that_a_jump_has_compared)
{
	struct insn insns[16];
	char text[256];
	struct strbuf log = STRBUF(text);
	struct prog p = { .insns = insns, .type = PROG_FENTRY, .target = "" };
	const char *may_be_argument = "r0 = 5\nr2 = *(u64 *)(r1 +0)\nif r2 == 0x0 goto pc+1\nr0 = r2\n";
	char program[256];
	for (u32 compares = 0; compares < 2; compares++) {
		struct strbuf s = STRBUF(program);
		str_printf(&s, "%s%sexit", may_be_argument,
			   compares ? "if r0 == 0x0 goto pc+1\nr0 = 0\n" : "");
		p.insn_count = vm_asm(insns, array_len(insns), program);
		check_eq(compares ? OK : EINVAL, verify(&p, &log));
	}
}

static u32 stack_of(const char *program)
{
	struct prog_facts f = { 0 };
	char text[256];
	struct strbuf log = STRBUF(text);
	if (!check_eq(OK, verify_with(NULL, program, &f, &log)))
		test_check(false, text, __FILE__, __LINE__);
	return f.stack_depth;
}

TEST(verify_knows_how_deep_the_stack_is_used)
{
	check_eq(0, stack_of("r0 = 0\nexit"));
	check_eq(24, stack_of("*(u8 *)(r10 -1) = 0\n*(u64 *)(r10 -24) = 0\nr0 = 0\nexit"));
	check_eq(40, stack_of("r1 = r10\nr1 += -40\nr0 = 0\nexit"));
	check_eq(512, stack_of("r1 = r10\nr0 = 0\nexit"));                     /* goes anywhere */
	check_eq(512, stack_of("r1 = r10\nr1 += -8\nr1 += -8\nr0 = 0\nexit")); /* goes lower */
	check_eq(512, stack_of("r1 = r10\nr1 += -8\n*(u8 *)(r1 -8) = 0\nr0 = 0\nexit"));
	check_eq(512, stack_of("*(u64 *)(r10 -8) = r10\nr0 = 0\nexit"));
}

TEST(verify_facts_of_helpers)
{
	static const struct helper rows[] = {
		{ 901, "plain", RET_SCALAR, { ARG_NONE }, 0, NULL },
		{ 902, "calls", RET_SCALAR, { ARG_NONE }, HELPER_CALLS, NULL },
		{ 903, "cpu", RET_SCALAR, { ARG_NONE }, HELPER_PER_CPU, NULL },
	};
	struct prog_facts f;
	char text[256];
	struct strbuf log = STRBUF(text);
	helper_add_table(rows, array_len(rows));
	check_eq(OK, verify_with(NULL, "call #901\nexit", &f, &log));
	check(!f.calls && !f.per_cpu);
	check_eq(2, f.insn_count);
	check_eq(OK, verify_with(NULL, "call #902\nexit", &f, &log));
	check(f.calls && !f.per_cpu);
	check_eq(OK, verify_with(NULL, "call #903\nexit", &f, &log));
	check(!f.calls && f.per_cpu);
	helper_add_table(NULL, 0);
}

/* Whatever bytes it is given, it answers; and what it accepts can be compiled. */
TEST(verify_survives_random_instructions)
{
	u64 seed = 88172645463325252ull;
	for (u32 round = 0; round < 20000; round++) {
		struct insn insns[12];
		char text[256];
		struct strbuf log = STRBUF(text);
		struct prog *p;
		for (u32 i = 0; i < array_len(insns); i++) {
			seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
			u32 kind = 1 + (u32)(seed >> 40) % (INSN_KINDS - 1);
			const struct insn_row *row = &insn_rows[kind];
			u32 uses = insn_uses(kind);
			insns[i] = (struct insn){ .op = row->op };
			insns[i].dst = uses & USES_DST ? seed & 15 : 0;
			insns[i].src = row->key == SRC   ? row->value & 15
				       : uses & USES_SRC ? seed >> 4 & 15
							 : 0;
			insns[i].off = row->key == OFF   ? row->value
				       : uses & USES_OFF ? (i16)(seed >> 8 & 15) - 8
							 : 0;
			insns[i].imm = row->key == IMM   ? row->value
				       : uses & USES_IMM ? (i32)(seed >> 16 & 15) - 4
							 : 0;
		}
		insns[array_len(insns) - 1] = (struct insn){ .op = OPCODE_EXIT };
		enum err e = prog_load_raw(&p, "random", insns, array_len(insns), PROG_JIT, &log);
		check(e == OK || (e == EINVAL && log.len > 0));
		prog_free(p);
	}
}
