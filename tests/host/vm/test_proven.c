// SPDX-License-Identifier: MIT
// What the verifier keeps of each instruction for the JIT: each case would run wrong, or fault, with a fact that holds
// on one of its paths only.
#include "kernel/io/print.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/heap.h"
#include "tests/host/object.h"
#include "tests/host/vm_asm.h"
#include "tests/test.h"
#include "vm/compile.h"
#include "vm/jit/op.h"
#include "vm/load/section.h"
#include "vm/object.h"
#include "vm/run/helper.h"
#include "vm/run/map.h"
#include "vm/verify/verify.h"

enum { INSNS_MAX = 64 };

static struct map *maps[3];
static struct object object = { .name = "proven", .maps = maps, .map_count = 3, .license = "GPL" };

static struct prog *load_proven(const char *section, const char *text, enum prog_mode mode)
{
	char said[256] = "";
	struct strbuf log = STRBUF(said);
	struct prog *p;
	if (prog_new(&p, "case", section, &log))
		return NULL;
	p->object = &object;
	p->mode = mode;
	p->insns = kmalloc(INSNS_MAX * sizeof(*p->insns));
	p->insn_count = vm_asm(p->insns, INSNS_MAX, text);
	enum err e = section_parse(p, &log);
	e = e ? e : prog_verify(p, &log);
	e = e ? e : prog_compile(p, &log);
	if (check_str("", said) && check_eq(OK, e))
		return p;
	prog_free(p);
	return NULL;
}

/* map 0: an array whose value i is 10 + i; map 1: one whose value i is 20 + i; map 2: a hash with 5 -> 30. */
static void make_maps(void)
{
	static const enum bpf_map_type types[] = { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_ARRAY,
						   BPF_MAP_TYPE_HASH };
	char text[256];
	struct strbuf log = STRBUF(text);
	for (u32 i = 0; i < 3; i++)
		check_eq(OK, map_create(&maps[i], "m", types[i], 4, 8, 8, 0, &log));
	for (u32 i = 0; i < 2; i++)
		for (u32 key = 0; key < 8; key++)
			check_eq(OK,
				 maps[i]->ops->update(maps[i], &key, &(u64){ 10 * (i + 1) + key }, BPF_ANY));
	check_eq(OK, maps[2]->ops->update(maps[2], &(u32){ 5 }, &(u64){ 30 }, BPF_ANY));
}

static void free_maps(void)
{
	for (u32 i = 0; i < 3; i++)
		map_free(maps[i]);
}

/* Looks up what was prepared, and returns the value; 99 if there is none. */
#define LOOK_UP "r2 = r10\nr2 += -4\ncall bpf_map_lookup_elem#1\n" RESULT
#define RESULT  "r6 = r0\nr0 = 99\nif r6 == 0x0 goto pc+1\nr0 = *(u64 *)(r6 +0)\nexit\n"

/* One, two and eight lines that change nothing; a state is kept where paths meet after eight. */
#define WAIT "r8 = 1\nr8 = 2\nr8 = 3\nr8 = 4\nr8 = 5\nr8 = 6\nr8 = 7\nr8 = 8\nr8 = 9\n"

static const struct lookup {
	const char *text;
	u64 context, result;
} lookups[] = {
	{ "*(u32 *)(r10 -4) = 3\nr1 = map[id:0]\n" LOOK_UP, 0, 13 },
	{ "*(u32 *)(r10 -4) = 7\nr1 = map[id:1]\n" LOOK_UP, 0, 27 },
	{ "*(u32 *)(r10 -4) = 8\nr1 = map[id:1]\n" LOOK_UP, 0, 99 },
	{ "*(u32 *)(r10 -4) = 5\nr1 = map[id:2]\n" LOOK_UP, 0, 30 },
#define TWO_MAPS(a, b)                                               \
	"r6 = *(u64 *)(r1 +0)\n*(u32 *)(r10 -4) = 5\nr1 = map[id:" a \
	"]\nif r6 == 0x0 goto pc+2\nr1 = map[id:" b "]\n" WAIT LOOK_UP
	{ TWO_MAPS("0", "1"), 0, 15 },
	{ TWO_MAPS("0", "1"), 1, 25 },
	{ TWO_MAPS("2", "0"), 0, 30 },
	{ TWO_MAPS("2", "0"), 1, 15 },
#define TWO_KEYS(a, b)                                                                                       \
	"r6 = *(u64 *)(r1 +0)\n*(u32 *)(r10 -4) = " a "\nif r6 == 0x0 goto pc+1\n*(u32 *)(r10 -4) = " b "\n" \
	"r1 = map[id:0]\n" WAIT LOOK_UP
	{ TWO_KEYS("1", "2"), 0, 11 },
	{ TWO_KEYS("1", "2"), 1, 12 },
	{ TWO_KEYS("1", "9"), 0, 11 },
	{ TWO_KEYS("1", "9"), 1, 99 },
/* The key goes through a register, whose number decides no jump. */
#define FROM_REGISTER                                                         \
	"r6 = *(u64 *)(r1 +0)\nr7 = 1\nif r6 == 0x0 goto pc+1\nr7 = 2\n" WAIT \
	"*(u32 *)(r10 -4) = r7\nr1 = map[id:1]\n" LOOK_UP
	{ FROM_REGISTER, 0, 21 },
	{ FROM_REGISTER, 1, 22 },
/* A function gets the address of the key in the stack of its caller. */
#define FROM_CALLER                                                                                       \
	"r6 = *(u64 *)(r1 +0)\n*(u32 *)(r10 -4) = 1\nif r6 == 0x0 goto pc+1\n*(u32 *)(r10 -4) = 2\n" WAIT \
	"r1 = r10\nr1 += -4\ncall pc+1\nexit\n"                                                           \
	"r2 = r1\nr1 = map[id:1]\ncall bpf_map_lookup_elem#1\n" RESULT
	{ FROM_CALLER, 0, 21 },
	{ FROM_CALLER, 1, 22 },
/* One function, called with two keys. */
#define TWICE                                                                                               \
	"*(u32 *)(r10 -4) = 1\nr1 = r10\nr1 += -4\ncall pc+8\nr9 = r0\n*(u32 *)(r10 -4) = 4\nr1 = r10\nr1 " \
	"+= -4\n"                                                                                           \
	"call pc+3\nr9 *= 100\nr0 += r9\nexit\nr2 = r1\nr1 = map[id:1]\ncall bpf_map_lookup_elem#1\n" RESULT
	{ TWICE, 0, 2124 },
	/* Half of the key is written again. */
	{ "*(u32 *)(r10 -4) = 1\n*(u8 *)(r10 -4) = 2\nr1 = map[id:1]\n" LOOK_UP, 0, 22 },
	{ "r6 = *(u64 *)(r1 +0)\n*(u32 *)(r10 -4) = 1\n*(u8 *)(r10 -4) = r6\nr1 = map[id:1]\n" LOOK_UP, 3,
	  23 },
};

TEST(proven_lookups_find_what_they_ask_for)
{
	make_maps();
	for (u32 i = 0; i < 2 * array_len(lookups); i++) {
		const struct lookup *l = &lookups[i / 2];
		u64 context[8] = { l->context };
		struct prog *p = load_proven("raw_tp", l->text, i & 1 ? PROG_JIT : PROG_INTERPRET);
		if (p && !check_eq(l->result, p->entry(context)))
			kprintf("    case %u, %s\n", i / 2, i & 1 ? "JIT" : "interpreter");
		prog_free(p);
	}
	free_maps();
}

/* How many accesses can fault: loads from objects of the kernel, and no others. */
static const struct {
	const char *section, *text;
	u32 fixups;
} accesses[] = {
	{ "raw_tp", "r0 = *(u64 *)(r1 +0)\nexit\n", 0 },
	{ "raw_tp", "*(u32 *)(r10 -4) = 5\nr1 = map[id:2]\n" LOOK_UP, 0 },
	{ "raw_tp", "r1 = map[id:0][0]+0\nr0 = 1\nlock *(u64 *)(r1 +0) += r0\nexit\n", 0 },
	{ "raw_tp", "r1 = map[id:0][0]+0\nr0 = 1\nr0 = atomic64_fetch_or((u64 *)(r1 +0), r0)\nexit\n", 0 },
	{ "tp_btf/kfree_skb", "r1 = *(u64 *)(r1 +0)\nr0 = *(u32 *)(r1 +0)\nexit\n", 1 },
	{ "fentry/kfree_skb",
	  "r1 = *(u64 *)(r1 +0)\nr2 = *(u64 *)(r1 +0)\nr2 = *(u64 *)(r1 +8)\nr0 = 0\nexit\n", 2 },
	{ "fentry/kfree_skb", "r2 = r10\nr2 += -8\ncall bpf_get_func_arg_cnt#185\nr0 = 0\nexit\n", 0 },
};

TEST(proven_accesses_cannot_fault_but_loads_from_objects)
{
	if (!has_kernel_btf())
		return;
	make_maps();
	for (u32 i = 0; i < array_len(accesses); i++) {
		struct prog *p = load_proven(accesses[i].section, accesses[i].text, PROG_JIT);
		if (p && !check_eq(accesses[i].fixups, p->text.fixup_count))
			kprintf("    case %u\n", i);
		prog_free(p);
	}
	free_maps();
}

/* Instruction 4 is the call, 5 the test for NULL: the one becomes a constant of 7 bytes, the other nothing. */
TEST(proven_key_makes_a_lookup_an_address)
{
	static const char text[] =
	    "*(u32 *)(r10 -4) = 3\nr2 = r10\nr2 += -4\nr1 = map[id:0]\n"
	    "call bpf_map_lookup_elem#1\nif r0 == 0x0 goto pc+1\nr0 = *(u64 *)(r0 +0)\nexit\n";
	make_maps();
	struct prog *p = load_proven("raw_tp", text, PROG_JIT);
	require(p);
	check_eq(13, p->entry((u64[8]){ 0 }));
	check(p->insn_at[6] - p->insn_at[5] <= 7);
	check_eq(0, p->insn_at[7] - p->insn_at[6]);
	prog_free(p);
	free_maps();
}

/* A way that no path takes may write r10. It is translated as any other. */
TEST(dead_writes_of_r10_run_in_no_mode)
{
	static const char text[] = "r6 = *(u64 *)(r1 +0)\n"
				   "r6 &= 7\n"
				   "*(u64 *)(r10 -8) = r6\n"
				   "if r6 < 0x8 goto pc+6\n"
				   "r10 = 1\n"
				   "r10 += r6\n"
				   "w10 = w6\n"
				   "r10 = *(u64 *)(r10 -8)\n"
				   "r10 /= r6\n"
				   "r6 = atomic64_xchg((u64 *)(r10 -8), r6)\n"
				   "r0 = *(u64 *)(r10 -8)\n"
				   "exit\n";
	for (u32 mode = 0; mode < 2; mode++) {
		u64 context[8] = { 13 };
		struct prog *p = load_proven("raw_tp", text, mode ? PROG_JIT : PROG_INTERPRET);
		if (p)
			check_eq(5, p->entry(context));
		prog_free(p);
	}
}

/* What is left of the stack's address behind a multiple of 16, where a helper's frame begins. */
static u64 rest_of_frame(u64 r1 unused, u64 r2 unused, u64 r3 unused, u64 r4 unused, u64 r5 unused,
			 const struct prog *p unused)
{
	return (uptr)__builtin_frame_address(0) % 16;
}

TEST(dead_writes_of_r10_leave_the_stack_aligned)
{
	static const char *const texts[] = {
		"r0 = 0\nif r0 == 0x0 goto pc+1\nr10 = 1\ncall bpf_rest#77777\nexit\n",
		"r6 = 5\nr0 = 0\nif r0 == 0x0 goto pc+1\nr10 = r6\ncall bpf_rest#77777\nexit\n",
	};
	static const struct helper row = { 77777, "rest", RET_SCALAR, { ARG_NONE }, 0, rest_of_frame };
	helper_add_table(&row, 1);
	for (u32 i = 0; i < 2 * array_len(texts); i++) {
		op_tricks_off = i & 1 ? ~0u : 0;
		struct prog *p = load_proven("raw_tp", texts[i / 2], PROG_JIT);
		if (p)
			check_eq(0, p->entry((u64[8]){ 0 }));
		prog_free(p);
	}
	op_tricks_off = 0;
	helper_add_table(NULL, 0);
}
