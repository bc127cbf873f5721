// SPDX-License-Identifier: MIT
// .BTF.ext: what clang says about instructions. A header names three tables; each begins with the size
// of its records, then comes per section: name, count, records. Record and header may be longer than
// what we know of them.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "vm/object.h"
#include "vm/verify/consts.h"
#include "vm/load/core.h"
#include "vm/load/load.h"
#include "vm/source.h"

struct ext_header {
	u16 magic;
	u8 version, flags;
	u32 hdr_len;
	u32 func_off, func_len, line_off, line_len; /* from the header's end */
	u32 core_off, core_len;                     /* there if hdr_len says so */
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

/* Checks a table once, so that walking it needs no care. */
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

/* Calls visit for every record of the table that belongs to a block; idx is its instruction. */
static enum err each_record(struct loader *l, const struct ext_table *t, struct prog *p,
			    const struct block *b,
			    enum err (*visit)(struct loader *l, struct prog *p, u32 idx, const void *record))
{
	const char *name = elf_section(&l->elf, b->section).name;
	for (u32 at = 0; at < t->len;) {
		const struct ext_section *s = (const struct ext_section *)(t->data + at);
		const u8 *record = (const u8 *)(s + 1);
		at += (u32)sizeof(*s) + s->count * t->record_size;
		if (strcmp(section_name(l, s), name))
			continue;
		for (u32 i = 0; i < s->count; i++, record += t->record_size) {
			u32 offset = *(const u32 *)record;
			if (offset < b->offset || offset - b->offset >= b->size ||
			    offset % sizeof(struct insn))
				continue;
			u32 idx = b->at + (u32)((offset - b->offset) / sizeof(struct insn));
			enum err e = visit(l, p, idx, record);
			if (e)
				return e;
		}
	}
	return OK;
}

static enum err each_block(struct loader *l, const struct ext_table *t, struct prog *p,
			   enum err (*visit)(struct loader *l, struct prog *p, u32 idx, const void *record))
{
	for (u32 i = 0; i < l->block_count; i++) {
		enum err e = each_record(l, t, p, &l->blocks[i], visit);
		if (e)
			return e;
	}
	return OK;
}

void load_ext_where(struct loader *l, u32 section, u64 offset)
{
	const char *name = elf_section(&l->elf, section).name;
	const struct line_record *found = NULL;
	for (u32 at = 0; at < l->lines.len;) {
		const struct ext_section *s = (const struct ext_section *)(l->lines.data + at);
		const u8 *record = (const u8 *)(s + 1);
		at += (u32)sizeof(*s) + s->count * l->lines.record_size;
		if (strcmp(section_name(l, s), name))
			continue;
		for (u32 i = 0; i < s->count; i++, record += l->lines.record_size) {
			const struct line_record *r = (const struct line_record *)record;
			if (r->offset <= offset && (!found || r->offset > found->offset))
				found = r;
		}
	}
	if (found)
		source_print(l->log, &l->o->btf, found->file_off, found->line_column >> 10);
}

static enum err note_func(struct loader *l, struct prog *p, u32 idx, const void *record)
{
	const struct func_record *r = record;
	if (idx == 0 && btf_kind(btf_type(&l->o->btf, r->type)) == BTF_FUNC)
		p->btf_func_id = r->type;
	return OK;
}

static enum err count_line(struct loader *l unused, struct prog *p, u32 idx unused, const void *record unused)
{
	p->line_count++;
	return OK;
}

/* Records that are not in order are left out: lines must be sorted, and are only a comment. */
static enum err note_line(struct loader *l unused, struct prog *p, u32 idx, const void *record)
{
	const struct line_record *r = record;
	if (p->line_count && p->lines[p->line_count - 1].insn_idx >= idx)
		return OK;
	p->lines[p->line_count++] = (struct line_info){
		.insn_idx = idx,
		.file_off = r->file_off,
		.line_off = r->line_off,
		.line = r->line_column >> 10,
		.column = r->line_column & 0x3ff,
	};
	return OK;
}

enum err load_ext_lines(struct loader *l, struct prog *p)
{
	each_block(l, &l->funcs, p, note_func);
	each_block(l, &l->lines, p, count_line);
	if (!p->line_count)
		return OK;
	p->lines = kmalloc(p->line_count * sizeof(p->lines[0]));
	if (!p->lines)
		return str_refuse(l->log, ENOMEM, "program %s: no memory for %u lines", p->name,
				  p->line_count);
	p->line_count = 0;
	return each_block(l, &l->lines, p, note_line);
}

/* The kernel lacks what the instruction needs; and control can come there. */
enum lack { LACK_NONE, LACK_SOMETHING, LACK_REACHED };

static enum err apply_core(struct loader *l, struct prog *p, u32 idx, const void *record)
{
	u32 start = l->log->len;
	enum err e = core_apply(&l->core, record, p, idx, l->log);
	if (e != ENOENT)
		return e;
	str_cut(l->log, start);
	if (!l->lacks)
		l->lacks = kzalloc(p->insn_count);
	if (!l->lacks)
		return str_refuse(l->log, ENOMEM, "program %s: no memory for marks of %u instructions",
				  p->name, p->insn_count);
	l->lacks[idx] = LACK_SOMETHING;
	return OK;
}

enum err load_ext_core(struct loader *l, struct prog *p)
{
	kfree(l->lacks);
	l->lacks = NULL;
	l->core.local = &l->o->btf;
	l->core.kernel = vm_kernel_btf();
	return each_block(l, &l->core_records, p, apply_core);
}

static enum err refuse_reached(struct loader *l, struct prog *p, u32 idx, const void *record)
{
	if (l->lacks[idx] != LACK_REACHED)
		return OK;
	p->insns[idx] = l->insns[idx]; /* as it was before it was made to do nothing */
	return core_apply(&l->core, record, p, idx, l->log);
}

static enum err find_reached(struct loader *l, const struct prog *p)
{
	struct consts c = { .p = p, .marks = flow_marks(p) };
	enum err e = c.marks ? consts_find(&c) : ENOMEM;
	if (!e) {
		for (consts_start(&c); consts_next(&c);)
			if (l->lacks[c.idx])
				l->lacks[c.idx] = LACK_REACHED;
		consts_free(&c);
	} else {
		str_printf(l->log, "program %s: no memory to see what is reached", p->name);
	}
	kfree((void *)c.marks);
	return e;
}

enum err load_ext_check_lacks(struct loader *l, struct prog *p)
{
	enum err e = l->lacks ? find_reached(l, p) : OK;
	return !e && l->lacks ? each_block(l, &l->core_records, p, refuse_reached) : e;
}
