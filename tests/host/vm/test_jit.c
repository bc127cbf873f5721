// SPDX-License-Identifier: MIT
// What only the JIT has: frames, fixups, sizes of jumps, and code in the place of calls.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "kernel/mem/text.h"
#include "tests/host/host.h"
#include "tests/host/vm_asm.h"
#include "tests/host/vm_run.h"
#include "tests/in_use.h"
#include "tests/test.h"
#include "tests/vm_case.h"
#include "vm/compile.h"
#include "vm/run/helper.h"
#include "vm/jit/op.h"
#include "vm/run/map.h"

TEST(jit_empty_program_is_eight_bytes)
{
	static const u8 want[] = { 0x0f, 0x1f, 0x44, 0x00, 0x00, 0x31, 0xc0, 0xc3 };
	struct prog *p = vm_load_text(NULL, "r0 = 0\nexit", PROG_JIT);
	require(p);
	check_eq(sizeof(want), p->text.len);
	check(!memcmp(want, (const void *)p->text.base, min(sizeof(want), (size_t)p->text.len)));
	check_eq(0, p->insn_at[0]);
	check_eq(7, p->insn_at[1]);
	check_eq(8, p->insn_at[2]);
	prog_free(p);
}

/* Callable from C: rbx, rbp, r12 to r15 and rsp survive a program that writes all registers. */
TEST(jit_keeps_callee_saved_registers)
{
	struct prog *p = vm_load_text(
	    NULL, "r6 = 6\nr7 = 7\nr8 = 8\nr9 = 9\nr0 = 1\n*(u64 *)(r10 -512) = r6\nexit", PROG_JIT);
	u64 before[7], after[7];
	require(p);
	__asm__ volatile("mov $0x1111, %%rbx; mov $0x1212, %%r12; mov $0x1313, %%r13\n"
			 "mov $0x1414, %%r14; mov $0x1515, %%r15\n"
			 "mov %%rbx, 0(%1); mov %%r12, 8(%1); mov %%r13, 16(%1); mov %%r14, 24(%1)\n"
			 "mov %%r15, 32(%1); mov %%rbp, 40(%1); mov %%rsp, 48(%1)\n"
			 "push %2; push %2; call *%0; pop %2; pop %2\n"
			 "mov %%rbx, 0(%2); mov %%r12, 8(%2); mov %%r13, 16(%2); mov %%r14, 24(%2)\n"
			 "mov %%r15, 32(%2); mov %%rbp, 40(%2); mov %%rsp, 48(%2)\n"
			 :
			 : "a"(p->entry), "D"(before), "S"(after)
			 : "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
			   "memory", "cc");
	check(!memcmp(before, after, sizeof(before)));
	prog_free(p);
}

static u64 helper_alignment(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5, const struct prog *p)
{
	uptr frame = (uptr)__builtin_frame_address(0); /* where rbp was pushed: 16 below an aligned rsp */
	return (frame & 15) | (p ? 0 : 1) | (r1 + r2 + r3 + r4 + r5) << 8;
}

/* Whatever the frame holds, a helper is called with an aligned stack, its arguments and the program. */
TEST(jit_aligns_the_stack_for_calls)
{
	static const struct helper row = { 900,          "alignment", RET_SCALAR,
					   { ARG_NONE }, HELPER_PROG, helper_alignment };
	static const char *const saved[] = { "", "r6 = 1\n", "r6 = 1\nr7 = 1\n", "r6 = 1\nr7 = 1\nr8 = 1\n",
					     "r6 = 1\nr7 = 1\nr8 = 1\nr9 = 1\n" };
	static const char *const stack[] = { "",
					     "*(u8 *)(r10 -1) = 1\n",
					     "*(u64 *)(r10 -8) = 1\n",
					     "*(u64 *)(r10 -16) = 1\n",
					     "*(u32 *)(r10 -20) = 1\n",
					     "*(u64 *)(r10 -512) = 1\n" };
	helper_add_table(&row, 1);
	for (u32 i = 0; i < array_len(saved) * array_len(stack); i++) {
		char text[512];
		struct strbuf s = STRBUF(text);
		str_printf(&s, "%s%sr1 = 1\nr2 = 2\nr3 = 3\nr4 = 4\nr5 = 5\ncall #900\nexit",
			   saved[i % array_len(saved)], stack[i / array_len(saved)]);
		struct prog *p = vm_load_text(NULL, text, PROG_JIT);
		if (p)
			check_eq(15 << 8, vm_call(p, NULL, 0));
		prog_free(p);
	}
	helper_add_table(NULL, 0);
}

/* A jump over `count` instructions of 7 bytes that are not dead (movzx esi, byte [rdi+1000]), there and back:
 * R0 = 1 if both arrive. */
static u64 jump_over(u32 count, enum prog_mode mode, u32 *code_len)
{
	struct insn *insns = kzalloc((2 * count + 16) * sizeof(*insns)), *in = insns;
	struct insn pad = { .op = OPCODE_LDX8, .dst = 2, .src = 1, .off = 1000 };
	u64 r0 = 0;
	*in++ = (struct insn){ .op = OPCODE_MOV64_K, .dst = 0, .imm = 0 };
	*in++ = (struct insn){ .op = OPCODE_JA32, .imm = (i32)count + 2 }; /* to there */
	*in++ = (struct insn){ .op = OPCODE_ADD64_K, .dst = 0, .imm = 1 }; /* back: */
	*in++ = (struct insn){ .op = OPCODE_EXIT };
	for (u32 i = 0; i < count; i++)
		*in++ = pad;
	*in++ = (struct insn){ .op = OPCODE_JA32, .imm = -(i32)count - 3 }; /* there: */
	op_tricks_off = TRICK_JUMP; /* it would find that all this cannot be reached */
	struct prog *p = vm_load(NULL, insns, (u32)(in - insns), mode);
	op_tricks_off = 0;
	if (p) {
		r0 = vm_call(p, NULL, 0);
		*code_len = p->text.len;
	}
	prog_free(p);
	kfree(insns);
	return r0;
}

TEST(jit_jumps_across_every_distance)
{
	static const u32 counts[] = { 0, 1, 15, 16, 17, 18, 19, 20, 100, 32760, 40000, 300000 };
	for (u32 i = 0; i < array_len(counts); i++) {
		u32 len = 0;
		check_eq(1, jump_over(counts[i], PROG_JIT, &len));
		check_eq(1, jump_over(counts[i], PROG_INTERPRET, &len));
	}
}

/* The body is 5 + 2 (r0 = 0) + jmp + 4 (r0 += 1) + 1 (ret) + 7 * count + jmp. */
TEST(jit_takes_the_short_jump_up_to_its_limit)
{
	u32 len = 0;
	jump_over(17, PROG_JIT, &len); /* forward 5 + 119 = 124, back 119 + 5 + 2 = 126 */
	check_eq(12 + 7 * 17 + 2 + 2, len);
	jump_over(18, PROG_JIT, &len); /* forward 131, back 133 or more */
	check_eq(12 + 7 * 18 + 5 + 5, len);
}

/* Stores of `bytes` bytes of code in all, 18 or more, whose sizes are known: 4 and 7. */
static u32 fill(struct insn *in, u32 bytes)
{
	u32 count = 0, sevens = 3 * bytes % 4;
	for (u32 left = bytes; left; count++) {
		bool seven = sevens && sevens--;
		in[count] = (struct insn){ .op = seven ? 0x62 : 0x72, .dst = 10, .off = -4, .imm = 5 };
		left -= seven ? 7 : 4;
	}
	return count;
}

/* A jump over so many bytes, forward or back to a line before them; the bytes of its last instruction, which
 * are 2 if it is short. R1 and R2 are 0 when the program starts; R0 counts how often the bytes were run. */
static u32 jump_len(u8 op, u32 bytes, bool back, u32 *span)
{
	struct insn insns[64] = { { .op = OPCODE_MOV64_K }, { .op = OPCODE_ST64, .dst = 10, .off = -8 } };
	u32 first = 3, count = fill(&insns[first], bytes), jump = back ? first + count + 1 : 2, len = 0;
	struct insn over = { .op = op,
			     .dst = 1,
			     .src = op == 0x1d ? 2 : 0,
			     .off = (i16)(back ? -(i32)count - 3 : (i32)count + 1) };
	struct insn counter = { .op = OPCODE_ADD64_K, .dst = 0, .imm = 1 };

	insns[2] = back ? counter : over;
	insns[first + count] =
	    back ? (struct insn){ .op = OPCODE_JNE64_K, .dst = 0, .off = 1, .imm = 1 } : counter;
	insns[jump] = over;
	insns[first + count + 1 + back] = (struct insn){ .op = OPCODE_EXIT };
	struct prog *p = vm_load(NULL, insns, first + count + 2 + back, PROG_JIT);
	if (!p)
		return 0;
	check_eq(back ? 2 : 0, vm_call(p, NULL, 0));
	len = p->insn_at[jump + 1] - p->insn_at[jump];
	*span =
	    back ? p->insn_at[jump + 1] - p->insn_at[2] : p->insn_at[first + count + 1] - p->insn_at[first];
	prog_free(p);
	return len;
}

/* Every distance around the limits of one byte: 127 forward, 128 back, counted from behind the jump. */
TEST(jit_jumps_are_short_exactly_where_they_fit)
{
	static const u8 ops[] = { 0x15, 0x16, 0x1d }; /* r1 == 0; w1 == 0; r1 == r2 */
	for (u32 i = 0; i < array_len(ops); i++) {
		u32 span, compare = jump_len(ops[i], 20, false, &span) - 2;
		for (u32 bytes = 100; bytes < 150; bytes++) {
			u32 near = compare + 2, far = near + 4;
			u32 len = jump_len(ops[i], bytes, false, &span);
			check_eq(span <= 127 ? near : far, len);
			len = jump_len(ops[i], bytes, true, &span);
			check_eq(span - len + near <= 128 ? near : far, len);
		}
	}
}

TEST(jit_fixups_are_sorted_and_inside)
{
	struct prog *p = vm_load_text(
	    NULL,
	    "r2 = *(u64 *)(r1 +0)\nr3 = atomic64_fetch_and((u64 *)(r1 +8), r3)\n"
	    "*(u8 *)(r1 +3) = 7\nlock *(u32 *)(r1 +4) += r2\nr0 = *(u8 *)(r10 -1)\nr0 += r3\nexit",
	    PROG_JIT);
	require(p);
	check_eq(5, p->text.fixup_count); /* two in the loop, none for the stack */
	for (u32 i = 0; i < p->text.fixup_count; i++) {
		const struct text_fixup *f = &p->text.fixups[i];
		check(f->at < f->resume && f->resume <= p->text.len);
		check(i == 0 || f[-1].at < f->at);
	}
	prog_free(p);
}

/* Loading and freeing, and a failure at any allocation, leave no memory in use. */
TEST(compile_undoes_all_on_failure)
{
	struct insn insns[8];
	u32 count = vm_asm(insns, 8, "r0 = *(u64 *)(r1 +0)\nexit");
	const struct in_use before = in_use();
	for (u32 nth = 0; nth < 24; nth++) {
		char text[256];
		struct strbuf log = STRBUF(text);
		struct prog *p = NULL;
		heap_fail_after(nth);
		enum err e =
		    prog_load_raw(&p, "test", insns, count, nth & 1 ? PROG_INTERPRET : PROG_JIT, &log);
		heap_fail_after(0);
		check(e == OK || e == ENOMEM);
		prog_free(p);
		check_in_use(&before);
	}
}

/* Looks up the u32 at R1. */
static const char lookup[] = "r2 = r1\nr1 = map[id:0]\ncall bpf_map_lookup_elem#1\nexit";

static u32 lookup_calls;
static u64 counted_lookup(u64 r1, u64 r2, u64 r3 unused, u64 r4 unused, u64 r5 unused,
			  const struct prog *p unused)
{
	struct map *m = (struct map *)(uptr)r1;
	lookup_calls++;
	return (uptr)m->ops->lookup(m, (const void *)(uptr)r2);
}
static const struct helper lookup_row = {
	1, "map_lookup_elem", RET_MAP_VALUE_OR_NULL, { ARG_MAP, ARG_MAP_KEY }, 0, counted_lookup
};

/* Looks up keys around the limit, with and without the call, on two CPUs. */
static void try_lookups(enum bpf_map_type type, u32 value_size)
{
	char text[256];
	struct strbuf log = STRBUF(text);
	struct map *m;
	u32 *key = kmalloc(sizeof(*key));
	require(check_eq(OK, map_create(&m, "m", type, 4, value_size, 5, 0, &log)));
	struct object o = { .maps = &m, .map_count = 1 };
	helper_add_table(&lookup_row, 1);
	for (enum prog_mode mode = PROG_JIT; mode <= PROG_INTERPRET; mode++) {
		struct prog *p = vm_load_text(&o, lookup, mode);
		require(p);
		lookup_calls = 0;
		for (u32 cpu = 0; cpu < 2; cpu++) {
			host_set_cpu(cpu);
			for (*key = 0; *key < 7; ++*key)
				check_eq((uptr)m->ops->lookup(m, key), vm_call(p, key, 4));
			*key = 0xffffffff;
			check_eq(0, vm_call(p, key, 4));
		}
		host_set_cpu(0);
		check_eq(mode == PROG_JIT ? 0 : 2 * 8, lookup_calls);
		prog_free(p);
	}
	helper_add_table(NULL, 0);
	map_free(m);
	kfree(key);
}

TEST(jit_looks_into_arrays_without_a_call)
{
	for (u32 size = 1; size <= 24; size += 7)
		try_lookups(BPF_MAP_TYPE_ARRAY, size);
}

TEST(jit_looks_into_per_cpu_arrays_without_a_call)
{
	for (u32 size = 1; size <= 24; size += 7)
		try_lookups(BPF_MAP_TYPE_PERCPU_ARRAY, size);
}

/* The machine's own programs are not proven: the map's function must not get an address that no one has checked. */
TEST(jit_checks_the_key_of_a_program_that_is_not_proven)
{
	char text[256];
	struct strbuf log = STRBUF(text);
	struct map *m;
	require(check_eq(OK, map_create(&m, "m", BPF_MAP_TYPE_HASH, 8, 8, 4, 0, &log)));
	struct object o = { .maps = &m, .map_count = 1 };
	static const char *const calls[] = { "call bpf_map_lookup_elem#1", "call bpf_map_delete_elem#3" };
	for (u32 i = 0; i < array_len(calls); i++) {
		char source[128] = "";
		struct strbuf s = STRBUF(source);
		str_printf(&s, "r2 = r1\nr1 = map[id:0]\n%s\nexit", calls[i]);
		struct prog *p = vm_load_text(&o, source, PROG_JIT);
		require(p);
		check_eq(i ? (u64)-EFAULT : 0, vm_call(p, (void *)8, 8));
		prog_free(p);
	}
	map_free(m);
}

/* Where a jump can lead to the call with another R1, the map is not known. */
TEST(jit_calls_the_lookup_if_the_map_is_not_known)
{
	char text[256];
	struct strbuf log = STRBUF(text);
	struct map *maps[2];
	u32 *key = kzalloc(sizeof(*key));
	require(check_eq(OK, map_create(&maps[0], "a", BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0, &log)));
	require(check_eq(OK, map_create(&maps[1], "b", BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0, &log)));
	struct object o = { .maps = maps, .map_count = 2 };
	struct prog *p =
	    vm_load_text(&o,
			 "r3 = r2\nr2 = r1\nr1 = map[id:0]\nif r3 == 0x0 goto pc+2\nr1 = map[id:1]\n"
			 "call bpf_map_lookup_elem#1\nexit",
			 PROG_JIT);
	require(p);
	check_eq((uptr)maps[0]->values, vm_call(p, key, 0));
	check_eq((uptr)maps[1]->values, vm_call(p, key, 4));
	prog_free(p);
	map_free(maps[0]);
	map_free(maps[1]);
	kfree(key);
}

TEST(jit_reads_the_cpu_number_without_a_call)
{
	for (enum prog_mode mode = PROG_JIT; mode <= PROG_INTERPRET; mode++) {
		struct prog *p = vm_load_text(NULL, "call bpf_get_smp_processor_id#8\nexit", mode);
		require(p);
		check(p->facts.per_cpu);
		host_set_cpu(3);
		check_eq(3, vm_call(p, NULL, 0));
		host_set_cpu(0);
		check_eq(0, vm_call(p, NULL, 0));
		prog_free(p);
	}
}

/* More than text_fixup.resume can say. */
TEST(jit_refuses_more_than_16_mib_of_code)
{
	u32 count = 900000;
	char text[256];
	struct strbuf log = STRBUF(text);
	struct prog *p = NULL;
	struct insn *insns = kmalloc(count * sizeof(*insns));
	require(insns);
	const struct in_use before = in_use();
	for (u32 i = 0; i + 1 < count; i++) /* fetching atomics: loops */
		insns[i] = (struct insn){
			.op = OPCODE_ATOMIC_ADD64, .dst = 1, .src = 2, .off = 16, .imm = i & 1 ? 0x51 : 0xa1
		};
	insns[count - 1] = (struct insn){ .op = OPCODE_EXIT };
	check_eq(E2BIG, prog_load_raw(&p, "long", insns, count, PROG_JIT, &log));
	check_str("program long: its code would be longer than 16 MiB", text);
	check_in_use(&before);
	kfree(insns);
}
