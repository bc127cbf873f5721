// SPDX-License-Identifier: MIT
// vm/load: clang's objects load and run, both ways; others are refused, and nothing of them is left.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/task.h"
#include "kernel/mem/text.h"
#include "tests/host/host.h"
#include "tests/host/object.h"
#include "tests/in_use.h"
#include "tests/test.h"
#include "tramp/model.h"
#include "vm/load/elf.h"
#include "vm/object.h"
#include "vm/run/map.h"
#include "vm/prog.h"

static struct object *load_basic(enum prog_mode mode)
{
	return load_object("build/tests/basic.bpf.o", mode);
}

/* The value of a global variable, as BTF prints it. */
static const char *global_text(const struct object *o, const char *map, char *text, u32 size)
{
	struct map *m = map_of(o, map);
	struct strbuf s = { .buf = text, .cap = size };
	if (check(m) && check(m->value_type))
		btf_print_value(&s, m->btf, m->value_type, m->values);
	return text;
}

TEST(load_makes_the_programs_that_the_object_holds)
{
	struct object *o = load_basic(PROG_INTERPRET);
	require(o);
	check_str("test", o->name);
	check_str("Dual MIT/GPL", o->license);
	check_eq(3, o->prog_count);
	struct prog *p = prog_named("first");
	require(p);
	check_str("fmod_ret/target", p->section);
	check_str("target", p->target);
	check_eq(PROG_FMOD_RET, p->type);
	check_eq(PROG_COMPILED, p->state);
	check(p->facts.calls && p->facts.per_cpu);
	check_str("first", btf_type_name(&o->btf, p->btf_func_id));
	check(str_matches(p->text.name, "bpf_prog_????????????????_first"));
	require(prog_named("third"));
	check_eq(PROG_FEXIT, prog_named("third")->type);
	check_str("other", prog_named("third")->target);
	check(!prog_named("fourth"));
	check(object_named("test") == o);
	object_unload(o);
	check(!object_named("test"));
	check(!prog_named("first"));
}

TEST(load_walks_a_global_function_once)
{
	u64 ctx[] = { 10 };
	for (u32 mode = PROG_JIT; mode <= PROG_INTERPRET; mode++) {
		struct object *o = load_object("build/tests/globals.bpf.o", mode);
		require(o);
		check_eq(10 + 3 + 3 + 10 + 4 + 4, (u32)prog_named("passes")->entry(ctx));
		object_unload(o);
		require(o = load_object("build/tests/global_often.bpf.o", mode));
		check_eq(200 * (2000 * 1999 / 2), (u32)prog_named("often")->entry(ctx));
		object_unload(o);
	}
}

TEST(load_walks_a_global_function_anew_whose_tag_says_nothing)
{
	if (!has_kernel_btf())
		return;
	struct object *o = load_object("build/tests/global_tag.bpf.o", PROG_JIT);
	require(o);
	object_unload(o);
}

TEST(load_makes_the_maps_that_the_object_defines)
{
	struct object *o = load_basic(PROG_JIT);
	require(o);
	struct map *m = map_of(o, "pairs");
	require(m);
	check_str("array", m->ops->name);
	check_eq(8, m->value_size);
	check_str("pair", btf_type_name(m->btf, m->value_type));
	m = map_of(o, "seen");
	require(m);
	check_str("hash", m->ops->name);
	check_eq(8, m->key_size);
	check_eq(0, m->key_type);
	m = map_of(o, "test.rodata");
	require(m);
	check(m->read_only);
	check(map_of(o, "test.bss") && map_of(o, "test.data"));
	object_unload(o);
}

static void run_basic(enum prog_mode mode)
{
	char text[256];
	struct object *o = load_basic(mode);
	require(o);
	u64 ctx[2] = { 20 }, key = 20;
	u32 index = 1;
	host_trace_clear();
	/* hidden is 6 by then: 2 * 20 + 6 + 2 * 21 + 6 */
	check_eq(94, (u32)prog_named("first")->entry(ctx));
	check_eq(207, (u32)prog_named("first")->entry(ctx) + 111);
	check_str("first: value 20 text\nfirst: value 20 text\n", host_trace());
	u32 *pair = map_of(o, "pairs")->ops->lookup(map_of(o, "pairs"), &index);
	require(pair);
	check_eq(2, pair[0]);
	check_eq(20, pair[1]);
	u64 *seen = map_of(o, "seen")->ops->lookup(map_of(o, "seen"), &key);
	require(seen);
	check_eq(20, *seen);
	check_str("{ .runs = 2 }", global_text(o, "test.bss", text, sizeof(text)));
	check_str("{ .start = 1014, .hidden = 7 }", global_text(o, "test.data", text, sizeof(text)));
	check_eq(207, (u32)prog_named("second")->entry(ctx));
	check_eq(0, (u32)prog_named("third")->entry(ctx));
	object_unload(o);
}

TEST(load_then_interpret)
{
	run_basic(PROG_INTERPRET);
}

TEST(load_then_run_machine_code)
{
	run_basic(PROG_JIT);
}

TEST(load_counts_per_cpu)
{
	struct object *o = load_basic(PROG_JIT);
	require(o);
	u64 ctx[1] = { 1 };
	u32 key = 0;
	struct map *m = map_of(o, "per_cpu");
	prog_named("first")->entry(ctx);
	host_set_cpu(3);
	prog_named("first")->entry(ctx);
	prog_named("first")->entry(ctx);
	host_set_cpu(0);
	check_eq(1, *(u64 *)m->ops->lookup_cpu(m, &key, 0));
	check_eq(0, *(u64 *)m->ops->lookup_cpu(m, &key, 1));
	check_eq(2, *(u64 *)m->ops->lookup_cpu(m, &key, 3));
	object_unload(o);
}

TEST(load_keeps_lines_in_order)
{
	struct object *o = load_basic(PROG_INTERPRET);
	require(o);
	const struct prog *p = prog_named("first");
	check(p->line_count > 5);
	for (u32 i = 1; i < p->line_count; i++)
		check(p->lines[i - 1].insn_idx < p->lines[i].insn_idx);
	check(str_matches(btf_name(&o->btf, p->lines[0].file_off), "*basic.bpf.c"));
	bool found = false;
	for (u32 i = 0; i < p->line_count; i++)
		found |= str_matches(btf_name(&o->btf, p->lines[i].line_off), "*x * 2 + hidden*");
	check(found); /* a line of a subprogram */
	object_unload(o);
}

TEST(load_of_equal_code_makes_equal_tags)
{
	u8 tag[8];
	struct object *o = load_basic(PROG_INTERPRET);
	require(o);
	memcpy(tag, prog_named("first")->tag, 8);
	check(memcmp(tag, prog_named("second")->tag, 8) != 0);
	object_unload(o);
	o = load_basic(PROG_JIT);
	require(o);
	check(memcmp(tag, prog_named("first")->tag, 8) == 0);
	object_unload(o);
}

TEST(load_same_object_twice_is_refused)
{
	struct object *again, *o = load_basic(PROG_INTERPRET);
	require(o);
	check_eq(EEXIST, try_object(&again, "test", "build/tests/basic.bpf.o", PROG_INTERPRET));
	check_str("an object called test is loaded already; give this file another name", why);
	object_unload(o);
}

TEST(load_attached_program_keeps_its_object)
{
	struct object *o = load_basic(PROG_INTERPRET);
	require(o);
	o->progs[1]->links = 1;
	check_eq(EBUSY, object_unload(o));
	o->progs[1]->links = 0;
	check_eq(OK, object_unload(o));
}

TEST(load_weak_extern_that_the_kernel_lacks_is_zero)
{
	if (!has_kernel_btf())
		return;
	for (enum prog_mode mode = PROG_JIT; mode <= PROG_INTERPRET; mode++) {
		struct object *o = load_object("build/tests/weak_extern.bpf.o", mode);
		require(o);
		check_eq(4, (u32)prog_named("program")->entry(NULL)); /* the kernel has msleep only */
		object_unload(o);
	}
	vm_init(NULL);
}

struct kind {
	const char *name, *target;
	enum prog_type type;
	bool sleepable, multi;
	u32 offset;
};

/* clang-format off */
static const struct kind kinds[] = {
	{ "enter", "target", PROG_FENTRY, false, false, 0 },
	{ "entry_anywhere", "", PROG_FENTRY, false, false, 0 },
	{ "entry_sleeps", "target", PROG_FENTRY, true, false, 0 },
	{ "entry_multi", "skb_*", PROG_FENTRY, false, true, 0 },
	{ "entry_multi_sleeps", "skb_*", PROG_FENTRY, true, true, 0 },
	{ "leave", "target", PROG_FEXIT, false, false, 0 },
	{ "exit_sleeps", "target", PROG_FEXIT, true, false, 0 },
	{ "exit_multi", "skb_*", PROG_FEXIT, false, true, 0 },
	{ "modify", "target", PROG_FMOD_RET, false, false, 0 },
	{ "modify_sleeps", "target", PROG_FMOD_RET, true, false, 0 },
	{ "session", "target", PROG_FSESSION, false, false, 0 },
	{ "session_sleeps", "target", PROG_FSESSION, true, false, 0 },
	{ "session_multi", "skb_*", PROG_FSESSION, false, true, 0 },
	{ "raw_tp", "sched_switch", PROG_RAW_TP, false, false, 0 },
	{ "raw_tracepoint", "sched_switch", PROG_RAW_TP, false, false, 0 },
	{ "tp_btf", "sched_switch", PROG_RAW_TP, false, false, 0 },
	{ "probe", "target", PROG_KPROBE, false, false, 0 },
	{ "probe_hex", "target", PROG_KPROBE, false, false, 31 },
	{ "probe_decimal", "target", PROG_KPROBE, false, false, 31 },
	{ "probe_anywhere", "", PROG_KPROBE, false, false, 0 },
	{ "probe_return", "target", PROG_KRETPROBE, false, false, 0 },
};
/* clang-format on */

TEST(load_takes_a_program_with_the_names_of_kernel_types)
{
	struct object *o = load_object("build/tests/own_names.bpf.o", PROG_JIT);
	require(o);
	check_eq(1, prog_named("own_names")->entry(NULL));
	object_unload(o);
}

TEST(load_takes_every_form_of_a_section_name)
{
	struct object *o = load_object("build/tests/kinds.bpf.o", PROG_JIT);
	require(o);
	check_eq(array_len(kinds), o->prog_count);
	for (u32 i = 0; i < array_len(kinds); i++) {
		const struct prog *p = prog_named(kinds[i].name);
		if (!check(p))
			continue;
		check_str(kinds[i].target, p->target);
		check_str(prog_type_name(kinds[i].type), prog_type_name(p->type));
		check_eq(kinds[i].sleepable, p->sleepable);
		check_eq(kinds[i].multi, p->multi);
		check_eq(kinds[i].offset, p->target_offset);
	}
	object_unload(o);
}

struct refusal {
	const char *object;
	enum err err;
	const char *why;
};

static const struct refusal refusals[] = {
	{ "refuse_section", EOPNOTSUPP,
	  "section uprobe/target: there are no uprobe programs: there are no user programs to probe, at "
	  "refuse_section.bpf.c:*" },
	{ "refuse_ending", EOPNOTSUPP, "section tp_btf.s/sched_switch: there is no such kind of program*" },
	{ "refuse_offset", EINVAL, "section kprobe/target+0x: +0x is no offset; *" },
	{ "refuse_return_offset", EINVAL, "section kretprobe/target+4: only a kprobe can be at an offset*" },
	{ "refuse_extern", ENOENT,
	  "program program: it needs jiffies, which the object only declares, and the kernel has not, at "
	  "refuse_extern.bpf.c:*" },
	{ "refuse_extern_function", EOPNOTSUPP,
	  "program program: it calls wake_up_process, which the object only declares; of the kernel it can "
	  "call bpf_session_is_return, bpf_session_cookie, msleep, *at refuse_extern_function.bpf.c:*" },
	{ "refuse_sleep", EINVAL,
	  "program program: *: insn ?: msleep may block, so only a program that may sleep can call it*" },
	{ "refuse_session", EINVAL,
	  "program program: *: insn ?: bpf_session_cookie is not for fexit programs*" },
	{ "refuse_probe_arg", EINVAL,
	  "program program: *: insn ?: bpf_get_func_arg is not for kprobe programs*" },
	{ "refuse_slot", E2BIG, "map table: program program is in slot 2, but there are only 2" },
	{ "refuse_values_size", EINVAL, "map table: key and value of a prog_array are 4 bytes, not 4 and 8" },
	{ "refuse_values_hash", EINVAL, "map table: values that are programs are only for *prog_array" },
	{ "refuse_mixed", EINVAL, "*table*another type*" },
	{ "refuse_context", EINVAL, "map table: * for a function with other arguments*" },
	{ "refuse_sleeping_tail", EINVAL,
	  "program program: *: insn ?: a program that may sleep cannot end in a tail call*" },
	{ "refuse_lock_two", EINVAL, "map locked: a value has 2 structs bpf_spin_lock, and may have one" },
	{ "refuse_lock_percpu", EOPNOTSUPP, "map locked: only values of a hash or an array have *" },
	{ "refuse_pinned", EOPNOTSUPP, "map pinned: it asks to be pinned*" },
	{ "refuse_huge", E2BIG, "map huge: 1073741824 entries of 8 bytes need more than 32 MiB" },
	{ "refuse_pointer", EOPNOTSUPP, ".data: a variable is initialised with the address of target*" },
	{ "refuse_static", EINVAL, "section fentry/target: program program is static*" },
	{ "refuse_helper", EINVAL,
	  "program program: *: insn ?: there is no helper bpf_get_socket_cookie (46)*" },
	{ "refuse_queue", EOPNOTSUPP,
	  "map ring: type queue (22) is not supported; array, hash, percpu_array, prog_array and ringbuf "
	  "are*" },
	{ "refuse_inner", EOPNOTSUPP, "map outer: type array_of_maps (12) is not supported; *" },
	{ "refuse_old_maps", EOPNOTSUPP, "section maps: struct bpf_map_def is libbpf's old form; *" },
	{ "refuse_const_store", EINVAL,
	  "program program: *: insn ?: this store is in the value of map test.rodata, which is read only*" },
	{ "refuse_const_atomic", EINVAL,
	  "program program: *: insn ?: this atomic operation is in the value of map test.rodata, *" },
	{ "refuse_const_helper", EINVAL,
	  "program program: *: insn ?: argument 1 of bpf_probe_read_kernel is in the value of map "
	  "test.rodata, which is read only*" },
	{ "refuse_const_map", EINVAL,
	  "program program: *: insn ?: this store is in the value of map fixed, *" },
	{ "refuse_const_update", EINVAL,
	  "program program: *: insn ?: bpf_map_update_elem would write to fixed, which is read only*" },
	{ "refuse_result", EINVAL, "program program: *: insn 1: an fexit program must return 0, not 1*" },
	{ "refuse_format", EINVAL,
	  "program program: *: insn ?: \"%f\" in the format \"half %f\" is nothing that bpf_printk prints*" },
	{ "refuse_format_args", EINVAL,
	  "program program: *: insn ??: the format \"%d %d %d %d %d\" needs more than 4 arguments*" },
	{ "refuse_result_maybe", EINVAL,
	  "program program: *: insn ?: an fsession program must return 0, not 1*" },
	{ "refuse_number_as_map", EINVAL,
	  "program program: *: insn ?: argument 1 of bpf_map_lookup_elem is the number 16, and must be a map "
	  "of this "
	  "object*" },
	{ "refuse_null", EINVAL,
	  "program program: refuse_null.bpf.c:22: insn ??: r0 (count) is a value of map counts, or NULL; "
	  "test it "
	  "against NULL before it is used; it is from bpf_map_lookup_elem in line 18; path: line 20 to 22" },
	{ "refuse_renames", EINVAL,
	  "program renames: *: insn ?: r0 (task) is a struct task_struct; it cannot be written*" },
	{ "refuse_address", EINVAL,
	  "program stores: *: insn ?: r2 is the number 16; only an address can be accessed*" },
	{ "refuse_license", EINVAL,
	  "program program: *: insn ?: bpf_trace_printk is only for programs under the GPL; write char "
	  "LICENSE[] "
	  "SEC(\"license\") = \"GPL\";*" },
	{ "refuse_global_null", EINVAL, "program program: *is 4 bytes of memory, or NULL; test it*" },
	{ "refuse_global_index", EINVAL, "program program: *can be outside the value of map*" },
	{ "refuse_global_object", EINVAL,
	  "program program: *argument 1 of read is a struct sk_buff, and must be an address of the program's "
	  "stack*" },
	{ "refuse_global_result", EINVAL, "program program: *a number of any size cannot be added to it*" },
	{ "refuse_global_stack", EINVAL, "program program: *the memory in * of sum reads the stack*" },
	{ "types", EOPNOTSUPP, "section raw: there is no such kind of program*" },
};

TEST(load_refuses_with_one_sentence_and_leaves_nothing)
{
	if (!has_kernel_btf())
		return;
	for (u32 i = 0; i < array_len(refusals); i++) {
		char path[64];
		struct strbuf s = STRBUF(path);
		struct object *o;
		str_printf(&s, "build/tests/%s.bpf.o", refusals[i].object);
		const struct in_use before = in_use();
		check_eq(refusals[i].err, try_object(&o, "test", path, PROG_JIT));
		if (!str_matches(why, refusals[i].why))
			check_str(refusals[i].why, why);
		check_in_use(&before);
		check(!object_first());
		if (o)
			object_unload(o);
	}
	vm_init(NULL);
}

static void fail_at_every_allocation(const char *path)
{
	size_t len;
	void *file = host_file(path, &len);
	require(file);
	u32 nth = 1;
	const struct in_use before = in_use();
	for (;; nth++) {
		struct object *o;
		struct strbuf log = STRBUF(why);
		why[0] = 0;
		heap_fail_after(nth);
		enum err e = object_load(&o, "test", file, len, PROG_JIT, &log);
		heap_fail_after(0);
		if (!e) {
			object_unload(o);
			break;
		}
		if (!check_eq(ENOMEM, e) || !check(str_matches(why, "*memory*")) || !check_in_use(&before) ||
		    !check(!object_first()))
			break;
	}
	check(nth > 20); /* there are that many allocations, so the test did test something */
	check_in_use(&before);
	kfree(file);
}

TEST(load_fails_whole_at_every_allocation)
{
	fail_at_every_allocation("build/tests/basic.bpf.o");
	fail_at_every_allocation("build/tests/globals.bpf.o"); /* walks functions alone */
}

static enum err load_bytes(const void *file, size_t len)
{
	struct strbuf log = STRBUF(why);
	struct object *o;
	why[0] = 0;
	enum err e = object_load(&o, "test", file, len, PROG_INTERPRET, &log);
	if (!e)
		object_unload(o);
	return e;
}

TEST(load_truncated_object_is_refused_at_every_length)
{
	size_t len;
	void *file = host_file("build/tests/basic.bpf.o", &len);
	require(file);
	const struct in_use before = in_use();
	for (size_t part = 0; part < len; part += part < 64 ? 1 : 13) {
		u8 *copy = kmalloc(max(part, (size_t)1));
		memcpy(copy, file, part);
		if (!check(load_bytes(copy, part)) || !check(*why))
			part = len;
		kfree(copy);
	}
	check_in_use(&before);
	kfree(file);
}

TEST(load_flipped_bits_never_lead_outside)
{
	size_t len;
	u8 *file = host_file("build/tests/basic.bpf.o", &len);
	require(file);
	u32 refused = 0;
	const struct in_use before = in_use();
	for (size_t at = 0; at < len; at++) {
		u8 bit = (u8)(1u << at % 8);
		file[at] ^= bit;
		bool bad = load_bytes(file, len);
		file[at] ^= bit;
		refused += bad;
		if (bad && !check(*why))
			break;
	}
	check(refused > 100);
	check_in_use(&before);
	kfree(file);
}

/* Returns where the relocation of program `first` to that symbol lies in the file; NULL if it has none. */
static struct elf_rel *relocation_to(u8 *file, size_t len, const char *symbol)
{
	struct strbuf log = STRBUF(why);
	struct elf elf;
	if (!check_eq(OK, elf_open(&elf, file, len, &log)))
		return NULL;
	struct elf_section s = elf_section(&elf, elf_find(&elf, ".relfmod_ret/target"));
	for (u32 i = 0; i < elf_rel_count(&s); i++)
		if (!strcmp(symbol, elf_symbol(&elf, elf_rel(&s, i).symbol).name))
			return (struct elf_rel *)(file + (s.data - file)) + i;
	return NULL;
}

/* The instruction at byte 0 is arithmetic. */
static const struct {
	const char *symbol;
	bool moves;
	u64 to; /* if it moves */
	u32 type;
	enum err err;
	const char *why;
} relocations[] = {
	{ "runs", true, 0, R_BPF_NONE, EINVAL, /* the address stays 0 */
	  "program first: basic.bpf.c:63: insn 34: r1 is the number 0; only an address can be accessed; "
	  "path: line 54 to 56, line 61 to 62" },
	{ "runs", true, 0, R_BPF_64_64, ENOEXEC,
	  "program first: insn 0 has a relocation of type 1 (to runs)" },
	{ "runs", true, 1, R_BPF_64_64, ENOEXEC,
	  "program first: the relocation at byte 1 of section fmod_ret/target is inside an instruction" },
	{ "four_times", false, 0, R_BPF_64_64, ENOEXEC, "program first: relocation of type 1 at a call" },
};

TEST(load_refuses_relocations_where_they_do_not_fit)
{
	size_t len;
	u8 *file = host_file("build/tests/basic.bpf.o", &len);
	require(file);
	for (u32 i = 0; i < array_len(relocations); i++) {
		struct elf_rel *r = relocation_to(file, len, relocations[i].symbol);
		if (!check(r))
			break;
		const struct elf_rel old = *r;
		r->type = relocations[i].type;
		r->offset = relocations[i].moves ? relocations[i].to : old.offset;
		check_eq(relocations[i].err, load_bytes(file, len));
		check_str(relocations[i].why, why);
		*r = old;
	}
	kfree(file);
}

struct foreign {
	u32 at;
	u8 byte;
	const char *why;
};

/* One byte of the ELF header each. */
static const struct foreign foreigners[] = {
	{ 0, 0, "not an ELF file" },
	{ 4, 1, "a 32-bit little-endian object; needed is 64-bit little-endian" },
	{ 5, 2, "a 64-bit big-endian object; needed is 64-bit little-endian" },
	{ 18, 62, "an object for x86-64 (ELF machine 62), not for BPF" },
	{ 18, 183, "an object for AArch64 (ELF machine 183), not for BPF" },
	{ 16, 2, "not a relocatable object as `clang -c` writes it" },
};

TEST(elf_foreign_files_are_named)
{
	size_t len;
	u8 *file = host_file("build/tests/basic.bpf.o", &len);
	require(file);
	for (u32 i = 0; i < array_len(foreigners); i++) {
		u8 old = file[foreigners[i].at];
		file[foreigners[i].at] = foreigners[i].byte;
		check_eq(ENOEXEC, load_bytes(file, len));
		check_str(foreigners[i].why, why);
		file[foreigners[i].at] = old;
	}
	check_eq(ENOEXEC, load_bytes(file, len - 1));
	check(str_matches(why, "the object is cut off: *"));
	check_eq(OK, load_bytes(file, len));
	kfree(file);
}

TEST(load_raw_takes_any_section)
{
	size_t len;
	void *file = host_file("build/tests/types.bpf.o", &len);
	struct strbuf log = STRBUF(why);
	struct object *o;
	require(file);
	check_eq(OK, object_load_raw(&o, "raw", file, len, PROG_JIT, &log));
	kfree(file);
	require(o);
	check_eq(1, o->prog_count);
	check_eq(PROG_RAW, o->progs[0]->type);
	object_unload(o);
}

/* The programs of the demo, against this kernel's own types. */
TEST(load_takes_every_program_of_progs)
{
	static const char *const names[] = { "wakeup", "skbcount", "skblat", "count", "nomem", "rxtime",
					     "allocs", "switches", "slow",   "tails", "tasks" };
	if (!has_kernel_btf())
		return;
	for (u32 i = 0; i < array_len(names); i++) {
		char path[64];
		struct strbuf s = STRBUF(path);
		str_printf(&s, "build/progs/%s.bpf.o", names[i]);
		struct object *o = load_object(path, PROG_JIT);
		if (o)
			object_unload(o);
	}
	vm_init(NULL);
}

/* So that a program can itself be traced: its first bytes are a site's nop, and its type says that it
 * takes one argument. */
TEST(load_makes_programs_that_are_functions)
{
	static const u8 nop[] = { 0x0f, 0x1f, 0x44, 0, 0 };
	for (enum prog_mode mode = PROG_JIT; mode <= PROG_INTERPRET; mode++) {
		struct object *o = load_basic(mode);
		require(o);
		for (u32 i = 0; i < o->prog_count; i++) {
			const struct prog *p = o->progs[i];
			struct strbuf log = STRBUF(why);
			struct model m;
			check_eq(p->text.base, (uptr)p->entry);
			check(memcmp((const void *)p->text.base, nop, sizeof(nop)) == 0);
			check_eq(OK, model_from_btf(&m, &o->btf, p->btf_func_id, &log));
			check_eq(1, m.arg_count);
			check_eq(1, m.slot_count);
			check_eq(4, m.ret_size);
		}
		object_unload(o);
	}
}

/* What a program finds: field by field at the places that the kernel's BTF names. */
TEST(load_relocates_task_struct_of_this_kernel)
{
	if (!has_kernel_btf())
		return;
	struct object *o = load_object("build/progs/wakeup.bpf.o", PROG_JIT);
	require(o);
	struct task_struct task = { .pid = 4711, .comm = "sleeper" };
	u64 ctx[] = { (uptr)&task };
	host_trace_clear();
	prog_named("my_wake_up")->entry(ctx);
	check_str("my_wake_up: We are waking up sleeper:4711\n", host_trace());
	object_unload(o);
	vm_init(NULL);
}
