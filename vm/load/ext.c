// SPDX-License-Identifier: MIT
// .BTF.ext: what clang says about instructions. A header names three tables. Each table begins with the size
// of its records. Behind it each section has its name, the number of its records, and the records. Header and
// records may be longer than the structures here.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "vm/object.h"
#include "vm/load/core.h"
#include "vm/load/load.h"
#include "vm/source.h"

struct ext_header {
	u16 magic;
	u8 version, flags;
	u32 hdr_len;
	u32 func_off, func_len, line_off, line_len; /* from the header's end */
	u32 core_off, core_len;                     /* if hdr_len says so */
};

struct ext_section {
	u32 name_off, count; /* then the records */
};

#define MAX_EXT (16u << 20)

struct func_record {
	u32 offset, type;
};

struct line_record {
	u32 offset, file_off, line_off, line_column;
};

static const char *section_name(const struct loader *l, const struct ext_section *s)
{
	return btf_name(&l->o->btf, s->name_off);
}

static enum err malformed(struct loader *l, const char *what)
{
	return str_refuse(l->log, ENOEXEC, ".BTF.ext: its %s are cut off or malformed", what);
}

/* Checks a table once, so that the walks over it need no checks. */
static enum err open_table(struct loader *l, struct ext_table *t, u32 off, u32 len, u32 rest, u32 record_min,
			   const char *what)
{
	if (!len)
		return OK;
	if (off > rest || len > rest - off || len < 4 || off % 4)
		return malformed(l, what);
	const u8 *table = l->ext + ((const struct ext_header *)l->ext)->hdr_len + off;
	u32 record_size = *(const u32 *)table;
	if (record_size < record_min || record_size % 4)
		return malformed(l, what);
	for (u32 at = 4; at < len;) {
		const struct ext_section *s = (const struct ext_section *)(table + at);
		if (len - at < sizeof(*s) || s->count > (len - at - sizeof(*s)) / record_size)
			return malformed(l, what);
		at += (u32)sizeof(*s) + s->count * record_size;
	}
	*t = (struct ext_table){ table + 4, len - 4, record_size };
	return OK;
}

enum err load_ext(struct loader *l)
{
	u32 i = elf_find(&l->elf, ".BTF.ext");
	if (!i || !l->o->btf.count)
		return OK;
	struct elf_section s = elf_section(&l->elf, i);
	struct ext_header h = { 0 };
	if (!s.data || s.size < offsetof(struct ext_header, core_off) || s.size > MAX_EXT)
		return malformed(l, "header and tables");
	l->ext = kmalloc(s.size);
	if (!l->ext)
		return str_refuse(l->log, ENOMEM, ".BTF.ext: no memory for %llu bytes", s.size);
	memcpy(l->ext, s.data, s.size);
	memcpy(&h, l->ext, min(sizeof(h), (size_t)s.size));
	if (h.magic != 0xeb9f || h.version != 1 || h.hdr_len % 4 || h.hdr_len > s.size ||
	    h.hdr_len < offsetof(struct ext_header, core_off))
		return malformed(l, "header fields");
	if (h.hdr_len < sizeof(h))
		h.core_len = 0;
	u32 rest = (u32)s.size - h.hdr_len;
	enum err e =
	    open_table(l, &l->funcs, h.func_off, h.func_len, rest, sizeof(struct func_record), "functions");
	if (!e)
		e = open_table(l, &l->lines, h.line_off, h.line_len, rest, sizeof(struct line_record),
			       "lines");
	if (!e)
		e = open_table(l, &l->core_records, h.core_off, h.core_len, rest, sizeof(struct core_record),
			       "CO-RE relocations");
	return e;
}

/* A walk over the records of a table. */
struct cursor {
	u32 block, idx; /* next_record: the record's block and instruction */
	u32 at, left;   /* the next section of the table; records left in this one */
	const u8 *next;
};

/* Returns the next record of the section; NULL at the end. A record begins with its instruction's offset
 * in the section. */
static const void *next_in_section(const struct loader *l, const struct ext_table *t, u32 section,
				   struct cursor *c)
{
	while (!c->left) {
		if (c->at >= t->len)
			return NULL;
		const struct ext_section *s = (const struct ext_section *)(t->data + c->at);
		bool is_same = strcmp(section_name(l, s), elf_section(&l->elf, section).name) == 0;
		c->at += (u32)sizeof(*s) + s->count * t->record_size;
		c->left = is_same ? s->count : 0;
		c->next = (const u8 *)(s + 1);
	}
	c->left--;
	c->next += t->record_size;
	return c->next - t->record_size;
}

/* Returns the next record of an instruction of the current program, block by block; NULL at the end. */
static const void *next_record(const struct loader *l, const struct ext_table *t, struct cursor *c)
{
	for (; c->block < l->block_count; c->block++, c->at = 0) {
		const struct block *b = &l->blocks[c->block];
		const u32 *offset;
		while ((offset = next_in_section(l, t, b->section, c))) {
			if (*offset < b->offset || *offset - b->offset >= b->size ||
			    *offset % sizeof(struct insn))
				continue;
			c->idx = b->at + (u32)((*offset - b->offset) / sizeof(struct insn));
			return offset;
		}
	}
	return NULL;
}

void load_ext_where(struct loader *l, u32 section, u64 offset)
{
	const struct line_record *r, *found = NULL;
	for (struct cursor c = { 0 }; (r = next_in_section(l, &l->lines, section, &c));)
		if (r->offset <= offset && (!found || r->offset > found->offset))
			found = r;
	if (found)
		source_print(l->log, &l->o->btf, found->file_off, found->line_column >> 10);
}

/* Notes the program's own function, and the global ones that it calls. */
static enum err note_funcs(struct loader *l, struct prog *p)
{
	const struct func_record *r;
	for (struct cursor c = { 0 }; (r = next_record(l, &l->funcs, &c));) {
		if (btf_kind(btf_type(&l->o->btf, r->type)) != BTF_FUNC)
			continue;
		if (c.idx == 0)
			p->btf_func_id = r->type;
		if (c.idx == 0 || !l->blocks[c.block].is_global)
			continue;
		if (!p->globals && !(p->globals = kzalloc(p->insn_count * sizeof(*p->globals))))
			return str_refuse(l->log, ENOMEM, "program %s: no memory for its functions", p->name);
		p->globals[c.idx] = r->type;
	}
	return OK;
}

enum err load_ext_lines(struct loader *l, struct prog *p)
{
	const struct line_record *r;
	u32 count = 0;
	enum err e = note_funcs(l, p);
	if (e)
		return e;
	for (struct cursor c = { 0 }; next_record(l, &l->lines, &c);)
		count++;
	if (!count)
		return OK;
	p->lines = kmalloc(count * sizeof(p->lines[0]));
	if (!p->lines)
		return str_refuse(l->log, ENOMEM, "program %s: no memory for %u lines", p->name, count);
	for (struct cursor c = { 0 }; (r = next_record(l, &l->lines, &c));) {
		if (p->line_count && p->lines[p->line_count - 1].insn_idx >= c.idx)
			continue; /* lines must be in order, and are only a comment */
		p->lines[p->line_count++] = (struct line_info){
			.insn_idx = c.idx,
			.file_off = r->file_off,
			.line_off = r->line_off,
			.line = r->line_column >> 10,
			.column = r->line_column & 0x3ff,
		};
	}
	return OK;
}

/* Keeps what core_apply says from byte start of the log on. */
static enum err note_lack(struct loader *l, struct prog *p, u32 idx, u32 start)
{
	u32 len = l->log->len - start;
	struct lack *lack = kmalloc(sizeof(*lack) + len + 1);
	if (lack) {
		*lack = (struct lack){ p->lacks, idx, core_used_at(p, idx) };
		memcpy(lack->why, l->log->buf + start, len);
		lack->why[len] = 0;
		p->lacks = lack;
	}
	str_cut(l->log, start);
	return lack
		   ? OK
		   : str_refuse(l->log, ENOMEM, "program %s: no memory for what insn %u lacks", p->name, idx);
}

enum err load_ext_core(struct loader *l, struct prog *p)
{
	const struct core_record *r;
	enum err e = OK;
	l->core.local = &l->o->btf;
	l->core.kernel = vm_kernel_btf();
	for (struct cursor c = { 0 }; !e && (r = next_record(l, &l->core_records, &c));) {
		u32 start = l->log->len;
		if (!p->taken_as && !(p->taken_as = kzalloc(p->insn_count * sizeof(*p->taken_as))))
			return str_refuse(l->log, ENOMEM, "program %s: no memory for its CO-RE records",
					  p->name);
		e = core_apply(&l->core, r, p, c.idx, l->log);
		if (e == ENOENT)
			e = note_lack(l, p, c.idx, start);
	}
	return e;
}
