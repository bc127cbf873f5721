// SPDX-License-Identifier: MIT
// bench-vm [--rounds N] [--programs NAME,NAME] [--objects DIR] [--json FILE] [--without TRICK,TRICK]
//          [--tricks] [--check]
//
// Times the programs of tests/bench/ in every way that runs them: as native code (linked into this
// executable), in the interpreter, in the JIT, in the host's kernel. All run in one process, on one CPU, in
// turn in each round, so that a disturbance disturbs all; the best slice of each counts. Then, with --tricks,
// it times the JIT without each of its optimisations.
//
// --check times nothing: it runs each program once in each way but the host's; PASS if all results are equal.
// The exit status is 1 if a result differs or a program cannot be loaded, 2 for bad use.
#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "tests/bench/report.h"
#include "tests/host/host.h"
#include "tests/host/tricks.h"
#include "tests/host/vm_run.h"
#include "vm/run/map.h"
#include "vm/jit/op.h"

struct options {
	const char *programs, *objects, *json, *without;
	u32 rounds;
	bool tricks, check;
};

static bool parse_value(struct options *o, const char *name, const char *value)
{
	if (!strcmp(name, "--rounds")) {
		o->rounds = (u32)strtoul(value, NULL, 0);
		return o->rounds > 0;
	}
	if (!strcmp(name, "--without")) {
		o->without = value;
		return tricks_parse(value, &op_tricks_off);
	}
	if (!strcmp(name, "--programs"))
		o->programs = value;
	else if (!strcmp(name, "--objects"))
		o->objects = value;
	else if (!strcmp(name, "--json"))
		o->json = value;
	else
		return false;
	return true;
}

static bool parse_args(struct options *o, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--tricks"))
			o->tricks = true;
		else if (!strcmp(argv[i], "--check"))
			o->check = true;
		else if (i + 1 == argc || !parse_value(o, argv[i], argv[i + 1]))
			return false;
		else
			i++;
	}
	return true;
}

/* Returns whether this name is in the list (with commas or spaces between names). An empty list has all. */
static bool is_listed(const char *list, const char *name)
{
	size_t len = strlen(name);
	if (!list || !*list)
		return true;
	for (const char *at = list; *at;) {
		size_t n = 0;
		while (at[n] && at[n] != ',' && at[n] != ' ')
			n++;
		if (n == len && !memcmp(at, name, n))
			return true;
		at += n + (at[n] != 0);
	}
	return false;
}

static void die(const char *name, const char *why)
{
	fprintf(stderr, "bench-vm: %s: %s\n", name, why);
	exit(1);
}

/* Returns the program of that name from its object, which it loads as NAME.way: two programs may have one
 * name, two objects may not. */
static struct prog *load(const struct options *o, const char *name, const char *way, enum prog_mode mode)
{
	char path[256], object_name[64], why[512] = "";
	struct strbuf s = STRBUF(path), n = STRBUF(object_name), log = STRBUF(why);
	struct object *object;
	size_t len;
	str_printf(&s, "%s/%s.bpf.o", o->objects, name);
	str_printf(&n, "%s.%s", name, way);
	void *elf = host_file(path, &len);
	if (!elf)
		die(path, "cannot be read");
	if (object_load_raw(&object, object_name, elf, len, mode, &log))
		die(path, why);
	kfree(elf);
	for (u32 i = 0; i < object->prog_count; i++)
		if (!strcmp(object->progs[i]->name, name))
			return object->progs[i];
	die(path, "holds no program of its name");
	return NULL;
}

/* Instructions name maps by their index in the object, so these are all its maps, in order. */
static bool load_on_linux(struct measured *m, const struct prog *p)
{
	struct strbuf why = STRBUF(m->linux_note);
	struct linux_map maps[LINUX_MAPS];
	const struct object *o = p->object;
	u32 count = min(o->map_count, (u32)LINUX_MAPS);
	for (u32 i = 0; i < count; i++) {
		const struct map *map = o->maps[i];
		maps[i] =
		    (struct linux_map){ map->ops->type, map->key_size, map->value_size, map->max_entries,
					map->flags,     map->values,   map->stride };
	}
	return linux_load(&m->on_linux, p->insns, p->insn_count, maps, count, BENCH_MEM, &why);
}

static void use_its_hash(const struct prog *p)
{
	for (u32 i = 0; i < p->object->map_count; i++)
		if (p->object->maps[i]->ops == &map_hash_ops)
			bench_use_hash(p->object->maps[i]);
}

static bench_fn *code_of(const struct prog *p)
{
	/* R1 and R2 are the first two argument registers. */
	return (bench_fn *)(uptr)p->entry;
}

static void load_all_ways(const struct options *o, struct measured *m)
{
	const char *name = m->bench->name;
	struct prog *jit = load(o, name, "jit", PROG_JIT);
	m->compile_ns = vm_compile_ns(jit);
	m->code = jit->text.len;
	m->ways[BY_GCC].fn = m->bench->gcc;
	m->ways[BY_CLANG].fn = m->bench->clang;
	m->ways[INTERPRETED].interpreted = load(o, name, "int", PROG_INTERPRET);
	m->ways[COMPILED].fn = code_of(jit);
	if (!o->check && load_on_linux(m, jit))
		m->ways[ON_LINUX].on_linux = &m->on_linux;
	use_its_hash(jit);
	for (u32 way = 0; way < WAYS; way++)
		subject_first(&m->ways[way], m->bench->memory);
}

/* Returns whether all results are equal; Linux reports only 32 bits. */
static bool agree(const struct measured *m)
{
	const struct subject *s = m->ways;
	return s[BY_GCC].r0 == s[BY_CLANG].r0 && s[BY_GCC].r0 == s[INTERPRETED].r0 &&
	       s[BY_GCC].r0 == s[COMPILED].r0 &&
	       (!s[ON_LINUX].on_linux || (u32)s[BY_GCC].r0 == (u32)s[ON_LINUX].r0);
}

static void print_disagreement(const struct measured *m)
{
	const struct subject *s = m->ways;
	printf("FAIL bench_%s: gcc %llx, clang %llx, interpreter %llx, JIT %llx, Linux %llx\n",
	       m->bench->name, s[BY_GCC].r0, s[BY_CLANG].r0, s[INTERPRETED].r0, s[COMPILED].r0,
	       s[ON_LINUX].r0);
}

/* Returns how many programs have different results. */
static u32 check(const struct options *o, const struct measured *all, u32 count)
{
	u32 failed = 0;
	for (u32 i = 0; i < count; i++) {
		if (!agree(&all[i])) {
			print_disagreement(&all[i]);
			failed++;
		} else if (o->check) {
			printf("PASS bench_%s\n", all[i].bench->name);
		}
	}
	if (o->check)
		printf("%u passed, %u failed\n", count - failed, failed);
	return failed;
}

static void measure(const struct options *o, struct measured *all, u32 count)
{
	for (u32 round = 0; round < o->rounds; round++)
		for (u32 i = 0; i < count; i++) {
			use_its_hash(all[i].ways[INTERPRETED].interpreted);
			subjects_round(all[i].ways, WAYS, all[i].bench->memory);
		}
}

/* The JIT with all tricks, and without each: 1 + trick_count subjects, timed in turn. */
static void measure_tricks(const struct options *o, const struct measured *m, u32 idx,
			   struct trick_cost *costs)
{
	struct subject s[trick_count + 1];
	u32 off = op_tricks_off;
	memset(s, 0, sizeof(s));
	s[0].fn = m->ways[COMPILED].fn;
	for (u32 t = 0; t < trick_count; t++) {
		op_tricks_off = off | tricks[t].bit;
		s[t + 1].fn = code_of(load(o, m->bench->name, tricks[t].name, PROG_JIT));
	}
	op_tricks_off = off;
	for (u32 round = 0; round < o->rounds; round++)
		subjects_round(s, trick_count + 1, m->bench->memory);
	for (u32 t = 0; t < trick_count; t++)
		costs[t].ratios[idx] = s[t + 1].ns / s[0].ns;
}

static struct trick_cost *measure_all_tricks(const struct options *o, const struct measured *all, u32 count)
{
	struct trick_cost *costs = calloc(trick_count, sizeof(*costs));
	for (u32 t = 0; costs && t < trick_count; t++)
		costs[t] = (struct trick_cost){ tricks[t].name, calloc(count, sizeof(double)), 0 };
	for (u32 i = 0; costs && i < count; i++)
		measure_tricks(o, &all[i], i, costs);
	return costs;
}

/* Stays on the CPU where it is now: a move would cost time. */
static void stay_on_this_cpu(void)
{
	cpu_set_t set;
	int cpu = sched_getcpu();
	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((u32)cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static u32 listed(const struct options *o)
{
	u32 count = 0;
	for (u32 i = 0; i < bench_count; i++)
		count += is_listed(o->programs, benches[i].name);
	return count;
}

int main(int argc, char **argv)
{
	struct options o = { .objects = "build/bench", .rounds = 11 };
	u32 count = 0;
	if (!parse_args(&o, argc, argv)) {
		fprintf(stderr, "bench-vm [--rounds N] [--programs NAME,NAME] [--objects DIR] [--json FILE]\n"
				"         [--without TRICK,TRICK] [--tricks] [--check]\n");
		return 2;
	}
	host_init();
	kfree(kmalloc(1)); /* takes kmalloc's fixed addresses before libc's heap, anywhere below, can */
	vm_add_suite_helpers();
	stay_on_this_cpu();
	struct measured *all = calloc(bench_count, sizeof(*all));
	if (o.check)
		printf("1..%u\n", listed(&o));
	for (u32 i = 0; all && i < bench_count; i++) {
		if (!is_listed(o.programs, benches[i].name))
			continue;
		all[count].bench = &benches[i];
		load_all_ways(&o, &all[count++]);
	}
	if (!all || !count)
		die("programs", "none of that name");
	u32 failed = check(&o, all, count);
	if (failed || o.check)
		return failed ? 1 : 0;
	measure(&o, all, count);
	struct report r = { all, count, o.rounds, o.without, NULL, 0 };
	if (o.tricks) {
		r.tricks = measure_all_tricks(&o, all, count);
		r.trick_count = r.tricks ? trick_count : 0;
		report_rank_tricks(&r);
	}
	report_print(&r);
	if (o.json && !report_write_json(&r, o.json))
		die(o.json, "cannot be written");
	return 0;
}
