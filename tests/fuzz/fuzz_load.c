// SPDX-License-Identifier: MIT
// Object files. Nothing crashes. A refusal says why in a sentence. An accepted object is printed as the shell
// prints it, and unloaded. Nothing is left behind of either. Half of the changes know the structure of
// objects and a quarter stay inside one section, so that they reach what comes after the ELF reader: types,
// maps, relocations, CO-RE, programs.
#include <stdlib.h>
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "kernel/mem/text.h"
#include "tests/fuzz/fuzz.h"
#include "tests/host/host.h"
#include "vm/disasm.h"
#include "vm/object.h"
#include "vm/load/elf.h"
#include "vm/run/map.h"

#define KERNEL_BTF "build/fivebyte.btf"

static struct btf kernel_types;

void fuzz_begin(void)
{
	size_t len;
	char text[256];
	struct strbuf log = STRBUF(text);
	void *blob = host_file(KERNEL_BTF, &len);
	if (blob && btf_open(&kernel_types, blob, (u32)len, &log) == OK)
		vm_init(&kernel_types);
	else
		kprintf("fuzz_load: there is no " KERNEL_BTF ", so nothing is relocated\n");
}

typedef enum err loader(struct object **out, const char *name, const void *elf, size_t len,
			enum prog_mode mode, struct strbuf *log);

static const struct way {
	const char *name;
	loader *load;
	enum prog_mode mode;
} ways[] = {
	{ "object_load, jit", object_load, PROG_JIT },
	{ "object_load_raw, interpret", object_load_raw, PROG_INTERPRET },
};

static void check_refusal(const struct way *w, enum err e, const char *text, const struct object *o)
{
	size_t len = strlen(text);
	if (o)
		fuzz_found("%s: refused, and yet there is an object", w->name);
	if (len < 10 || text[len - 1] == '\n')
		fuzz_found("%s: no sentence for %s: \"%s\"", w->name, err_name(e), text);
}

/* A key or a value of a map, whose bytes may be any. */
static void print_value(const struct map *m, u32 type, u32 size)
{
	static char text[4096];
	struct strbuf s = STRBUF(text);
	u8 *bytes = type && btf_size(m->btf, type) <= size ? kmalloc(size) : NULL;
	if (bytes)
		btf_print_value(&s, m->btf, type, bytes);
	kfree(bytes);
}

static void print_program(const struct object *o, const struct prog *p)
{
	static char text[4096];
	struct strbuf s = STRBUF(text);
	if (p->btf_func_id)
		btf_print_func(&s, &o->btf, p->btf_func_id);
	for (u32 i = 0; i < p->line_count; i++)
		str_puts(&s, btf_name(&o->btf, p->lines[i].line_off));
	for (u32 i = 0; i < p->insn_count; i += 1 + insn_is_wide(&p->insns[i])) {
		s = (struct strbuf)STRBUF(text);
		insn_print(&s, p, i);
	}
}

/* All that the shell prints of objects; what it says does not matter here. */
static void print_object(const struct object *o)
{
	static char text[4096];
	for (u32 id = 1; id <= o->btf.count; id++) {
		struct strbuf s = STRBUF(text);
		btf_print_type(&s, &o->btf, id);
	}
	for (u32 i = 0; i < o->map_count; i++) {
		const struct map *m = o->maps[i];
		if (!m->btf)
			continue;
		print_value(m, m->key_type, m->key_size);
		print_value(m, m->value_type, m->value_size);
	}
	for (u32 i = 0; i < o->prog_count; i++)
		print_program(o, o->progs[i]);
}

static void try_way(const struct way *w, const u8 *bytes, size_t len)
{
	static char text[2048];
	struct strbuf log = STRBUF(text);
	struct object *o = (void *)text; /* must be cleared */
	u64 before = fuzz_heap();
	u32 bytes_before, count_before, bytes_after, count_after;
	text[0] = 0;
	text_usage(&bytes_before, &count_before);
	enum err e = w->load(&o, "fuzz", bytes, len, w->mode, &log);
	if (e)
		check_refusal(w, e, text, o);
	else if (text[0])
		fuzz_found("%s: accepted, and yet it says \"%s\"", w->name, text);
	else if (print_object(o), object_unload(o))
		fuzz_found("%s: cannot be unloaded", w->name);
	text_usage(&bytes_after, &count_after);
	if (fuzz_heap() != before)
		fuzz_found("%s: %llu bytes are left on the heap", w->name, fuzz_heap() - before);
	if (count_after != count_before || object_first())
		fuzz_found("%s: a program or an object is left", w->name);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t len)
{
	for (u32 i = 0; i < array_len(ways); i++)
		try_way(&ways[i], bytes, len);
	return 0;
}

static void show_programs(const struct object *o)
{
	for (u32 i = 0; i < o->prog_count; i++) {
		kprintf("program %s, section %s\n", o->progs[i]->name, o->progs[i]->section);
		fuzz_show_program(o->progs[i]->insns, o->progs[i]->insn_count, NULL, 0);
	}
}

void fuzz_show(const u8 *bytes, size_t len)
{
	for (u32 i = 0; i < array_len(ways); i++) {
		char text[2048] = "";
		struct strbuf log = STRBUF(text);
		struct object *o;
		enum err e = ways[i].load(&o, "fuzz", bytes, len, ways[i].mode, &log);
		kprintf("%s: %s %s\n", ways[i].name, e ? err_name(e) : "ok", text);
		if (e)
			continue;
		show_programs(o);
		object_unload(o);
	}
}

void fuzz_seeds(const u8 *file, size_t len)
{
	fuzz_keep(file, len);
}

/* libFuzzer's: changes bytes[0 .. len - 1] in place, to at most max; the new length. */
size_t LLVMFuzzerMutate(u8 *bytes, size_t len, size_t max);

size_t LLVMFuzzerCustomMutator(u8 *bytes, size_t len, size_t max, unsigned int seed);
size_t LLVMFuzzerCustomMutator(u8 *bytes, size_t len, size_t max, unsigned int seed)
{
	char text[256];
	struct strbuf log = STRBUF(text);
	struct elf elf;
	if (seed % 4 < 2)
		return fuzz_mutate_object(bytes, len, seed / 4);
	if (seed % 4 == 2 || elf_open(&elf, bytes, len, &log) || elf.section_count < 2)
		return LLVMFuzzerMutate(bytes, len, max);
	struct elf_section s = elf_section(&elf, 1 + (seed >> 2) % (elf.section_count - 1));
	if (!s.data || !s.size)
		return LLVMFuzzerMutate(bytes, len, max);
	size_t at = 0, part = (size_t)s.size;
	if (seed >> 16 & 3) { /* close together */
		part = min(part, (size_t)64);
		at = (seed >> 18) % (s.size - part + 1);
	}
	LLVMFuzzerMutate((u8 *)s.data + at, part, part);
	return len;
}
