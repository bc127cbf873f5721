// SPDX-License-Identifier: MIT
// Calls in clang's objects that tests/cases cannot express: tail calls among programs, callbacks whose
// addresses are relocated, addresses of functions and variables of the kernel.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/task.h"
#include "tests/host/host.h"
#include "tests/host/object.h"
#include "tests/test.h"
#include "vm/object.h"
#include "vm/run/map.h"
#include "vm/prog.h"

/* A value of a map's only entry by the name that BTF has for it. */
static u64 global(const struct object *o, const char *name)
{
	struct map *m = map_of(o, "test.bss");
	const struct btf_type *t = btf_type(m->btf, m->value_type);
	u64 value = 0;
	for (u32 i = 0; i < btf_vlen(t); i++) {
		const struct btf_var_secinfo *v = &btf_vars(t)[i];
		if (strcmp(btf_type_name(m->btf, v->type), name) == 0)
			memcpy(&value, m->values + v->offset, btf_size(m->btf, v->type));
	}
	return value;
}

/* Runs one program of a freshly loaded object. */
static struct object *run(const char *path, const char *name, enum prog_mode mode, u32 want)
{
	u64 ctx[2] = { 0 };
	struct object *o = load_object(path, mode);
	if (o && check(prog_named(name)))
		check_eq(want, (u32)prog_named(name)->entry(ctx));
	return o;
}

static void check_tail(const char *name, u32 want, u64 runs, u64 returns, u64 seen)
{
	for (enum prog_mode mode = PROG_JIT; mode <= PROG_INTERPRET; mode++) {
		struct object *o = run("build/tests/tail.bpf.o", name, mode, want);
		require(o);
		check_eq(runs, global(o, "runs"));
		check_eq(returns, global(o, "returns"));
		check_eq(seen, global(o, "seen"));
		object_unload(o);
	}
}

/* Runs a program of which_map.bpf.o in both modes, with ctx[0] = arg; look checks the maps then. */
static void with_maps(const char *name, u64 arg, u32 want, void (*look)(const struct object *o))
{
	for (enum prog_mode mode = PROG_JIT; mode <= PROG_INTERPRET; mode++) {
		u64 ctx[2] = { arg };
		struct object *o = load_object("build/tests/which_map.bpf.o", mode);
		require(o);
		check_eq(want, (u32)prog_named(name)->entry(ctx));
		look(o);
		object_unload(o);
	}
}

static void check_chosen_first(const struct object *o)
{
	check_eq(6, global(o, "in_first"));
	check_eq(0, global(o, "in_second"));
}

static void check_chosen_second(const struct object *o)
{
	check_eq(0, global(o, "in_first"));
	check_eq(6, global(o, "in_second"));
}

TEST(map_may_be_chosen_when_the_program_runs)
{
	with_maps("chosen", 1, 0, check_chosen_first);
	with_maps("chosen", 0, 0, check_chosen_second);
}

static void check_called_back(const struct object *o)
{
	check_eq(77, global(o, "found"));
}

TEST(map_of_a_callback_is_the_callers)
{
	with_maps("called_back", 0, 1, check_called_back);
}

TEST(tail_call_of_itself_happens_33_times)
{
	check_tail("again", 34, 34, 1, 0);
}

TEST(tail_call_out_of_a_function_comes_back_to_its_caller)
{
	check_tail("below", 34, 34, 34, 34 * 35 / 2);
}

TEST(tail_call_count_is_one_for_all_functions)
{
	check_tail("both", 35, 34, 0, 0);
}

TEST(tail_call_returns_the_result_of_the_other_program)
{
	check_tail("to_leaf", 1000, 101, 0, 0);
	check_tail("to_leaf_and_on", 2001, 201, 0, 0);
}

TEST(tail_call_to_no_program_falls_through)
{
	check_tail("to_nobody", 5, 2, 0, 0);
}

TEST(tail_call_goes_through_maps_of_every_definition)
{
	for (enum prog_mode mode = PROG_JIT; mode <= PROG_INTERPRET; mode++) {
		struct object *o = run("build/tests/values.bpf.o", "first", mode, 5);
		if (o)
			object_unload(o);
	}
}

TEST(tail_call_twice_in_a_row_counts_anew)
{
	u64 ctx[2] = { 0 };
	for (enum prog_mode mode = PROG_JIT; mode <= PROG_INTERPRET; mode++) {
		struct object *o = run("build/tests/tail.bpf.o", "again", mode, 34);
		require(o);
		check_eq(68, (u32)prog_named("again")->entry(ctx));
		object_unload(o);
	}
}

/* The next program is not known, so the frame must have every word that it could read. */
TEST(tail_call_makes_the_facts_expect_anything)
{
	struct object *o = load_object("build/tests/tail.bpf.o", PROG_JIT);
	require(o);
	const struct prog_facts *f = &prog_named("below")->facts;
	check(f->tail_calls && f->calls && f->per_cpu);
	check_eq(HEADER_COOKIE, f->header_words);
	check_eq(~0ull, f->reads);
	check_eq(2, f->frames);
	check(!prog_named("leaf")->facts.tail_calls);
	object_unload(o);
}

/* r12 is the caller's. */
TEST(tail_call_keeps_the_callers_registers)
{
	u64 ctx[2] = { 0 }, after;
	struct object *o = load_object("build/tests/tail.bpf.o", PROG_JIT);
	require(o);
	uptr entry = (uptr)prog_named("again")->entry;
	__asm__ volatile("mov $0x1234567, %%r12d\n\tcall *%1\n\tmov %%r12, %0"
			 : "=r"(after)
			 : "r"(entry), "D"(ctx)
			 : "rax", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "memory", "cc");
	check_eq(0x1234567, after);
	object_unload(o);
}

static void check_object(const char *path, const char *name, u32 want)
{
	if (!has_kernel_btf())
		return;
	for (enum prog_mode mode = PROG_JIT; mode <= PROG_INTERPRET; mode++) {
		struct object *o = run(path, name, mode, want);
		require(o);
		object_unload(o);
	}
	vm_init(NULL);
}

static void check_loop(const char *name, u32 want)
{
	check_object("build/tests/loop.bpf.o", name, want);
}

TEST(callback_that_clang_compiled_is_called)
{
	check_loop("loop_ten", 10000 + 45);
	check_loop("loop_stopped", 21000 + 210);
	check_loop("each_element", 40000 + 600);
}

TEST(callback_may_be_chosen_at_run_time)
{
	check_loop("loop_chosen", 1045);
}

TEST(callback_changes_elements_and_calls_functions)
{
	u64 ctx[2] = { 0 };
	if (!has_kernel_btf())
		return;
	for (enum prog_mode mode = PROG_JIT; mode <= PROG_INTERPRET; mode++) {
		struct object *o = run("build/tests/loop.bpf.o", "each_element", mode, 40600);
		require(o);
		check_eq(40608, (u32)prog_named("each_element")->entry(ctx));
		object_unload(o);
	}
	vm_init(NULL);
}

TEST(iterators_that_clang_compiled_give_their_numbers)
{
	static const struct {
		const char *name;
		u32 want;
	} rows[] = { { "iter_sum", 49 },      { "iter_unknown", 201 }, { "iter_nested", 4950 },
		     { "iter_elements", 16 }, { "iter_fills", 31 },    { "iter_bounds", 1111 } };
	for (u32 i = 0; i < array_len(rows); i++)
		check_object("build/tests/iter.bpf.o", rows[i].name, rows[i].want);
}

TEST(ksym_addresses_are_in_the_program)
{
	if (!has_kernel_btf())
		return;
	for (enum prog_mode mode = PROG_JIT; mode <= PROG_INTERPRET; mode++) {
		struct object *o = run("build/tests/loop.bpf.o", "addresses", mode, 0);
		require(o);
		check_eq((uptr)&init_task, global(o, "task_address"));
		check_eq((uptr)msleep, global(o, "function_address"));
		object_unload(o);
	}
	vm_init(NULL);
}
