// SPDX-License-Identifier: MIT
// From an ELF object to compiled programs:
//
//      1. the file: checks sections and symbols; reads license, .BTF, .BTF.ext
//      2. maps: .maps and the sections of global variables
//      3. programs: each function of each section with code
//      4. each program: read, verified, compiled (progs.c)
//      5. the programs that maps name
//
// Nothing is visible before all five are done.
#include "vm/load/load.h"
#include "vm/compile.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "vm/object.h"
#include "vm/run/map.h"
#include "vm/load/section.h"
#include "vm/verify/verify.h"

#define BTF_LEN_MAX (16u << 20)

static enum err no_memory(struct loader *l, const char *what, u64 len)
{
	return str_refuse(l->log, ENOMEM, "no memory for %s of %llu bytes", what, len);
}

/* Symbols name programs and maps, and say where they lie. */
static enum err check_symbols(struct loader *l)
{
	for (u32 i = 1; i < l->elf.section_count && l->elf.symbol_count <= 1; i++) {
		struct elf_section s = elf_section(&l->elf, i);
		if (!elf_is_code(&s))
			continue;
		return str_refuse(
		    l->log, ENOENT,
		    "the object has code, but no symbols: it was stripped of them; strip -g keeps them");
	}
	return OK;
}

static void load_license(struct loader *l)
{
	u32 i = elf_find(&l->elf, "license");
	struct elf_section s = i ? elf_section(&l->elf, i) : (struct elf_section){ 0 };
	if (s.data && s.size)
		memcpy(l->o->license, s.data, min((size_t)s.size, sizeof(l->o->license) - 1));
}

static enum err load_btf(struct loader *l)
{
	u32 i = elf_find(&l->elf, ".BTF");
	if (!i)
		return OK;
	struct elf_section s = elf_section(&l->elf, i);
	if (!s.data || !s.size || s.size > BTF_LEN_MAX)
		return str_refuse(l->log, ENOEXEC, ".BTF: a size of %llu bytes cannot be right", s.size);
	l->o->btf_blob = kmalloc(s.size);
	if (!l->o->btf_blob)
		return no_memory(l, ".BTF", s.size);
	memcpy(l->o->btf_blob, s.data, s.size);
	enum err e = btf_open(&l->o->btf, l->o->btf_blob, (u32)s.size, l->log);
	if (!e)
		e = load_place_variables(l);
	return e ? e : load_ext(l);
}

static enum err add_program(struct loader *l, u32 section, const struct elf_symbol *f)
{
	struct elf_section s = elf_section(&l->elf, section);
	struct prog *p;
	enum err e = prog_new(&p, f->name, s.name, l->log);
	if (e)
		return e;
	l->o->progs[l->o->prog_count++] = p; /* from here on object_free frees it */
	p->object = l->o;
	p->mode = l->mode;
	e = l->raw ? OK : section_parse(p, l->log);
	if (!e)
		return load_program(l, p, section, f->value);
	load_ext_where(l, section, f->value);
	return e;
}

static bool is_program_section(const struct loader *l, const struct elf_section *s)
{
	if (!elf_is_code(s) ||
	    s->name[0] == '?') /* "?fentry/...": libbpf does not load it by itself, either */
		return false;
	return l->raw || strcmp(s->name, ".text");
}

static enum err add_section(struct loader *l, u32 section)
{
	struct elf_section s = elf_section(&l->elf, section);
	enum err e = OK;
	for (u32 i = 1; i < l->elf.symbol_count && !e; i++) {
		struct elf_symbol f = elf_symbol(&l->elf, i);
		if (!elf_is_function(&f, section) || (l->raw && f.binding == ELF_LOCAL))
			continue;
		if (f.binding == ELF_LOCAL) {
			str_printf(l->log, "section %s: program %s is static; a program must be global",
				   s.name, f.name);
			load_ext_where(l, section, f.value);
			return EINVAL;
		}
		e = add_program(l, section, &f);
	}
	return e;
}

/* Room for the largest program that the object can hold: all of its functions. */
static enum err room_for_programs(struct loader *l)
{
	u64 insns = 1, longest = 1;
	for (u32 i = 1; i < l->elf.symbol_count; i++) {
		struct elf_symbol s = elf_symbol(&l->elf, i);
		if (s.type != ELF_FUNC)
			continue;
		l->block_max++;
		u64 count = min(s.size / sizeof(l->insns[0]), (u64)PROG_INSNS_MAX);
		insns = min(insns + count, (u64)PROG_INSNS_MAX);
		longest = max(longest, count);
	}
	if (!l->block_max)
		return OK;
	l->insn_max = (u32)insns;
	l->blocks = kmalloc(l->block_max * sizeof(l->blocks[0]));
	l->o->progs = kmalloc(l->block_max * sizeof(l->o->progs[0]));
	l->insns = kmalloc(insns * sizeof(l->insns[0]));
	l->rels = kmalloc(longest * sizeof(l->rels[0]));
	if (l->blocks && l->o->progs && l->insns && l->rels)
		return OK;
	return no_memory(l, "a table of functions",
			 l->block_max * sizeof(l->blocks[0]) + longest * sizeof(l->rels[0]));
}

static enum err load_programs(struct loader *l)
{
	enum err e = room_for_programs(l);
	if (e)
		return e;
	for (u32 i = 1; i < l->elf.section_count; i++) {
		struct elf_section s = elf_section(&l->elf, i);
		e = is_program_section(l, &s) ? add_section(l, i) : OK;
		if (e)
			return e;
	}
	if (!l->o->prog_count)
		return str_refuse(l->log, ENOENT, "the object holds no program");
	return OK;
}

static void object_free(struct object *o)
{
	for (u32 i = 0; i < o->prog_count; i++)
		prog_free(o->progs[i]);
	for (u32 i = 0; i < o->map_count; i++)
		map_free(o->maps[i]);
	kfree(o->progs);
	kfree(o->maps);
	btf_close(&o->btf);
	kfree(o->btf_blob);
	kfree(o);
}

static enum err load_parts(struct loader *l, const void *elf, size_t len)
{
	enum err e = elf_open(&l->elf, elf, len, l->log);
	if (e)
		return e;
	e = check_symbols(l);
	if (e)
		return e;
	load_license(l);
	e = load_btf(l);
	if (!e)
		e = load_maps(l);
	if (!e)
		e = load_programs(l);
	return e ? e : load_map_programs(l);
}

static enum err load_whole(struct loader *l, struct object **out, const char *name, const void *elf,
			   size_t len)
{
	*out = NULL;
	if (object_named(name))
		return str_refuse(l->log, EEXIST,
				  "an object called %s is loaded already; give this file another name", name);
	size_t size = sizeof(*l->o) + strlen(name) + 1;
	l->o = kzalloc(size);
	if (!l->o)
		return no_memory(l, "an object", size);
	l->o->name = memcpy(l->o + 1, name, strlen(name) + 1);
	enum err e = load_parts(l, elf, len);
	kfree(l->places);
	kfree(l->blocks);
	kfree(l->insns);
	kfree(l->rels);
	kfree(l->ext);
	core_close(&l->core);
	if (e) {
		object_free(l->o);
		return e;
	}
	object_add(l->o);
	*out = l->o;
	return OK;
}

enum err object_load(struct object **out, const char *name, const void *elf, size_t len, enum prog_mode mode,
		     struct strbuf *log)
{
	struct loader l = { .mode = mode, .log = log };
	return load_whole(&l, out, name, elf, len);
}

enum err object_load_raw(struct object **out, const char *name, const void *elf, size_t len,
			 enum prog_mode mode, struct strbuf *log)
{
	struct loader l = { .mode = mode, .log = log, .raw = true };
	return load_whole(&l, out, name, elf, len);
}

enum err object_unload(struct object *o)
{
	for (u32 i = 0; i < o->prog_count; i++)
		if (o->progs[i]->links)
			return EBUSY;
	object_remove(o);
	object_free(o);
	return OK;
}
