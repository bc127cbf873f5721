// SPDX-License-Identifier: MIT
// From an ELF object to compiled programs:
//
//      1. the file: sections and symbols in place; license, .BTF, .BTF.ext
//      2. maps: .maps and the sections of global variables
//      3. programs: each function of each section with code, and behind it the subprograms it calls
//      4. in each program: relocations, then CO-RE, then verify and compile
//
// Nothing is visible before all of it has been done.
#include "vm/load.h"
#include "kernel/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/lock.h"
#include "vm/compile.h"
#include "vm/map.h"
#include "vm/verify.h"

#define BTF_LEN_MAX (16u << 20)
#define INSN_LEN    sizeof(struct insn)

enum { PSEUDO_MAP = 1, PSEUDO_VALUE = 2 }; /* src of a 64-bit immediate */
enum { PSEUDO_CALL = 1 };                  /* src of a call */

static const struct btf *kernel_types;
static struct object *objects; /* oldest first */
static spinlock_t objects_lock;

static enum err no_memory(struct loader *l, const char *what, u64 len)
{
	str_printf(l->log, "no memory for %s of %llu bytes", what, len);
	return ENOMEM;
}

/* ---- 1. the file ---- */

static void load_license(struct loader *l)
{
	u32 i = elf_find(&l->elf, "license");
	struct elf_section s = i ? elf_section(&l->elf, i) : (struct elf_section){ 0 };
	if (s.data && s.size)
		memcpy(l->o->license, s.data, min((size_t)s.size, sizeof(l->o->license) - 1));
}

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

/* Fills in what clang left 0 in a DATASEC: sizes and offsets, which are in the ELF tables. */
static enum err place_variables(struct loader *l, u32 section, struct btf_type *datasec)
{
	struct elf_section s = elf_section(&l->elf, section);
	struct btf_var_secinfo *v = (struct btf_var_secinfo *)btf_vars(datasec);
	for (u32 i = 0; i < btf_vlen(datasec); i++, v++) {
		const char *name = btf_type_name(&l->o->btf, v->type);
		struct elf_symbol symbol;
		if (!find_symbol(&l->elf, section, name, &symbol)) {
			str_printf(l->log, "%s: the variable %s, of which BTF knows, is no symbol", s.name,
				   name);
			return ENOEXEC;
		}
		u64 size = max(v->size, btf_size(&l->o->btf, v->type));
		if (symbol.value > s.size || size > s.size - symbol.value || s.size > ~0u) {
			str_printf(l->log, "%s: the variable %s does not lie in it", s.name, name);
			return ENOEXEC;
		}
		v->offset = (u32)symbol.value;
	}
	datasec->size_or_type = (u32)s.size;
	return OK;
}

static enum err place_all_variables(struct loader *l)
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

static enum err load_btf(struct loader *l)
{
	u32 i = elf_find(&l->elf, ".BTF");
	if (!i)
		return OK;
	struct elf_section s = elf_section(&l->elf, i);
	if (!s.data || !s.size || s.size > BTF_LEN_MAX) {
		str_printf(l->log, ".BTF: a size of %llu bytes cannot be right", s.size);
		return ENOEXEC;
	}
	l->o->btf_blob = kmalloc(s.size);
	if (!l->o->btf_blob)
		return no_memory(l, ".BTF", s.size);
	memcpy(l->o->btf_blob, s.data, s.size);
	enum err e = btf_open(&l->o->btf, l->o->btf_blob, (u32)s.size, l->log);
	if (!e)
		e = place_all_variables(l);
	return e ? e : load_ext(l);
}

/* ---- 3. programs ---- */

static bool is_code(const struct elf_section *s)
{
	return s->type == ELF_PROGBITS && (s->flags & ELF_EXEC) && s->size;
}

struct attach_type {
	const char *prefix;
	enum prog_type type;
};

static const struct attach_type attach_types[] = { { "fentry", PROG_FENTRY }, { "fexit", PROG_FEXIT } };

/* What a section's name says about its programs. *type is PROG_RAW for a section to be skipped. */
static enum err section_type(struct loader *l, const char *name, enum prog_type *type, const char **target)
{
	for (u32 i = 0; i < array_len(attach_types); i++) {
		size_t len = strlen(attach_types[i].prefix);
		if (strncmp(name, attach_types[i].prefix, len) || (name[len] && name[len] != '/'))
			continue;
		*type = attach_types[i].type;
		*target = name[len] ? name + len + 1 : name + len;
		return OK;
	}
	if (strncmp(name, "fentry.s", 8) == 0 || strncmp(name, "fexit.s", 7) == 0)
		str_printf(l->log, "section %s: programs that sleep are not supported", name);
	else
		str_printf(l->log,
			   "section %s: programs of this kind are not supported yet; fentry/FUNCTION and "
			   "fexit/FUNCTION are",
			   name);
	return EOPNOTSUPP;
}

static bool is_function(const struct elf_symbol *s, u32 section)
{
	return s->section == section && s->type == ELF_FUNC;
}

/* The function that begins at that place; false if there is none. */
static bool function_at(const struct loader *l, u32 section, u64 offset, struct elf_symbol *symbol)
{
	for (u32 i = 1; i < l->elf.symbol_count; i++) {
		*symbol = elf_symbol(&l->elf, i);
		if (is_function(symbol, section) && symbol->value == offset)
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
	if (!is_code(&s) || l->block_count == l->block_max || !function_at(l, section, offset, &f) ||
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
	str_printf(l->log,
		   "program %s: it needs %s, which the object only declares; functions and variables of "
		   "the kernel cannot be used",
		   p->name, name);
	return EOPNOTSUPP;
}

/* Where a call of a subprogram leads: section and byte. *is_weak if it is to a function that is not
 * there and need not be. */
static enum err call_target(struct loader *l, const struct prog *p, const struct block *b, u64 offset,
			    const struct insn *in, u32 *section, u64 *target, bool *is_weak)
{
	struct elf_rel r;
	*section = b->section;
	*target = offset + ((u64)(i64)in->imm + 1) * INSN_LEN;
	*is_weak = false;
	if (!find_relocation(l, b->section, offset, &r))
		return OK;
	struct elf_symbol s = elf_symbol(&l->elf, r.symbol);
	*is_weak = !s.section && s.binding == ELF_WEAK;
	if (!s.section)
		return *is_weak ? OK : refuse_extern(l, p, s.name);
	if (r.type != R_BPF_64_32 || s.section >= l->elf.section_count) {
		str_printf(l->log, "program %s: relocation of type %u at a call", p->name, r.type);
		return ENOEXEC;
	}
	*section = s.section;
	*target = s.value + ((u64)(i64)in->imm + 1) * INSN_LEN;
	return OK;
}

static bool is_local_call(const struct insn *in)
{
	return insn_is_call(in) && in->src == PSEUDO_CALL;
}

/* Adds to the blocks what the functions that are there call, until nothing new comes. */
static enum err collect_blocks(struct loader *l, struct prog *p)
{
	u64 all = 0;
	for (u32 i = 0; i < l->block_count; i++) {
		struct block b = l->blocks[i];
		all += b.size;
		if (all > (u64)PROG_INSNS_MAX * INSN_LEN) {
			str_printf(l->log, "program %s: more than %u instructions", p->name, PROG_INSNS_MAX);
			return E2BIG;
		}
		for (u64 at = b.offset; at < b.offset + b.size; at += INSN_LEN) {
			struct insn in = insn_at(l, b.section, at);
			u32 section;
			u64 target;
			bool is_weak;
			if (!is_local_call(&in))
				continue;
			enum err e = call_target(l, p, &b, at, &in, &section, &target, &is_weak);
			if (e)
				return e;
			if (!is_weak && !block_for(l, p, section, target))
				return ENOEXEC;
		}
	}
	p->insn_count = (u32)(all / INSN_LEN);
	return OK;
}

static enum err copy_insns(struct loader *l, struct prog *p)
{
	p->insns = kmalloc(p->insn_count * INSN_LEN);
	if (!p->insns)
		return no_memory(l, "a program", p->insn_count * INSN_LEN);
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

static enum err relocate_call(struct loader *l, struct prog *p, const struct block *b, u32 idx)
{
	u64 offset = b->offset + (u64)(idx - b->at) * INSN_LEN, target;
	u32 section;
	bool is_weak;
	enum err e = call_target(l, p, b, offset, &p->insns[idx], &section, &target, &is_weak);
	if (e)
		return e;
	if (is_weak)
		p->insns[idx] = zero_insn(BPF_R0);
	else
		p->insns[idx].imm = (i32)(block_for(l, p, section, target)->at - idx - 1);
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
	if (!s->section && s->binding != ELF_WEAK)
		return refuse_extern(l, p, s->name);
	if (!s->section) {
		in[0] = (struct insn){ .op = in->op, .dst = in->dst };
		in[1] = (struct insn){ 0 };
		return OK;
	}
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
		str_printf(l->log, "program %s: the address of %s + %d lies outside its section", p->name,
			   s->name, in->imm);
		return ENOEXEC;
	}
	return OK;
}

static enum err relocate_block(struct loader *l, struct prog *p, const struct block *b)
{
	u32 end = b->at + (u32)(b->size / INSN_LEN);
	for (u32 idx = b->at; idx < end; idx++) {
		struct insn *in = &p->insns[idx];
		struct elf_rel r;
		enum err e = OK;
		if (is_local_call(in))
			e = relocate_call(l, p, b, idx);
		else if (find_relocation(l, b->section, b->offset + (u64)(idx - b->at) * INSN_LEN, &r)) {
			struct elf_symbol s = elf_symbol(&l->elf, r.symbol);
			if (!insn_is_wide(in) || idx + 1 == end || r.type != R_BPF_64_64) {
				str_printf(l->log, "program %s: insn %u has a relocation of type %u (to %s)",
					   p->name, idx, r.type, s.name);
				return ENOEXEC;
			}
			e = relocate_address(l, p, in, &s);
		}
		if (e)
			return e;
		idx += insn_is_wide(in) && idx + 1 < end;
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
	if (!e) {
		l->log->len = start;
		l->log->buf[start] = 0;
	}
	return e;
}

static enum err build_program(struct loader *l, struct prog *p, u32 section, u64 offset)
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
		e = load_ext_core(l, p);
	if (!e)
		e = load_ext_lines(l, p);
	if (e)
		return e;
	prog_set_tag(p);
	e = verify(l, p);
	return e ? e : prog_compile(p, l->log);
}

static enum err add_program(struct loader *l, u32 section, const struct elf_symbol *f)
{
	struct elf_section s = elf_section(&l->elf, section);
	struct prog *p;
	enum err e = prog_new(&p, f->name, l->log);
	if (e)
		return e;
	l->o->progs[l->o->prog_count++] = p; /* object_free frees it from here on */
	str_copy(p->section, s.name, sizeof(p->section));
	p->object = l->o;
	p->mode = l->mode;
	p->type = PROG_RAW;
	if (!l->raw)
		e = section_type(l, p->section, &p->type, &p->target);
	return e ? e : build_program(l, p, section, f->value);
}

static bool is_program_section(const struct loader *l, const struct elf_section *s)
{
	if (!is_code(s) || s->name[0] == '?') /* "?fentry/...": libbpf does not load it by itself either */
		return false;
	return l->raw || strcmp(s->name, ".text");
}

static enum err add_section(struct loader *l, u32 section)
{
	struct elf_section s = elf_section(&l->elf, section);
	enum prog_type type;
	const char *target;
	enum err e = l->raw ? OK : section_type(l, s.name, &type, &target);
	for (u32 i = 1; i < l->elf.symbol_count && !e; i++) {
		struct elf_symbol f = elf_symbol(&l->elf, i);
		if (!is_function(&f, section) || (l->raw && f.binding == ELF_LOCAL))
			continue;
		if (f.binding == ELF_LOCAL) {
			str_printf(l->log, "section %s: program %s is static; a program must be global",
				   s.name, f.name);
			return EINVAL;
		}
		e = add_program(l, section, &f);
	}
	return e;
}

static u32 count_functions(const struct loader *l)
{
	u32 count = 0;
	for (u32 i = 1; i < l->elf.symbol_count; i++)
		count += elf_symbol(&l->elf, i).type == ELF_FUNC;
	return count;
}

static enum err load_programs(struct loader *l)
{
	l->block_max = count_functions(l);
	if (l->block_max) {
		l->blocks = kmalloc(l->block_max * sizeof(l->blocks[0]));
		l->o->progs = kmalloc(l->block_max * sizeof(l->o->progs[0]));
		if (!l->blocks || !l->o->progs)
			return no_memory(l, "a table of functions", l->block_max * sizeof(l->blocks[0]));
	}
	for (u32 i = 1; i < l->elf.section_count; i++) {
		struct elf_section s = elf_section(&l->elf, i);
		enum err e = is_program_section(l, &s) ? add_section(l, i) : OK;
		if (e)
			return e;
	}
	if (!l->o->prog_count) {
		str_puts(l->log, "the object holds no program");
		return ENOENT;
	}
	return OK;
}

/* ---- the whole ---- */

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
	load_license(l);
	e = load_btf(l);
	if (!e)
		e = load_maps(l);
	return e ? e : load_programs(l);
}

static void publish(struct object *o)
{
	uptr irq = spin_lock_irqsave(&objects_lock);
	struct object **at = &objects;
	while (*at)
		at = &(*at)->next;
	*at = o;
	spin_unlock_irqrestore(&objects_lock, irq);
}

static enum err load(struct loader *l, struct object **out, const char *name, const void *elf, size_t len)
{
	*out = NULL;
	if (object_named(name)) {
		str_printf(l->log, "an object named %s is loaded already", name);
		return EEXIST;
	}
	l->o = kzalloc(sizeof(*l->o));
	if (!l->o)
		return no_memory(l, "an object", sizeof(*l->o));
	str_copy(l->o->name, name, sizeof(l->o->name));
	enum err e = load_parts(l, elf, len);
	kfree(l->places);
	kfree(l->blocks);
	kfree(l->ext);
	if (e) {
		object_free(l->o);
		return e;
	}
	publish(l->o);
	*out = l->o;
	return OK;
}

enum err object_load(struct object **out, const char *name, const void *elf, size_t len, enum prog_mode mode,
		     struct strbuf *log)
{
	struct loader l = { .mode = mode, .log = log };
	return load(&l, out, name, elf, len);
}

enum err object_load_raw(struct object **out, const char *name, const void *elf, size_t len,
			 enum prog_mode mode, struct strbuf *log)
{
	struct loader l = { .mode = mode, .log = log, .raw = true };
	return load(&l, out, name, elf, len);
}

enum err object_unload(struct object *o)
{
	for (u32 i = 0; i < o->prog_count; i++)
		if (o->progs[i]->links)
			return EBUSY;
	uptr irq = spin_lock_irqsave(&objects_lock);
	struct object **at = &objects;
	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	spin_unlock_irqrestore(&objects_lock, irq);
	object_free(o);
	return OK;
}

struct object *object_first(void)
{
	return objects;
}

struct object *object_named(const char *name)
{
	for (struct object *o = objects; o; o = o->next)
		if (strncmp(o->name, name, sizeof(o->name) - 1) == 0)
			return o;
	return NULL;
}

struct prog *prog_named(const char *name)
{
	struct prog *newest = NULL;
	for (struct object *o = objects; o; o = o->next)
		for (u32 i = 0; i < o->prog_count; i++)
			if (strcmp(o->progs[i]->name, name) == 0)
				newest = o->progs[i];
	return newest;
}

void vm_init(const struct btf *kernel_btf)
{
	kernel_types = kernel_btf;
}

const struct btf *vm_kernel_btf(void)
{
	return kernel_types;
}
