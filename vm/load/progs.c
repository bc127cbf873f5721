// SPDX-License-Identifier: MIT
// One program out of an object: its function and behind it, in the order in which they are met, the
// subprograms that it calls (each a block); relocations; CO-RE; lines; then verify and compile.
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
enum { PSEUDO_CALL = 1, PSEUDO_KFUNC = 2 };                     /* src of a call */

/* The function that begins at that place; false if there is none. */
static bool function_at(const struct loader *l, u32 section, u64 offset, struct elf_symbol *symbol)
{
	for (u32 i = 1; i < l->elf.symbol_count; i++) {
		*symbol = elf_symbol(&l->elf, i);
		if (elf_is_function(symbol, section) && symbol->value == offset)
			return true;
	}
	return false;
}

/* The block of the function at that place, added at the end of the program if it is not there yet;
 * NULL and a sentence if there is no function. */
static struct block *block_for(struct loader *l, const struct prog *p, u32 section, u64 offset)
{
	struct elf_symbol f;
	for (u32 i = 0; i < l->block_count; i++)
		if (l->blocks[i].section == section && l->blocks[i].offset == offset)
			return &l->blocks[i];
	struct elf_section s = elf_section(&l->elf, section);
	if (!elf_is_code(&s) || l->block_count == l->block_max || !function_at(l, section, offset, &f) ||
	    !f.size || f.size % INSN_LEN || f.value % INSN_LEN || f.value > s.size ||
	    f.size > s.size - f.value) {
		str_printf(l->log, "program %s: there is no function at byte %llu of section %s", p->name,
			   offset, s.name);
		return NULL;
	}
	struct block *b = &l->blocks[l->block_count];
	u32 at = l->block_count ? b[-1].at + (u32)(b[-1].size / INSN_LEN) : 0;
	*b = (struct block){ section, offset, f.size, at };
	l->block_count++;
	return b;
}

static struct insn insn_at(const struct loader *l, u32 section, u64 offset)
{
	struct insn in;
	memcpy(&in, elf_section(&l->elf, section).data + offset, sizeof(in));
	return in;
}

/* The relocation of the instruction at that place; false if it has none. */
static bool find_relocation(const struct loader *l, u32 section, u64 offset, struct elf_rel *r)
{
	for (u32 i = 1; i < l->elf.section_count; i++) {
		struct elf_section s = elf_section(&l->elf, i);
		if (s.type != ELF_REL || s.info != section)
			continue;
		for (u32 k = 0; k < elf_rel_count(&s); k++) {
			*r = elf_rel(&s, k);
			if (r->offset == offset)
				return true;
		}
	}
	return false;
}

static enum err refuse_extern(struct loader *l, const struct prog *p, const char *name)
{
	str_printf(l->log, "program %s: it needs %s, which the object only declares, and the kernel has not",
		   p->name, name);
	return ENOENT;
}

static enum err refuse_call(struct loader *l, const struct prog *p, const struct block *b, u64 offset,
			    const char *name)
{
	str_printf(l->log,
		   "program %s: it calls %s, which the object only declares; of the kernel it can call ",
		   p->name, name);
	kfunc_print_names(l->log);
	if (!vm_kernel_btf())
		str_puts(l->log, ", if that has BTF");
	load_ext_where(l, b->section, offset);
	return EOPNOTSUPP;
}

/* Where a call of a function leads: to byte `offset` of a section; or, if section is 0, into the kernel;
 * or nowhere, if that function is not there and need not be. */
struct target {
	u32 section;
	u64 offset;
	const struct helper *kfunc;
};

static enum err call_target(struct loader *l, const struct prog *p, const struct block *b, u64 offset,
			    const struct insn *in, struct target *t)
{
	struct elf_rel r;
	*t = (struct target){ b->section, offset + ((u64)(i64)in->imm + 1) * INSN_LEN, NULL };
	if (!find_relocation(l, b->section, offset, &r))
		return OK;
	struct elf_symbol s = elf_symbol(&l->elf, r.symbol);
	if (!s.section) {
		*t = (struct target){ .kfunc = kfunc_named(s.name) };
		return t->kfunc || s.binding == ELF_WEAK ? OK : refuse_call(l, p, b, offset, s.name);
	}
	if (r.type != R_BPF_64_32 || s.section >= l->elf.section_count) {
		str_printf(l->log, "program %s: relocation of type %u at a call", p->name, r.type);
		return ENOEXEC;
	}
	*t = (struct target){ s.section, s.value + ((u64)(i64)in->imm + 1) * INSN_LEN, NULL };
	return OK;
}

/* The function whose address a 64-bit immediate is; section 0 if it is something else's. */
static void address_target(struct loader *l, const struct block *b, u64 offset, const struct insn *in,
			   struct target *t)
{
	struct elf_rel r;
	*t = (struct target){ 0 };
	if (!find_relocation(l, b->section, offset, &r) || r.type != R_BPF_64_64)
		return;
	struct elf_symbol s = elf_symbol(&l->elf, r.symbol);
	if (!s.section || s.section >= l->elf.section_count)
		return;
	struct elf_section section = elf_section(&l->elf, s.section);
	if (elf_is_code(&section))
		*t = (struct target){ s.section, s.value + (u64)(i64)in->imm, NULL };
}

/* Which function the instruction names, if any. */
static enum err find_target(struct loader *l, const struct prog *p, const struct block *b, u64 offset,
			    const struct insn *in, struct target *t)
{
	*t = (struct target){ 0 };
	if (insn_kind(in) == INSN_CALL_LOCAL)
		return call_target(l, p, b, offset, in, t);
	if (insn_is_wide(in))
		address_target(l, b, offset, in, t);
	return OK;
}

/* Adds to the blocks what the functions that are there call, until nothing new comes. */
static enum err collect_blocks(struct loader *l, struct prog *p)
{
	u64 all = 0;
	for (u32 i = 0; i < l->block_count; i++) {
		struct block b = l->blocks[i];
		all += b.size;
		if (all > (u64)PROG_INSNS_MAX * INSN_LEN) {
			str_printf(l->log, "program %s: the program has %llu instructions, more than %u",
				   p->name, all / INSN_LEN, PROG_INSNS_MAX);
			return E2BIG;
		}
		for (u64 at = b.offset; at < b.offset + b.size; at += INSN_LEN) {
			struct insn in = insn_at(l, b.section, at);
			struct target t;
			enum err e = find_target(l, p, &b, at, &in, &t);
			if (e)
				return e;
			if (t.section && !block_for(l, p, t.section, t.offset))
				return ENOEXEC;
		}
	}
	p->insn_count = (u32)(all / INSN_LEN);
	return OK;
}

static enum err copy_insns(struct loader *l, struct prog *p)
{
	p->insns = kmalloc(p->insn_count * INSN_LEN);
	if (!p->insns) {
		str_printf(l->log, "program %s: no memory for %u instructions", p->name, p->insn_count);
		return ENOMEM;
	}
	for (u32 i = 0; i < l->block_count; i++) {
		const struct block *b = &l->blocks[i];
		memcpy(p->insns + b->at, elf_section(&l->elf, b->section).data + b->offset, b->size);
	}
	return OK;
}

/* An instruction that needs what is not there, and may: dst becomes 0. */
static struct insn zero_insn(u32 dst)
{
	return (struct insn){ .op = 0xb7, .dst = dst & 0xf };
}

static i32 distance(struct loader *l, const struct prog *p, const struct target *t, u32 idx)
{
	return (i32)(block_for(l, p, t->section, t->offset)->at - idx - 1);
}

static enum err relocate_call(struct loader *l, struct prog *p, const struct block *b, u32 idx)
{
	struct insn *in = &p->insns[idx];
	struct target t;
	enum err e = call_target(l, p, b, b->offset + (u64)(idx - b->at) * INSN_LEN, in, &t);
	if (e)
		return e;
	if (t.section)
		in->imm = distance(l, p, &t, idx);
	else if (t.kfunc)
		*in = (struct insn){ .op = in->op, .src = PSEUDO_KFUNC, .imm = (i32)kfunc_btf_id(t.kfunc) };
	else
		*in = zero_insn(BPF_R0);
	return OK;
}

/* The address of what the kernel has, or of what it may have, then 0. */
static enum err relocate_extern(struct loader *l, struct prog *p, struct insn *in, const struct elf_symbol *s)
{
	u32 id = 0;
	u64 address = ksym_named(s->name, &id);
	if (!address && s->binding != ELF_WEAK)
		return refuse_extern(l, p, s->name);
	in[0] = (struct insn){ .op = in->op, .dst = in->dst, .imm = (i32)address };
	in[1] = (struct insn){ .imm = (i32)(address >> 32) };
	if (id) {
		in[0].src = PSEUDO_VAR;
		in[0].imm = (i32)id;
		in[1].imm = 0;
	}
	return OK;
}

/* Which map lies at a place in the file; map_count if none. */
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

/* A 64-bit immediate that stands for a map or a variable; in[1] is its second half. */
static enum err relocate_address(struct loader *l, struct prog *p, struct insn *in,
				 const struct elf_symbol *s)
{
	u64 offset = s->value + (u64)(i64)in[0].imm;
	if (!s->section)
		return relocate_extern(l, p, in, s);
	u32 map = map_at(l, s->section, offset);
	if (map == l->o->map_count) {
		str_printf(l->log,
			   "program %s: it takes the address of %s, which is neither a map nor a variable",
			   p->name, s->name);
		return EOPNOTSUPP;
	}
	in[0].src = s->section == l->maps_section ? PSEUDO_MAP : PSEUDO_VALUE;
	in[0].imm = (i32)map;
	in[1].imm = in->src == PSEUDO_MAP ? 0 : (i32)offset;
	if (in->src == PSEUDO_VALUE && offset > l->o->maps[map]->value_size) {
		str_printf(l->log, "program %s: byte %lld of %s is outside the section's %u", p->name,
			   (i64)offset, s->name, l->o->maps[map]->value_size);
		return ENOEXEC;
	}
	return OK;
}

/* What is neither a call nor a jump within its section and still has a relocation. */
static enum err relocate_immediate(struct loader *l, struct prog *p, const struct block *b, u32 idx)
{
	u64 offset = b->offset + (u64)(idx - b->at) * INSN_LEN;
	struct insn *in = &p->insns[idx];
	struct target t;
	struct elf_rel r;
	if (!find_relocation(l, b->section, offset, &r))
		return OK;
	struct elf_symbol s = elf_symbol(&l->elf, r.symbol);
	if (!insn_is_wide(in) || idx + 1 == b->at + b->size / INSN_LEN || r.type != R_BPF_64_64) {
		str_printf(l->log, "program %s: insn %u has a relocation of type %u (to %s)", p->name, idx,
			   r.type, s.name);
		return ENOEXEC;
	}
	address_target(l, b, offset, in, &t);
	if (!t.section) {
		enum err e = relocate_address(l, p, in, &s);
		if (e)
			load_ext_where(l, b->section, offset);
		return e;
	}
	in[0] = (struct insn){ in->op, in->dst, PSEUDO_FUNC, 0, distance(l, p, &t, idx) };
	in[1] = (struct insn){ 0 };
	return OK;
}

static enum err relocate_block(struct loader *l, struct prog *p, const struct block *b)
{
	u32 end = b->at + (u32)(b->size / INSN_LEN);
	for (u32 idx = b->at; idx < end; idx++) {
		const struct insn *in = &p->insns[idx];
		bool is_wide = insn_is_wide(in);
		enum err e = insn_kind(in) == INSN_CALL_LOCAL ? relocate_call(l, p, b, idx)
							      : relocate_immediate(l, p, b, idx);
		if (e)
			return e;
		idx += is_wide && idx + 1 < end;
	}
	return OK;
}

static enum err relocate(struct loader *l, struct prog *p)
{
	for (u32 i = 0; i < l->block_count; i++) {
		enum err e = relocate_block(l, p, &l->blocks[i]);
		if (e)
			return e;
	}
	return OK;
}

/* The verifier speaks of instructions only; say of which program. */
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
	l->block_count = 0;
	if (!block_for(l, p, section, offset))
		return ENOEXEC;
	enum err e = collect_blocks(l, p);
	if (!e)
		e = copy_insns(l, p);
	if (!e)
		e = relocate(l, p);
	if (!e)
		e = load_ext_lines(l, p);
	if (!e)
		e = load_ext_core(l, p);
	if (e)
		return e;
	prog_set_tag(p);
	e = verify(l, p);
	if (!e)
		e = load_ext_check_lacks(l, p);
	return e ? e : prog_compile(p, l->log);
}
