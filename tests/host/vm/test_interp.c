// SPDX-License-Identifier: MIT
// vm/interp with limits: which memory a program may touch and how long it may run; anything else ends in a
// sentence. What the instructions mean is in tests/cases.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "tests/host/host.h"
#include "tests/host/vm_run.h"
#include "tests/test.h"
#include "tests/vm_case.h"
#include "vm/compile.h"
#include "vm/disasm.h"
#include "vm/run/helper.h"
#include "vm/interp/interp.h"

#define MEM_LEN 16

/* Runs the lines with R1 = MEM_LEN bytes in the middle of more, R2 = MEM_LEN; text is what was said. */
static enum err run(const char *lines, u64 insns, u64 *r0, char text[256])
{
	struct strbuf log = { .buf = text, .cap = 256 };
	u8 *around = kzalloc(3 * MEM_LEN);
	struct prog *p = vm_load_text(NULL, lines, PROG_INTERPRET);
	text[0] = 0;
	*r0 = 0;
	enum err e = p ? vm_call_limited(p, around + MEM_LEN, MEM_LEN, insns, r0, &log) : EINVAL;
	prog_free(p);
	for (u32 i = 0; i < MEM_LEN; i++)
		check(!around[i] && !around[2 * MEM_LEN + i]); /* nothing beside it was changed */
	kfree(around);
	return e;
}

static void ends_well(const char *lines)
{
	char text[256];
	u64 r0;
	if (!check_eq(OK, run(lines, 1000, &r0, text)))
		kprintf("%s%s\n", lines, text);
}

/* The sentence begins so. */
static void ends_in(enum err want, const char *lines, const char *sentence)
{
	char text[256];
	u64 r0;
	if (!check_eq(want, run(lines, 1000, &r0, text)) ||
	    !check(!strncmp(sentence, text, strlen(sentence))))
		kprintf("%s%s\nwanted: %s\n", lines, text, sentence);
}

/* An access in which %+d is the offset; the last good one is at MEM_LEN - size. */
static void has_edges(const char *access, i32 size)
{
	static const struct {
		const char *base;
		i32 low, high;
	} places[] = { { "r3 = r1\n", 0, MEM_LEN }, { "r3 = r10\n", -PROG_STACK, 0 } };
	char line[64], lines[256], sentence[64];
	for (u32 i = 0; i < array_len(places); i++) {
		const i32 offs[] = { places[i].low, places[i].high - size, places[i].low - 1,
				     places[i].high - size + 1 };
		for (u32 n = 0; n < array_len(offs); n++) {
			struct strbuf s = STRBUF(lines), at = STRBUF(line), why = STRBUF(sentence);
			str_printf(&at, access, offs[n]);
			str_printf(&s, "r0 = 0\nr4 = 1\n%s%s\nr0 = 0\nexit\n", places[i].base, line);
			str_printf(&why, "insn 3: %s of %d bytes at 0x",
				   line[0] == 'r' && line[5] == '*' ? "load" : "store", size);
			if (n < 2)
				ends_well(lines);
			else
				ends_in(EFAULT, lines, sentence);
		}
	}
}

TEST(interp_loads_and_stores_of_each_size_keep_to_memory_and_stack)
{
	has_edges("r5 = *(u8 *)(r3 %+d)", 1);
	has_edges("r5 = *(u16 *)(r3 %+d)", 2);
	has_edges("r5 = *(u32 *)(r3 %+d)", 4);
	has_edges("r5 = *(u64 *)(r3 %+d)", 8);
	has_edges("r5 = *(s8 *)(r3 %+d)", 1);
	has_edges("r5 = *(s16 *)(r3 %+d)", 2);
	has_edges("r5 = *(s32 *)(r3 %+d)", 4);
	has_edges("*(u8 *)(r3 %+d) = 1", 1);
	has_edges("*(u16 *)(r3 %+d) = 1", 2);
	has_edges("*(u32 *)(r3 %+d) = 1", 4);
	has_edges("*(u64 *)(r3 %+d) = 1", 8);
	has_edges("*(u8 *)(r3 %+d) = r4", 1);
	has_edges("*(u16 *)(r3 %+d) = r4", 2);
	has_edges("*(u32 *)(r3 %+d) = r4", 4);
	has_edges("*(u64 *)(r3 %+d) = r4", 8);
}

TEST(interp_atomics_keep_to_memory_and_stack)
{
	has_edges("lock *(u32 *)(r3 %+d) += r4", 4);
	has_edges("lock *(u64 *)(r3 %+d) ^= r4", 8);
	has_edges("r4 = atomic_fetch_or((u32 *)(r3 %+d), r4)", 4);
	has_edges("r4 = atomic64_fetch_add((u64 *)(r3 %+d), r4)", 8);
	has_edges("r4 = atomic_xchg((u32 *)(r3 %+d), r4)", 4);
	has_edges("r4 = atomic64_xchg((u64 *)(r3 %+d), r4)", 8);
	has_edges("r0 = atomic_cmpxchg((u32 *)(r3 %+d), r0, r4)", 4);
	has_edges("r0 = atomic64_cmpxchg((u64 *)(r3 %+d), r0, r4)", 8);
}

/* The window must not be one that an access of another size, or of the other kind, found. */
TEST(interp_a_good_access_makes_no_bad_one_good)
{
	ends_in(EFAULT, "r3 = *(u64 *)(r1 +0)\nr3 = *(u8 *)(r1 +15)\nr3 = *(u64 *)(r1 +9)\nr0 = 0\nexit\n",
		"insn 2: load of 8 bytes at 0x");
	ends_in(EFAULT, "r3 = *(u8 *)(r1 +15)\nr3 = r10\n*(u8 *)(r3 -1) = r2\n*(u8 *)(r1 +16) = r2\nexit\n",
		"insn 3: store of 1 bytes at 0x");
}

TEST(interp_wild_addresses_end_in_a_sentence)
{
	ends_in(EFAULT, "r1 = 0\nr0 = *(u64 *)(r1 +0)\nexit\n", "insn 1: load of 8 bytes at 0x0 is outside");
	ends_in(EFAULT, "r1 = -1\nr0 = *(u64 *)(r1 +0)\nexit\n",
		"insn 1: load of 8 bytes at 0xffffffffffffffff");
	ends_in(EFAULT, "r1 = -8\n*(u64 *)(r1 +7) = r2\nexit\n",
		"insn 1: store of 8 bytes at 0xffffffffffffffff");
	ends_in(EFAULT, "r1 = 1\nr1 <<= 63\n*(u8 *)(r1 +0) = 1\nexit\n",
		"insn 2: store of 1 bytes at 0x8000000000000000");
	ends_in(EFAULT, "r1 -= r10\nr0 = *(u8 *)(r1 +0)\nexit\n", "insn 1: load of 1 bytes at 0x");
}

TEST(interp_counts_instructions_exactly)
{
	char text[256];
	u64 r0;
	/* 1, 9 times 2, 1 */
	static const char loop[] = "r0 = 9\nr0 += -1\nif r0 != 0x0 goto pc-2\nexit\n";
	check_eq(OK, run(loop, 20, &r0, text));
	check_eq(ETIMEDOUT, run(loop, 19, &r0, text));
	check_str("insn 3: the program has run for 19 instructions and may run for no more", text);
	check_eq(ETIMEDOUT, run(loop, 7, &r0, text));
	/* Forward jumps do not count what they leave out. */
	static const char jumps[] =
	    "r0 = 1\nif r0 == 0x1 goto pc+3\nr0 = 1\nr0 = 1\nr0 = 1\ngoto pc+1\nr0 = 1\nexit\n";
	check_eq(OK, run(jumps, 4, &r0, text));
	check_eq(ETIMEDOUT, run(jumps, 3, &r0, text));
	/* Nor do calls; 1, call, 2 in it, exit */
	static const char calls[] = "r1 = 5\ncall pc+1\nexit\nr0 = r1\nexit\n";
	check_eq(OK, run(calls, 5, &r0, text));
	check_eq(5, r0);
	check_eq(ETIMEDOUT, run(calls, 4, &r0, text));
}

TEST(interp_endless_programs_end)
{
	ends_in(ETIMEDOUT, "goto pc-1\nexit\n", "insn 0: the program has run for 1000 instructions");
	ends_in(ETIMEDOUT, "gotol pc-1\nexit\n", "insn 0: ");
	ends_in(ETIMEDOUT, "call pc+2\ngoto pc-2\nexit\nexit\n", "insn ");
	ends_in(ETIMEDOUT, "r0 = 1\nif r0 == 0x1 goto pc-1\nexit\n", "insn 1: ");
}

TEST(interp_a_callee_uses_its_callers_stack_and_nothing_beyond)
{
	ends_well("r1 = r10\nr1 += -8\ncall pc+2\nr0 = *(u64 *)(r10 -8)\nexit\n*(u64 *)(r1 +0) = r2\nr0 = "
		  "0\nexit\n");
	ends_well("r6 = 7\ncall pc+1\nexit\nr1 = r10\nr0 = *(u8 *)(r1 -512)\nr0 = *(u8 *)(r1 +511)\nr6 = "
		  "0\nexit\n");
	ends_in(EFAULT, "call pc+1\nexit\nr1 = r10\nr0 = *(u8 *)(r1 -513)\nexit\n",
		"insn 3: load of 1 bytes");
	ends_in(EFAULT, "call pc+1\nexit\nr1 = r10\nr0 = *(u8 *)(r1 +512)\nexit\n",
		"insn 3: load of 1 bytes");
}

static u32 below(u64 *random, u32 limit)
{
	*random = *random * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(*random >> 33) % limit;
}

static i32 any_callee(u64 *random)
{
	u32 id = below(random, 200);
	while (!helper_find(id) || helper_find(id)->flags >> HELPER_TYPE_SHIFT)
		id = below(random, 200);
	return (i32)id;
}

/* Any instruction at all, with fields that the verifier lets through more often than not. */
static struct insn any_insn(u64 *random, u32 idx, u32 count)
{
	static const i32 imms[] = { 0, 1, 8, 31, -1, -8, 0x7fffffff, 512, 64, -2147483647 - 1 };
	const struct insn_row *row = &insn_rows[1 + below(random, INSN_KINDS - 1)];
	struct insn in = { .op = row->op };
	u32 uses = insn_uses((enum insn_kind)(row - insn_rows));
	if (uses & USES_DST)
		in.dst = below(random, 20) ? below(random, 10) : 10;
	if (uses & USES_SRC)
		in.src = below(random, 11);
	if (uses & USES_OFF)
		in.off = insn_is_access(&in) ? (i16)((i32)below(random, 40) - 24)
					     : (i16)(below(random, count) - idx);
	if (uses & USES_IMM)
		in.imm = imms[below(random, array_len(imms))];
	if (in.op == OPCODE_CALL || in.op == OPCODE_JA32)
		in.imm = row->value == 1 || in.op == OPCODE_JA32 ? (i32)(below(random, count) - idx)
								 : any_callee(random);
	if (row->key == OFF)
		in.off = row->value;
	else if (row->key == IMM)
		in.imm = row->value;
	else if (row->key == SRC)
		in.src = (u8)row->value & 15;
	return in;
}

/* Half of the registers are pointers at first. Returns whether the verifier accepted the program. */
static bool try_any_program(u64 *random, u32 ends[3])
{
	enum { COUNT = 40 };
	struct insn code[COUNT] = {
		{ .op = OPCODE_MOV64_X, .dst = 6, .src = 1 },  { .op = OPCODE_MOV64_X, .dst = 7, .src = 10 },
		{ .op = OPCODE_MOV64_X, .dst = 8, .src = 1 },  { .op = OPCODE_MOV64_X, .dst = 9, .src = 10 },
		{ .op = OPCODE_MOV64_X, .dst = 3, .src = 10 }, { .op = OPCODE_ADD64_K, .dst = 3, .imm = -64 }
	};
	char text[256] = "";
	struct strbuf log = STRBUF(text);
	u8 mem[MEM_LEN] = { 0 };
	struct prog *p;
	u64 r0;
	for (u32 i = 6; i < COUNT - 1; i++) {
		code[i] = any_insn(random, i, COUNT);
		for (u32 tries = 0;
		     tries < 9 && (insn_is_wide(&code[i]) || insn_rows[insn_kind(&code[i])].text[0] == '!');
		     tries++)
			code[i] = any_insn(random, i, COUNT);
	}
	code[COUNT - 1] = (struct insn){ .op = OPCODE_EXIT };
	if (prog_load_raw(&p, "any", code, COUNT, PROG_INTERPRET, &log))
		return false;
	enum err e = vm_call_limited(p, mem, sizeof(mem), 10000, &r0, &log);
	ends[e == OK ? 0 : e == EFAULT ? 1 : 2]++;
	check(e == OK || strncmp("insn ", text, 5) == 0);
	prog_free(p);
	return true;
}

TEST(interp_no_program_makes_it_crash)
{
	u64 random = 5;
	u32 accepted = 0, ends[3] = { 0 };
	for (u32 i = 0; i < 100000; i++)
		accepted += try_any_program(&random, ends);
	kprintf("     %u programs: %u ended, %u at a bad address, %u would not end\n", accepted, ends[0],
		ends[1], ends[2]);
	check(accepted > 1000 && ends[0] && ends[1] && ends[2]);
}
/* ---- memory for helpers, and callbacks ---- */

TEST(interp_helpers_get_no_memory_that_the_program_may_not_use)
{
	ends_well("r1 = r10\nr1 += -16\nr2 = 16\ncall bpf_get_current_comm#16\nr0 = 0\nexit\n");
	ends_in(EFAULT, "r1 = r10\nr1 += -8\nr2 = 16\ncall bpf_get_current_comm#16\nr0 = 0\nexit\n",
		"insn 3: r1: 16 bytes at 0x");
	ends_in(EFAULT, "r1 = 0\nr2 = 1\ncall bpf_get_current_comm#16\nr0 = 0\nexit\n",
		"insn 2: r1: 1 bytes at 0x0, given to get_current_comm, are outside");
	ends_in(EFAULT, "r2 = r1\nr1 = *(u64 *)(r2 +0)\ncall bpf_map_lookup_elem#1\nr0 = 0\nexit\n",
		"insn 2: r1 is no map");
}

TEST(interp_counts_instructions_of_callbacks)
{
	/* 7 in main, 64-bit immediates are two; 2 in each of the ten calls */
	static const char loop[] = "r1 = 10\nr2 = subprog[+5]\nr3 = 0\nr4 = 0\ncall bpf_loop#181\nexit\n"
				   "r0 = 0\nexit\n";
	char text[256];
	u64 r0;
	check_eq(OK, run(loop, 27, &r0, text));
	check_eq(10, r0);
	check_eq(ETIMEDOUT, run(loop, 26, &r0, text));
	check_eq(ETIMEDOUT, run(loop, 20, &r0, text));
	check(!strncmp("insn ", text, 5));
}
