// SPDX-License-Identifier: MIT
// vm/run/frame.h and the helpers and kernel functions that read it: the helper's function, the interpreter
// and the code that the JIT writes in its place return the same.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/sched.h"
#include "kernel/cpu/smp.h"
#include "tests/host/host.h"
#include "tests/host/object.h"
#include "tests/progs/answers.h"
#include "tests/test.h"
#include "vm/object.h"
#include "vm/run/kfunc.h"
#include "vm/run/map.h"

/* A frame as a trampoline makes it, its context in the middle. */
struct frame {
	u64 session_cookie;
	u64 cookie, ip, count;
	u64 args[2], ret;
};
#define IS_EXIT (1ull << 63)

static struct frame new_frame(void)
{
	return (struct frame){ 70, 0xc00c1e, 0xffffffff81234560, 4 << 8 | 2, { 11, ~0ull - 21 }, 33 };
}

/* The programs call functions of the kernel, which only its BTF names. */
static struct object *load(enum prog_mode mode)
{
	return load_object("build/tests/frame.bpf.o", mode);
}

static struct answers *answers_of(const struct object *o)
{
	return (struct answers *)map_of(o, "test.bss")->values;
}

static bool has_ret(enum prog_type type)
{
	return type == PROG_FEXIT || type == PROG_FMOD_RET || type == PROG_FSESSION;
}

static void check_answers(const struct answers *a, enum prog_type type)
{
	check_eq(2, a->count);
	check_eq(0xffffffff81234560, a->ip);
	check_eq(0xc00c1e, a->cookie);
	check_eq(0, a->arg_errors[0]);
	check_eq(11, a->args[0]);
	check_eq(0, a->arg_errors[1]);
	check_eq(~0ull - 21, a->args[1]);
	check_eq((u64)-EINVAL, a->arg_errors[2]);
	check_eq(0, a->args[2]);
	check_eq(has_ret(type) ? 0 : (u64)-EOPNOTSUPP, a->ret_error);
	check_eq(has_ret(type) ? 33 : 0, a->ret);
}

static void ask(enum prog_mode mode)
{
	static const char *const names[] = { "ask_fentry", "ask_fexit", "ask_fmod_ret", "ask_fsession",
					     "ask_raw_tp" };
	struct object *o = load(mode);
	require(o);
	struct answers *a = answers_of(o);
	for (u32 i = 0; i < array_len(names); i++) {
		const struct prog *p = prog_named(names[i]);
		struct frame f = new_frame();
		memset(a, 0, sizeof(*a));
		check_eq(0, (u32)p->entry(f.args));
		check_answers(a, p->type);
	}
	object_unload(o);
}

TEST(frame_is_answered_from_by_the_interpreter)
{
	if (!has_kernel_btf())
		return;
	ask(PROG_INTERPRET);
}

TEST(frame_is_answered_from_by_machine_code)
{
	if (!has_kernel_btf())
		return;
	ask(PROG_JIT);
}

static u64 call(u32 id, enum prog_type type, const void *ctx, u64 r2, void *r3)
{
	const struct prog p = { .type = type };
	return helper_find(id)->fn((uptr)ctx, r2, (uptr)r3, 0, 0, &p);
}

TEST(frame_is_answered_from_by_the_functions)
{
	for (enum prog_type type = PROG_FENTRY; type <= PROG_RAW_TP; type++) {
		struct frame f = new_frame();
		struct answers a = { 0 };
		a.count = call(185, type, f.args, 0, NULL);
		a.ip = call(173, type, f.args, 0, NULL);
		a.cookie = call(174, type, f.args, 0, NULL);
		for (u32 i = 0; i < array_len(a.args); i++)
			a.arg_errors[i] = (i64)call(183, type, f.args, i, &a.args[i]);
		a.ret_error = (i64)call(184, type, f.args, (uptr)&a.ret, NULL);
		check_answers(&a, type);
	}
}

static void run_session(enum prog_mode mode)
{
	struct object *o = load(mode);
	struct frame f = new_frame();
	require(o);
	struct answers *a = answers_of(o);
	prog_named("ask_fsession")->entry(f.args);
	check_eq(0, a->is_return);
	check_eq(70, a->session_cookie);
	f.count |= IS_EXIT;
	prog_named("ask_fsession")->entry(f.args);
	check_eq(1, a->is_return);
	check_eq(71, a->session_cookie);
	check_eq(72, f.session_cookie);
	check_eq(2, a->count);
	object_unload(o);
}

TEST(frame_of_a_session_keeps_its_cookie)
{
	if (!has_kernel_btf())
		return;
	run_session(PROG_INTERPRET);
	run_session(PROG_JIT);
	struct frame f = new_frame();
	check_eq((uptr)&f, kfunc_named("bpf_session_cookie")->fn((uptr)f.args, 0, 0, 0, 0, NULL));
	check_eq(0, kfunc_named("bpf_session_is_return")->fn((uptr)f.args, 0, 0, 0, 0, NULL));
	f.count |= IS_EXIT;
	check_eq(1, kfunc_named("bpf_session_is_return")->fn((uptr)f.args, 0, 0, 0, 0, NULL));
}

static void run_probes(enum prog_mode mode)
{
	static const char *const names[] = { "ask_kprobe", "ask_kretprobe" };
	struct object *o = load(mode);
	require(o);
	for (u32 i = 0; i < array_len(names); i++) {
		struct answers *a = answers_of(o);
		const struct prog *p = prog_named(names[i]);
		struct frame f = new_frame();
		this_cpu()->prog_ip = 0x1234 + i;
		this_cpu()->prog_cookie = 0x5678000000000000 + i;
		p->entry(f.args);
		check_eq(0x1234 + i, a->ip);
		check_eq(0x5678000000000000 + i, a->cookie);
		check_eq(0x1234 + i, call(173, p->type, f.args, 0, NULL));
		check_eq(0x5678000000000000 + i, call(174, p->type, f.args, 0, NULL));
		check_eq(~0ull, p->facts.reads);
		check_eq(HEADER_NONE, p->facts.header_words);
	}
	this_cpu()->prog_ip = this_cpu()->prog_cookie = 0;
	object_unload(o);
}

TEST(frame_of_a_probe_is_this_cpu)
{
	if (!has_kernel_btf())
		return;
	run_probes(PROG_INTERPRET);
	run_probes(PROG_JIT);
}

TEST(frame_needs_as_many_words_as_helpers_read)
{
	if (!has_kernel_btf())
		return;
	struct object *o = load(PROG_JIT);
	require(o);
	check_eq(HEADER_COUNT, prog_named("only_count")->facts.header_words);
	check_eq(HEADER_IP, prog_named("only_ip")->facts.header_words);
	check_eq(HEADER_COOKIE, prog_named("ask_fentry")->facts.header_words);
	check_eq(HEADER_COOKIE, prog_named("ask_fsession")->facts.header_words);
	check_eq(HEADER_NONE, prog_named("sleeper")->facts.header_words);
	check(!prog_named("ask_fentry")->facts.calls);
	check(prog_named("sleeper")->facts.calls);
	object_unload(o);
}

/* Only a mistake of the machine passes a context that is none. The interpreter checks what compiled code takes as
 * proven. */
TEST(frame_at_a_wild_address_is_survived_by_the_interpreter)
{
	if (!has_kernel_btf())
		return;
	static const u64 wild[] = { 0, 8, 0x8000000000000000, ~0ull - 2, 0x123400000000 };
	for (u32 i = 0; i < array_len(wild); i++) {
		struct object *o = load(PROG_INTERPRET);
		require(o);
		struct answers *a = answers_of(o);
		memset(a, 0xee, sizeof(*a));
		prog_named("ask_fexit")->entry((const void *)(uptr)wild[i]);
		check_eq(0, a->count);
		check_eq(0, a->ip);
		check_eq(0, a->cookie);
		check_eq((u64)-EINVAL, a->arg_errors[0]);
		check_eq((u64)-EFAULT, a->ret_error);
		object_unload(o);
	}
}

static void run_sleeper(enum prog_mode mode)
{
	struct object *o = load(mode);
	u32 before = host_slept();
	require(o);
	check(prog_named("sleeper")->sleepable);
	check_eq(1, (u32)prog_named("sleeper")->entry(NULL));
	check_eq(7, host_slept() - before);
	object_unload(o);
}

TEST(kfunc_is_called_by_its_name)
{
	if (!has_kernel_btf())
		return;
	run_sleeper(PROG_INTERPRET);
	run_sleeper(PROG_JIT);
	const struct helper *h = kfunc_named("msleep");
	require(h);
	u32 id = kfunc_btf_id(h);
	check_str("msleep", btf_type_name(vm_kernel_btf(), id));
	check(kfunc_find(id) == h);
	check(!kfunc_named("schedule") && !kfunc_find(0) && !kfunc_find(id + 1));
	vm_init(NULL);
	check(!kfunc_named("msleep") && !kfunc_find(id) && !kfunc_find(0));
}

/* One function, one variable, and what is neither or not there. */
TEST(ksym_has_an_address_by_its_name_and_its_id)
{
	u32 id = 77;
	if (!has_kernel_btf())
		return;
	check_eq((uptr)msleep, ksym_named("msleep", &id));
	check_eq(kfunc_btf_id(kfunc_named("msleep")), id);
	check_eq((uptr)msleep, ksym_address(id));
	check(ksym_named("init_task", &id) && !ksym_address(0));
	check_eq(0, ksym_named("no_such_thing", &id));
	check_eq(0, ksym_address(btf_find(vm_kernel_btf(), "task_struct", BTF_STRUCT)));
	check_eq(0, ksym_address(~0u));
	vm_init(NULL);
	check_eq(0, ksym_address(id));
}
