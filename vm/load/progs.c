// SPDX-License-Identifier: MIT
// Loads one program of an object: its function, and behind it the subprograms that it calls, in the order in
// which the walk meets them. Then: lines, CO-RE, the verifier, the compiler.
//
// Each function is a block. A block is read into two arrays, its instructions and the relocation of each.
// Then one walk applies the relocations. A function that the walk meets for the first time becomes the last
// block.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "vm/compile.h"
#include "vm/object.h"
#include "vm/run/kfunc.h"
#include "vm/load/load.h"
#include "vm/run/map.h"
#include "vm/verify/verify.h"

#define INSN_LEN sizeof(struct insn)

enum { PSEUDO_MAP = 1, PSEUDO_VALUE, PSEUDO_VAR, PSEUDO_FUNC }; /* src of a 64-bit immediate */
enum { PSEUDO_KFUNC = 2 };                                      /* src of a call */

/* Finds the function that begins at that place; false if none does. */
static bool function_at(const struct loader *l, u32 section, u64 offset, struct elf_symbol *symbol)
{
	for (u32 i = 1; i < l->elf.symbol_count; i++) {
		*symbol = elf_symbol(&l->elf, i);
		if (elf_is_function(symbol, section) && symbol->value == offset)
			return true;
	}
	return false;
}

/* Sets *at to where the function at that place begins in the program. A new function goes behind all
 * others. */
static enum err place_function(struct loader *l, struct prog *p, u32 section, u64 offset, u32 *at)
{
	struct elf_symbol f;
	for (u32 i = 0; i < l->block_count; i++) {
		*at = l->blocks[i].at;
		if (l->blocks[i].section == section && l->blocks[i].offset == offset)
			return OK;
	}
	struct elf_section s = elf_section(&l->elf, section);
	if (!elf_is_code(&s) || l->block_count == l->block_max || !function_at(l, section, offset, &f) ||
	    !f.size || f.size % INSN_LEN || f.value % INSN_LEN || f.value > s.size ||
	    f.size > s.size - f.value)
		return str_refuse(l->log, ENOEXEC,
				  "program %s: there is no function at byte %llu of section %s", p->name,
				  offset, s.name);
	u64 count = p->insn_count + f.size / INSN_LEN;
	if (count > PROG_INSNS_MAX)
		return str_refuse(l->log, E2BIG,
				  "program %s: the program has %llu instructions, more than %u", p->name,
				  count, PROG_INSNS_MAX);
	*at = p->insn_count;
	l->blocks[l->block_count++] = (struct block){ section, offset, f.size, *at, f.is_global };
	p->insn_count = (u32)count;
	return OK;
}

/* Fills l->insns and l->rels for the instructions of a block. */
static enum err read_block(struct loader *l, const struct prog *p, const struct block *b)
{
	memcpy(l->insns + b->at, elf_section(&l->elf, b->section).data + b->offset, b->size);
	memset(l->rels, 0, b->size / INSN_LEN * sizeof(l->rels[0]));
	for (u32 i = 1; i < l->elf.section_count; i++) {
		struct elf_section s = elf_section(&l->elf, i);
		if (s.type != ELF_REL || s.info != b->section)
			continue;
		for (u32 k = 0; k < elf_rel_count(&s); k++) {
			struct elf_rel r = elf_rel(&s, k);
			u64 offset = r.offset - b->offset;
			if (offset >= b->size)
				continue;
			if (offset % INSN_LEN)
				return str_refuse(l->log, ENOEXEC,
						  "program %s: the relocation at byte %llu of section %s is "
						  "inside an instruction",
						  p->name, r.offset, elf_section(&l->elf, b->section).name);
			l->rels[offset / INSN_LEN] = r;
		}
	}
	return OK;
}

/* A call of a function that the object only declares: the kernel's. If the kernel lacks a weak one, r0 =
 * 0. */
static enum err relocate_kernel_call(struct loader *l, const struct prog *p, struct insn *in,
				     const struct elf_symbol *s)
{
	const struct helper *kfunc = kfunc_named(s->name);
	if (kfunc) {
		*in = (struct insn){ .op = in->op, .src = PSEUDO_KFUNC, .imm = (i32)kfunc_btf_id(kfunc) };
		return OK;
	}
	if (s->binding == ELF_WEAK) {
		*in = (struct insn){ .op = insn_rows[INSN_MOV64_K].op }; /* r0 = 0 */
		return OK;
	}
	str_printf(l->log,
		   "program %s: it calls %s, which the object only declares; of the kernel it can call ",
		   p->name, s->name);
	kfunc_print_names(l->log);
	if (!vm_kernel_btf())
		str_puts(l->log, ", if that has BTF");
	return EOPNOTSUPP;
}

/* Appends the line of C of the instruction to a refusal. */
static enum err say_where(struct loader *l, const struct block *b, u32 idx, enum err e)
{
	if (e)
		load_ext_where(l, b->section, b->offset + (u64)(idx - b->at) * INSN_LEN);
	return e;
}

/* A call of a function of the program, or of the kernel. */
static enum err relocate_call(struct loader *l, struct prog *p, const struct block *b, u32 idx)
{
	struct insn *in = &l->insns[idx];
	const struct elf_rel *r = &l->rels[idx - b->at];
	u64 base = b->offset + (u64)(idx - b->at) * INSN_LEN;
	u32 section = b->section, at = 0;
	if (r->type) {
		struct elf_symbol s = elf_symbol(&l->elf, r->symbol);
		if (!s.section)
			return say_where(l, b, idx, relocate_kernel_call(l, p, in, &s));
		if (r->type != R_BPF_64_32 || s.section >= l->elf.section_count)
			return str_refuse(l->log, ENOEXEC, "program %s: relocation of type %u at a call",
					  p->name, r->type);
		section = s.section;
		base = s.value;
	}
	enum err e = place_function(l, p, section, base + ((u64)(i64)in->imm + 1) * INSN_LEN, &at);
	in->imm = (i32)(at - idx - 1);
	return e;
}

/* The kernel's struct as which the object declares that variable; 0 if it is declared as something else. */
static u32 declared_struct(const struct loader *l, const char *variable)
{
	const struct btf *b = &l->o->btf, *kernel = vm_kernel_btf();
	u32 type = btf_strip(b, btf_type(b, btf_find(b, variable, BTF_VAR))->size_or_type);
	bool is_struct = kernel && btf_kind(btf_type(b, type)) == BTF_STRUCT;
	return is_struct ? btf_find(kernel, btf_type_name(b, type), BTF_STRUCT) : 0;
}

/* Says what lies at the address that an instruction loads. */
static enum err note_struct(struct loader *l, struct prog *p, u32 idx, u32 type)
{
	if (!p->taken_as)
		p->taken_as = kzalloc(l->insn_max * sizeof(*p->taken_as));
	if (!p->taken_as)
		return str_refuse(l->log, ENOMEM, "program %s: no memory for the types of variables",
				  p->name);
	p->taken_as[idx].type = type;
	return OK;
}

/* The address of a function or variable of the kernel. If the kernel lacks a weak one, 0. */
static enum err relocate_extern(struct loader *l, struct prog *p, struct insn *in, const struct elf_symbol *s)
{
	u32 id = 0;
	u64 address = ksym_named(s->name, &id);
	if (!address && s->binding != ELF_WEAK)
		return str_refuse(
		    l->log, ENOENT,
		    "program %s: it needs %s, which the object only declares, and the kernel has not",
		    p->name, s->name);
	in[0] = (struct insn){ .op = in->op, .dst = in->dst, .imm = (i32)address };
	in[1] = (struct insn){ .imm = (i32)(address >> 32) };
	if (id) {
		in[0].src = PSEUDO_VAR;
		in[0].imm = (i32)id;
		in[1].imm = 0;
	}
	u32 type = address ? declared_struct(l, s->name) : 0;
	return type ? note_struct(l, p, (u32)(in - l->insns), type) : OK;
}

/* Returns the number of the map that lies at a place in the file; map_count if none does. */
static u32 map_at(const struct loader *l, u32 section, u64 offset)
{
	u32 i = 0;
	for (; i < l->o->map_count; i++) {
		const struct map_place *place = &l->places[i];
		if (place->section == section && (section != l->maps_section || place->offset == offset))
			break;
	}
	return i;
}

/* The address of a map or a variable; in[1] is its second half. */
static enum err relocate_address(struct loader *l, struct prog *p, struct insn *in,
				 const struct elf_symbol *s)
{
	u64 offset = s->value + (u64)(i64)in[0].imm;
	if (!s->section)
		return relocate_extern(l, p, in, s);
	u32 map = map_at(l, s->section, offset);
	if (map == l->o->map_count)
		return str_refuse(
		    l->log, EOPNOTSUPP,
		    "program %s: it takes the address of %s, which is neither a map nor a variable", p->name,
		    s->name);
	in[0].src = s->section == l->maps_section ? PSEUDO_MAP : PSEUDO_VALUE;
	in[0].imm = (i32)map;
	in[1].imm = in->src == PSEUDO_MAP ? 0 : (i32)offset;
	if (in->src == PSEUDO_VALUE && offset > l->o->maps[map]->value_size)
		return str_refuse(l->log, ENOEXEC, "program %s: byte %lld of %s is outside the section's %u",
				  p->name, (i64)offset, s->name, l->o->maps[map]->value_size);
	return OK;
}

static bool is_in_code(const struct loader *l, const struct elf_symbol *s)
{
	struct elf_section section = { 0 };
	if (s->section && s->section < l->elf.section_count)
		section = elf_section(&l->elf, s->section);
	return elf_is_code(&section);
}

/* A 64-bit immediate: the address of a function, a map or a variable. */
static enum err relocate_immediate(struct loader *l, struct prog *p, const struct block *b, u32 idx)
{
	struct insn *in = &l->insns[idx];
	const struct elf_rel *r = &l->rels[idx - b->at];
	struct elf_symbol s = elf_symbol(&l->elf, r->symbol);
	u32 at = 0;
	if (!insn_is_wide(in) || idx + 1 == b->at + b->size / INSN_LEN || r->type != R_BPF_64_64)
		return str_refuse(l->log, ENOEXEC, "program %s: insn %u has a relocation of type %u (to %s)",
				  p->name, idx, r->type, s.name);
	if (!is_in_code(l, &s))
		return say_where(l, b, idx, relocate_address(l, p, in, &s));
	enum err e = place_function(l, p, s.section, s.value + (u64)(i64)in->imm, &at);
	in[0] = (struct insn){ in->op, in->dst, PSEUDO_FUNC, 0, (i32)(at - idx - 1) };
	in[1] = (struct insn){ 0 };
	return e;
}

static enum err relocate_block(struct loader *l, struct prog *p, const struct block *b)
{
	enum err e = read_block(l, p, b);
	u32 end = b->at + (u32)(b->size / INSN_LEN);
	for (u32 idx = b->at; idx < end && !e; idx += insn_is_wide(&l->insns[idx]) ? 2 : 1) {
		if (insn_kind(&l->insns[idx]) == INSN_CALL_LOCAL)
			e = relocate_call(l, p, b, idx);
		else if (l->rels[idx - b->at].type)
			e = relocate_immediate(l, p, b, idx);
	}
	return e;
}

/* Copies the function at that place and all that it reaches to p->insns. */
static enum err collect_insns(struct loader *l, struct prog *p, u32 section, u64 offset)
{
	u32 at;
	l->block_count = 0;
	enum err e = place_function(l, p, section, offset, &at);
	for (u32 i = 0; i < l->block_count && !e; i++)
		e = relocate_block(l, p, &l->blocks[i]);
	if (e)
		return e;
	p->insns = kmalloc(p->insn_count * INSN_LEN);
	if (!p->insns)
		return str_refuse(l->log, ENOMEM, "program %s: no memory for %u instructions", p->name,
				  p->insn_count);
	memcpy(p->insns, l->insns, p->insn_count * INSN_LEN);
	return OK;
}

/* Adds the program's name: the verifier names only instructions. */
static enum err verify(struct loader *l, struct prog *p)
{
	u32 start = l->log->len;
	str_printf(l->log, "program %s: ", p->name);
	u32 named = l->log->len;
	enum err e = prog_verify(p, l->log);
	if (e && l->log->len == named)
		str_puts(l->log, "no memory to check it");
	if (!e)
		str_cut(l->log, start);
	return e;
}

enum err load_program(struct loader *l, struct prog *p, u32 section, u64 offset)
{
	enum err e = collect_insns(l, p, section, offset);
	if (!e)
		e = load_ext_lines(l, p);
	if (!e)
		e = load_ext_core(l, p);
	if (e)
		return e;
	prog_set_tag(p);
	e = verify(l, p);
	return e ? e : prog_compile(p, l->log);
}
