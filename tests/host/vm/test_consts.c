// SPDX-License-Identifier: MIT
// vm/verify/consts.c: what programs return, as far as that is constant, and which of their instructions are
// reached.
#include <stdio.h>
#include "vm/compile.h"
#include "vm/verify/consts.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "tests/host/host.h"
#include "tests/test.h"
#include "tests/vm_case.h"
#include "vm/run/map.h"
#include "vm/verify/verify.h"

struct row {
	/* "5", "value 0+8", "within 0", "map 1", "funcs 3", "any", "context+8", "near", "nothing" */
	const char *result;
	u64 unreached; /* bit i: instruction i is not reached */
	const char *text;
};

static void print(struct strbuf *s, struct known k)
{
	switch (k.kind) {
	case KNOWN_NOTHING: str_puts(s, "nothing"); break;
	case KNOWN_NUMBER: str_printf(s, "%lld", (i64)k.n); break;
	case KNOWN_MAP: str_printf(s, "map %u", k.map); break;
	case KNOWN_VALUE: str_printf(s, "value %u+%lld", k.map, (i64)k.n); break;
	case KNOWN_WITHIN: str_printf(s, "within %u", k.map); break;
	case KNOWN_FUNCS: str_printf(s, "funcs %llx", k.n); break;
	case KNOWN_ANY: str_puts(s, "any"); break;
	case KNOWN_CONTEXT: str_printf(s, "context+%lld", (i64)k.n); break;
	case KNOWN_NEAR: str_puts(s, "near"); break;
	}
}

static void check_walk(const struct row *row, struct consts *c)
{
	char text[64];
	struct strbuf s = STRBUF(text);
	u64 unreached = (1ull << c->p->insn_count) - 1;
	for (consts_start(c); consts_next(c);)
		unreached &= ~(1ull << c->idx);
	for (u32 i = 0; i < c->p->insn_count; i++)
		unreached &= ~((u64)(c->marks[i] & MARK_TAIL) << i);
	print(&s, consts_result(c, 0));
	if (unreached != row->unreached || strcmp(text, row->result))
		printf("in \"%s\"\n", row->text);
	check_str(row->result, text);
	check_eq(row->unreached, unreached);
}

/* Map 0 is an array of two entries of 16 bytes, map 1 the same for reading only: 7, then -2. */
static void check_row(const struct row *row)
{
	char why[256] = "";
	struct strbuf log = STRBUF(why);
	struct map *maps[2];
	struct object o = { .maps = maps, .map_count = 2 };
	require(map_create(&maps[0], "m", BPF_MAP_TYPE_ARRAY, 4, 16, 2, 0, &log) == OK);
	require(map_create(&maps[1], "c", BPF_MAP_TYPE_ARRAY, 4, 16, 1, BPF_F_RDONLY_PROG, &log) == OK);
	memcpy(maps[1]->values, (i64[]){ 7, -2 }, 16);
	struct prog *p = vm_load_text(&o, row->text, PROG_INTERPRET);
	if (p) {
		u8 *marks = flow_marks(p);
		struct consts c = { .p = p, .marks = marks };
		require(consts_find(&c) == OK);
		check_walk(row, &c);
		consts_free(&c);
		kfree(marks);
	}
	prog_free(p);
	map_free(maps[0]);
	map_free(maps[1]);
}

static void check_rows(const struct row *rows, u32 count)
{
	for (u32 i = 0; i < count; i++)
		check_row(&rows[i]);
}

/* clang-format off */
static const struct row numbers[] = {
	{ "5", 0, "r0 = 5\nexit" },
	{ "-1", 0, "r0 = -1\nexit" },
	{ "4294967295", 0, "w0 = -1\nexit" },
	{ "81985529216486895", 0, "r0 = 0x123456789abcdef\nexit" },
	{ "any", 0, "r0 = r2\nexit" },
	{ "3", 0, "r6 = 1\nr6 += 2\nr0 = r6\nexit" },
	{ "-2", 0, "r0 = 1\nr0 -= 3\nexit" },
	{ "4294967294", 0, "w0 = 1\nw0 -= 3\nexit" },
	{ "12", 0, "r0 = 3\nr0 *= 4\nexit" },
	{ "6", 0, "r0 = 5\nr0 ^= 3\nexit" },
	{ "1", 0, "r0 = 5\nr0 &= 3\nexit" },
	{ "7", 0, "r0 = 5\nr0 |= 3\nexit" },
	{ "32", 0, "r0 = 2\nr0 <<= 4\nexit" },
	{ "-1", 0, "r0 = -8\nr0 s>>= 3\nexit" },
	{ "4294967295", 0, "w0 = -8\nw0 s>>= 3\nexit" },
	{ "any", 0, "r0 = 8\nr0 /= 2\nexit" }, /* not computed */
	{ "any", 0, "call bpf_ktime_get_ns#5\nexit" },
	{ "5", 0, "r6 = 5\ncall bpf_ktime_get_ns#5\nr0 = r6\nexit" },
	{ "any", 0, "r1 = 5\ncall bpf_ktime_get_ns#5\nr0 = r1\nexit" },
	{ "any", 0, "*(u64 *)(r10 -8) = 0\nr0 = *(u64 *)(r10 -8)\nexit" },
	{ "any", 0, "r0 = 1\nr1 = 0\nr0 = atomic64_xchg((u64 *)(r10 -8), r0)\nexit" },
};

static const struct row paths[] = {
	{ "5", 0, "r0 = 5\nif r1 == 0x0 goto pc+1\nr0 = 5\nexit" },
	{ "any", 0, "r0 = 5\nif r1 == 0x0 goto pc+1\nr0 = 6\nexit" },
	{ "any", 0, "r0 = 5\nif r1 == 0x0 goto pc+1\nexit\nr0 = 6\nexit" }, /* two ends */
	{ "5", 4, "r0 = 5\nif r0 == 0x5 goto pc+1\nr0 = 6\nexit" },
	{ "6", 0, "r0 = 5\nif r0 != 0x5 goto pc+1\nr0 = 6\nexit" },
	{ "5", 1 << 3, "r0 = 5\nr2 = -1\nif r2 > 0x1 goto pc+1\nr0 = 6\nexit" },
	{ "6", 0, "r0 = 5\nr2 = -1\nif r2 s> 0x1 goto pc+1\nr0 = 6\nexit" },
	{ "5", 1 << 4, "r0 = 5\nr2 = 0x1ffffffff\nif w2 == 0xffffffff goto pc+1\nr0 = 6\nexit" },
	{ "6", 0, "r0 = 5\nr2 = 0x100000002\nif w2 & 0x1 goto pc+1\nr0 = 6\nexit" },
	{ "0", 0, "r0 = r2\nif r0 == 0x0 goto pc+1\nr0 = 0\nexit" }, /* 0 on the way of the jump */
	{ "9", 0, "r0 = r2\nif r0 != 0x9 goto pc+1\nexit\nr0 = 9\nexit" }, /* and on the way without it */
	{ "any", 0, "r0 = r2\nif w0 == 0x0 goto pc+1\nr0 = 0\nexit" }, /* the upper half may be anything */
	{ "any", 0, "r0 = 0\nr0 += 1\nif r0 != 0x3 goto pc-2\nr0 = r0\nr0 += r2\nexit" },
	{ "3", 0, "r0 = 0\nr0 += 1\nif r0 != 0x3 goto pc-2\nexit" },
	{ "nothing", 2, "goto pc-1\nexit" },
	{ "7", 4, "r0 = 7\ngoto pc+1\nr0 = 8\nexit" },
};

static const struct row functions[] = {
	{ "0", 0, "call pc+1\nexit\nr0 = 0\nexit" },
	{ "any", 0, "call pc+1\nexit\nr0 = r2\nexit" },
	{ "8", 0, "r1 = 8\ncall pc+1\nexit\nr0 = r1\nexit" },
	{ "any", 0, "r1 = 8\ncall pc+3\nr1 = 9\ncall pc+1\nexit\nr0 = r1\nexit" }, /* two that call */
	{ "5", 0, "r6 = 5\ncall pc+2\nr0 = r6\nexit\nr6 = 1\nr0 = 0\nexit" },
	{ "nothing", 0x1a, "call pc+1\nexit\ngoto pc-1\nr0 = 0\nexit" },
	{ "funcs 1", 0, "r0 = subprog[+2]\nexit\nr0 = r1\nexit" },
	{ "funcs 3", 0, "r0 = subprog[+5]\nif r1 == 0x0 goto pc+2\nr0 = subprog[+4]\nexit\nr0 = 1\nexit\nr0 = 2\nexit" },
	{ "2", 0x34, "r0 = 2\nif r0 == 0x2 goto pc+1\ncall pc+1\nexit\nr0 = 1\nexit" },
};

static const struct row pointers[] = {
	{ "map 1", 0, "r0 = map[id:1]\nexit" },
	{ "value 0+0", 0, "r0 = map[id:0][0]+0\nexit" },
	{ "value 0+12", 0, "r0 = map[id:0][0]+4\nr0 += 8\nexit" },
	{ "value 0+2", 0, "r0 = map[id:0][0]+4\nr0 -= 2\nexit" },
	{ "within 0", 0, "r0 = map[id:0][0]+4\nr0 += r2\nexit" },
	{ "within 1", 0, "r1 = map[id:1][0]+4\nr2 += r1\nr0 = r2\nexit" },
	{ "within 0", 0, "r0 = map[id:0][0]+4\nif r1 == 0x0 goto pc+1\nr0 += 1\nexit" },
	{ "any", 0, "r0 = map[id:0][0]+0\nif r1 == 0x0 goto pc+2\nr0 = map[id:1][0]+0\nexit" },
	{ "any", 0, "r0 = map[id:0][0]+0\nr0 &= -8\nexit" },
	{ "any", 0, "r0 = map[id:0][0]+0\nw0 = w0\nexit" },
	{ "any", 0, "r2 = r10\nr1 = map[id:0]\ncall bpf_map_update_elem#2\nexit" },
	{ "within 0", 0, "r2 = r10\nr1 = map[id:0]\ncall bpf_map_lookup_elem#1\nexit" },
	{ "0", 0, "r2 = r10\nr1 = map[id:0]\ncall bpf_map_lookup_elem#1\nif r0 == 0x0 goto pc+1\nr0 = 0\nexit" },
};

static const struct row contexts[] = {
	{ "context+0", 0, "r0 = r1\nexit" },
	{ "context+8", 0, "r2 = 16\nr0 = r1\nr0 += r2\nr0 -= 8\nexit" },
	{ "context+0", 0, "r0 = 5\nif r2 == 0x0 goto pc+1\nr0 = r1\nexit" }, /* on one way, so it may be */
	{ "near", 0, "r0 = r1\nif r2 == 0x0 goto pc+1\nr0 += 8\nexit" },
	{ "near", 0, "r0 = r1\nr0 += r2\nexit" },
	{ "within 0", 0, "r0 = map[id:0][0]+4\nr0 += r1\nexit" }, /* what the sum points to, if to anything */
	{ "within 0", 0, "r2 = map[id:0][0]+4\nr1 += r2\nr0 = r1\nexit" },
	{ "near", 0, "w0 = w1\nexit" },
	{ "0", 0, "r0 = r1\nif r0 == 0x0 goto pc+1\nr0 = 0\nexit" },
	{ "0", 0, "r0 = r1\nr0 += r2\nif r0 != 0x0 goto pc+1\nexit\nr0 = 0\nexit" },
	{ "any", 0, "r0 = *(u64 *)(r1 +0)\nexit" },
};

static const struct row loads[] = {
	{ "7", 0, "r1 = map[id:1][0]+0\nr0 = *(u64 *)(r1 +0)\nexit" },
	{ "-2", 0, "r1 = map[id:1][0]+0\nr0 = *(u64 *)(r1 +8)\nexit" },
	{ "254", 0, "r1 = map[id:1][0]+8\nr0 = *(u8 *)(r1 +0)\nexit" },
	{ "-2", 0, "r1 = map[id:1][0]+8\nr0 = *(s16 *)(r1 +0)\nexit" },
	{ "4294967295", 0, "r1 = map[id:1][0]+8\nr0 = *(u32 *)(r1 +4)\nexit" },
	{ "any", 0, "r1 = map[id:1][0]+8\nr0 = *(u64 *)(r1 +1)\nexit" }, /* over the end */
	{ "any", 0, "r1 = map[id:1][0]+0\nr0 = *(u64 *)(r1 -1)\nexit" },
	{ "any", 0, "r1 = map[id:0][0]+0\nr0 = *(u64 *)(r1 +0)\nexit" }, /* which may change */
};
/* clang-format on */

TEST(consts_of_numbers)
{
	check_rows(numbers, array_len(numbers));
}

TEST(consts_are_joined_where_paths_meet)
{
	check_rows(paths, array_len(paths));
}

TEST(consts_go_into_functions_and_back)
{
	check_rows(functions, array_len(functions));
}

TEST(consts_of_addresses)
{
	check_rows(pointers, array_len(pointers));
}

TEST(consts_of_the_context)
{
	check_rows(contexts, array_len(contexts));
}

TEST(consts_from_read_only_memory)
{
	check_rows(loads, array_len(loads));
}

/* 2^16 jumps are followed, all their ways at once; 2^17 and more targets are not, and all is reached. */
TEST(consts_give_up_on_too_many_labels)
{
	for (u32 jumps = 1 << 17; jumps >= 1 << 16; jumps /= 2) {
		u32 count = 2 * jumps + 2;
		struct insn *insns = kzalloc(count * sizeof(*insns));
		require(insns);
		for (u32 i = 0; i < jumps; i++) {
			insns[2 * i] = (struct insn){ .op = OPCODE_JEQ64_K, .dst = 1, .off = 0 };
			insns[2 * i + 1] = (struct insn){ .op = OPCODE_MOV64_K };
		}
		insns[count - 2] = (struct insn){ .op = OPCODE_MOV64_K, .imm = 5 };
		insns[count - 1] = (struct insn){ .op = OPCODE_EXIT };
		struct prog *p = vm_load(NULL, insns, count, PROG_INTERPRET);
		require(p);
		u8 *marks = flow_marks(p);
		struct consts c = { .p = p, .marks = marks };
		require(consts_find(&c) == OK);
		u32 reached = 0;
		for (consts_start(&c); consts_next(&c);)
			reached++;
		check_eq(count, reached);
		check_eq(jumps == 1 << 17 ? KNOWN_ANY : KNOWN_NUMBER, consts_result(&c, 0).kind);
		consts_free(&c);
		kfree(marks);
		prog_free(p);
		kfree(insns);
	}
}
