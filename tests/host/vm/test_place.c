// SPDX-License-Identifier: MIT
// Small loops do not cross a cache line, wherever the code before them ends; and jumps over the padding,
// short or long, lead to the right place.
#include "kernel/layout.h"
#include "tests/host/vm_run.h"
#include "tests/test.h"
#include "tests/vm_case.h"
#include "vm/compile.h"
#include "vm/jit/op.h"

enum {
	INSNS_MAX = 256,
	ROUNDS = 3,
	MOV = 0xb7,
	STORE = 0x7b,
	ADD = 0x07,
	JNE = 0x55,
	JEQ = 0x15,
	EXIT = 0x95
};

struct writer {
	struct insn insns[INSNS_MAX];
	u32 count;
};

static u32 add(struct writer *w, u8 op, u8 dst, i16 off, i32 imm)
{
	u8 src = op == STORE ? BPF_R0 : 0;
	w->insns[w->count] = (struct insn){ .op = op, .dst = dst, .src = src, .off = off, .imm = imm };
	return w->count++;
}

/* Stores to the stack, which no optimiser takes away: four bytes each. */
static void add_stores(struct writer *w, u32 count)
{
	while (count--)
		add(w, STORE, BPF_FP, -8, 0);
}

/* A loop that adds 1 to R0 in each of its rounds, with R1 (or another one) from 0 to -ROUNDS. Its head. */
static u32 add_loop(struct writer *w, u8 counter, u32 stores)
{
	u32 head = w->count;
	add_stores(w, stores);
	add(w, ADD, BPF_R0, 0, 1);
	add(w, ADD, counter, 0, -1);
	u32 jump = add(w, JNE, counter, 0, -ROUNDS);
	w->insns[jump].off = (i16)(head - jump - 1);
	return head;
}

/* Stores, a loop, stores; R2 = 0 jumps over it all. */
static struct prog *load_loop(u32 before, u32 body, u32 after, u32 *head)
{
	struct writer w = { .count = 0 };
	add(&w, MOV, BPF_R0, 0, 0);
	add(&w, MOV, BPF_R1, 0, 0);
	u32 jump = add(&w, JEQ, BPF_R2, 0, 0);
	add_stores(&w, before);
	*head = add_loop(&w, BPF_R1, body);
	add_stores(&w, after);
	w.insns[jump].off = (i16)(w.count - jump - 1);
	add(&w, EXIT, 0, 0, 0);
	return vm_load(NULL, w.insns, w.count, PROG_JIT);
}

struct seen {
	u32 padded, small, large;
};

static void check_loop(u32 before, u32 body, struct seen *seen)
{
	u32 head, line = TEXT_ALIGN;
	struct prog *p = load_loop(before, body, 0, &head);
	if (!p)
		return;
	u32 at = p->insn_at[head], end = p->insn_at[p->insn_count - 1];
	check_eq(0, p->text.base % line);
	if (end - at <= line)
		check_eq(at / line, (end - 1) / line);
	seen->small += end - at <= line;
	seen->large += end - at > line;
	seen->padded += at % line == 0;
	check_eq(ROUNDS, vm_call(p, NULL, 1));
	check_eq(0, vm_call(p, NULL, 0));
	prog_free(p);
}

TEST(jit_small_loops_lie_in_one_line)
{
	struct seen seen = { 0 };
	for (u32 before = 0; before < 40; before++)
		for (u32 body = 0; body < 16; body++)
			check_loop(before, body, &seen);
	check(seen.padded > 100);
	check(seen.small > 400);
	check(seen.large > 50);
}

TEST(jit_places_no_loop_when_told_so)
{
	u32 head, across = 0;
	op_tricks_off = TRICK_PLACE;
	for (u32 before = 0; before < 40; before++) {
		struct prog *p = load_loop(before, 2, 0, &head);
		if (!p)
			break;
		across += p->insn_at[head] / TEXT_ALIGN != p->insn_at[head + 4] / TEXT_ALIGN;
		prog_free(p);
	}
	op_tricks_off = 0;
	check(across > 5);
}

static void check_both_ways(struct prog *p, u64 count)
{
	if (!p)
		return;
	check_eq(count, vm_call(p, NULL, 1));
	check_eq(0, vm_call(p, NULL, 0));
	prog_free(p);
}

/* The padding stands between a jump and what it is counted from. */
TEST(jit_jumps_forward_over_padding)
{
	u32 head;
	for (u32 before = 0; before < 18; before++)
		for (u32 body = 0; body < 16; body++)
			for (u32 after = 0; after < 32; after++)
				check_both_ways(load_loop(before, body, after, &head), ROUNDS);
}

/* Two small loops in a larger one, whose jumps lead over both paddings. */
static struct prog *load_nested(u32 before, u32 between)
{
	struct writer w = { .count = 0 };
	add(&w, MOV, BPF_R0, 0, 0);
	add(&w, MOV, BPF_R3, 0, 0);
	u32 outer = add(&w, MOV, BPF_R1, 0, 0);
	add(&w, MOV, BPF_R4, 0, 0);
	u32 skip = add(&w, JEQ, BPF_R2, 0, 0);
	add_stores(&w, before);
	add_loop(&w, BPF_R1, 3);
	add_stores(&w, between);
	add_loop(&w, BPF_R4, 5);
	w.insns[skip].off = (i16)(w.count - skip - 1);
	add(&w, ADD, BPF_R3, 0, 1);
	u32 back = add(&w, JNE, BPF_R3, 0, 4);
	w.insns[back].off = (i16)(outer - back - 1);
	add(&w, EXIT, 0, 0, 0);
	return vm_load(NULL, w.insns, w.count, PROG_JIT);
}

TEST(jit_jumps_back_over_padding)
{
	for (u32 before = 0; before < 30; before++)
		for (u32 between = 0; between < 30; between++)
			check_both_ways(load_nested(before, between), 4 * 2 * ROUNDS);
}
