// SPDX-License-Identifier: MIT
// Where the variables of an object lie. BTF lists those of each section in a DATASEC. clang leaves its size
// and the offsets 0; the symbols have them. In objects of `bpftool gen object` they are set, and are kept: if
// two statics have one name, a search by name finds the symbol of only one.
#include "kernel/lib/mem.h"
#include "vm/load/load.h"

static bool find_symbol(const struct elf *e, u32 section, const char *name, struct elf_symbol *symbol)
{
	for (u32 i = 1; i < e->symbol_count; i++) {
		*symbol = elf_symbol(e, i);
		if (symbol->section == section && symbol->type != ELF_SECTION &&
		    strcmp(symbol->name, name) == 0)
			return true;
	}
	return false;
}

/* If the flags of variables differ, clang makes two sections of one name, and one DATASEC for both. */
static bool has_twin(const struct elf *e, u32 section)
{
	const char *name = elf_section(e, section).name;
	for (u32 i = section + 1; i < e->section_count; i++)
		if (strcmp(elf_section(e, i).name, name) == 0)
			return true;
	return false;
}

/* Whether a variable may have no symbol in the section. strip removes the symbols of statics; and a
 * variable may lie in the section's twin. Maps must have one. */
static bool may_be_unplaced(const struct loader *l, u32 section, u32 var)
{
	if (strcmp(elf_section(&l->elf, section).name, ".maps") == 0)
		return false;
	const struct btf_type *t = btf_type(&l->o->btf, var);
	return (btf_kind(t) == BTF_VAR && btf_var_is_static(t)) || has_twin(&l->elf, section);
}

static enum err place_variable(struct loader *l, u32 section, struct btf_var_secinfo *v)
{
	struct elf_section s = elf_section(&l->elf, section);
	const char *name = btf_type_name(&l->o->btf, v->type);
	struct elf_symbol symbol;
	if (!find_symbol(&l->elf, section, name, &symbol)) {
		v->offset = BTF_UNPLACED;
		if (may_be_unplaced(l, section, v->type))
			return OK;
		return str_refuse(l->log, ENOEXEC,
				  "%s: BTF lists %s, which has no symbol there; was it stripped?", s.name,
				  name);
	}
	u64 size = max(v->size, btf_size(&l->o->btf, v->type));
	if (symbol.value > s.size || size > s.size - symbol.value)
		return str_refuse(l->log, ENOEXEC, "%s: the variable %s does not lie in it", s.name, name);
	v->offset = (u32)symbol.value;
	return OK;
}

static enum err place_variables(struct loader *l, u32 section, struct btf_type *datasec)
{
	struct elf_section s = elf_section(&l->elf, section);
	struct btf_var_secinfo *v = (struct btf_var_secinfo *)btf_vars(datasec);
	bool is_placed = datasec->size_or_type != 0;
	if (s.size > ~0u || datasec->size_or_type > s.size)
		return str_refuse(l->log, ENOEXEC, "%s: BTF says that it has %u bytes, and it has %llu",
				  s.name, datasec->size_or_type, s.size);
	for (u32 i = 0; i < btf_vlen(datasec) && !is_placed; i++, v++) {
		enum err e = place_variable(l, section, v);
		if (e)
			return e;
	}
	datasec->size_or_type = (u32)s.size;
	return OK;
}

enum err load_place_variables(struct loader *l)
{
	const struct btf *b = &l->o->btf;
	for (u32 id = 1; id <= b->count; id++) {
		struct btf_type *t = (struct btf_type *)btf_type(b, id); /* in our own copy */
		u32 section = btf_kind(t) == BTF_DATASEC ? elf_find(&l->elf, btf_type_name(b, id)) : 0;
		enum err e = section ? place_variables(l, section, t) : OK;
		if (e)
			return e;
	}
	return OK;
}
