// SPDX-License-Identifier: MIT
// Changes to an object file that know its structure: they change a field, not a byte, and often to an edge
// value. A field that lies outside the file, because of an earlier change, is left alone.
#include "kernel/lib/mem.h"
#include "tests/fuzz/fuzz.h"
#include "vm/load/elf.h"

struct file {
	u8 *bytes;
	size_t len;
	u32 random;
};

struct field {
	u8 at, bits;
};

struct range {
	size_t at, len;
};

enum { HEADERS_AT = 40, COUNT_AT = 60, NAMES_AT = 62, HEADER_LEN = 64 }; /* of sections; the same for each */
enum { NAME = 0, TYPE = 4, FLAGS = 8, OFFSET = 24, SIZE = 32 };
enum { TYPES_MAX = 4096 };

static u32 below(struct file *f, u32 limit)
{
	f->random = f->random * 1664525 + 1013904223;
	return (f->random >> 8) % limit;
}

/* 0 where the file has ended. */
static u64 get(const struct file *f, size_t at, u32 bits)
{
	u64 value = 0;
	if (at <= f->len && bits / 8 <= f->len - at)
		memcpy(&value, f->bytes + at, bits / 8);
	return value;
}

static void put(struct file *f, size_t at, u32 bits, u64 value)
{
	if (at <= f->len && bits / 8 <= f->len - at)
		memcpy(f->bytes + at, &value, bits / 8);
}

static u64 edge(struct file *f)
{
	static const u64 edges[] = {
		0,          1,          2,          3,          4,           7,
		8,          15,         16,         23,         24,          31,
		32,         63,         64,         127,        128,         255,
		256,        511,        512,        4095,       4096,        65535,
		65536,      1000000,    16777216,   0x7fffffff, 0x80000000,  0xffffffff,
		0xfffffff0, 1ull << 32, ~0ull >> 1, 1ull << 63, ~0ull << 16, ~0ull,
	};
	u64 value = edges[below(f, array_len(edges))];
	u32 how = below(f, 16);
	return how < 3 ? value + how - 1 : how < 7 ? below(f, 1 << 24) * 257ull : value;
}

static void put_edge(struct file *f, size_t base, const struct field *fields, u32 count)
{
	struct field field = fields[below(f, count)];
	put(f, base + field.at, field.bits, edge(f));
}

#define PUT_EDGE(f, base, ...)                                   \
	put_edge(f, base, (const struct field[]){ __VA_ARGS__ }, \
		 array_len(((const struct field[]){ __VA_ARGS__ })))

/* ---- sections ---- */

static u32 section_count(const struct file *f)
{
	return (u32)get(f, COUNT_AT, 16);
}

static size_t header_of(const struct file *f, u32 i)
{
	return get(f, HEADERS_AT, 64) + HEADER_LEN * (size_t)i;
}

/* As much of the section as lies in the file. */
static struct range section(const struct file *f, u32 i)
{
	size_t at = get(f, header_of(f, i) + OFFSET, 64), len = get(f, header_of(f, i) + SIZE, 64);
	return at < f->len ? (struct range){ at, min(len, f->len - at) } : (struct range){ 0, 0 };
}

static struct range find(const struct file *f, const char *name)
{
	struct range names = section(f, (u32)get(f, NAMES_AT, 16));
	size_t len = strlen(name) + 1;
	for (u32 i = 0; i < section_count(f); i++) {
		u64 at = get(f, header_of(f, i) + NAME, 32);
		if (at < names.len && len <= names.len - at && !memcmp(f->bytes + names.at + at, name, len))
			return section(f, i);
	}
	return (struct range){ 0, 0 };
}

/* One of a type, with these flags; nothing if a few draws do not meet one. */
static struct range some_section(struct file *f, u32 type, u64 flags)
{
	u32 count = section_count(f);
	for (u32 tries = 0; count && tries < 64; tries++) {
		u32 i = below(f, count);
		size_t header = header_of(f, i);
		if (get(f, header + TYPE, 32) == type && (get(f, header + FLAGS, 64) & flags) == flags)
			return section(f, i);
	}
	return (struct range){ 0, 0 };
}

/* Where one of a table's entries begins; 0 if it has none. */
static size_t some_entry(struct file *f, struct range table, u32 size)
{
	return table.len < size ? 0 : table.at + size * (size_t)below(f, (u32)(table.len / size));
}

static void change_file_header(struct file *f)
{
	PUT_EDGE(f, 0, { 16, 16 }, { 18, 16 }, { 20, 32 }, { 40, 64 }, { 48, 32 }, { 52, 16 }, { 54, 16 },
		 { 56, 16 }, { 58, 16 }, { 60, 16 }, { 62, 16 });
}

static void change_section_header(struct file *f)
{
	if (section_count(f))
		PUT_EDGE(f, header_of(f, below(f, section_count(f))), { 0, 32 }, { 4, 32 }, { 8, 64 },
			 { 16, 64 }, { 24, 64 }, { 32, 64 }, { 40, 32 }, { 44, 32 }, { 48, 64 }, { 56, 64 });
}

static void repeat_section_header(struct file *f)
{
	u32 count = section_count(f);
	size_t from = count ? header_of(f, below(f, count)) : 0,
	       to = count ? header_of(f, below(f, count)) : 0;
	for (u32 i = 0; i < HEADER_LEN; i += 8)
		put(f, to + i, 64, get(f, from + i, 64));
}

static void change_relocation(struct file *f)
{
	size_t at = some_entry(f, some_section(f, ELF_REL, 0), 16);
	if (at)
		PUT_EDGE(f, at, { 0, 64 }, { 8, 32 }, { 12, 32 });
}

static void change_symbol(struct file *f)
{
	size_t at = some_entry(f, some_section(f, ELF_SYMTAB, 0), 24);
	if (at)
		PUT_EDGE(f, at, { 0, 32 }, { 4, 8 }, { 5, 8 }, { 6, 16 }, { 8, 64 }, { 16, 64 });
}

static void change_insns(struct file *f)
{
	struct range code = some_section(f, ELF_PROGBITS, ELF_EXEC);
	for (u32 n = 1 + below(f, 2) * below(f, 8); n--;) {
		size_t at = some_entry(f, code, 8);
		if (at)
			PUT_EDGE(f, at, { 0, 8 }, { 1, 8 }, { 2, 16 }, { 4, 32 });
	}
}

/* ---- types ---- */

struct types {
	u32 count;
	struct btf_at {
		size_t at;
		u32 kind, vlen, words; /* words behind the first three */
	} type[TYPES_MAX];
};

static u32 words_behind(u32 kind, u32 vlen)
{
	static const u8 fixed[32] = { [1] = 1, [3] = 3, [14] = 1, [17] = 1 };
	static const u8 each[32] = { [4] = 3, [5] = 3, [6] = 2, [13] = 2, [15] = 3, [19] = 3 };
	return fixed[kind] + each[kind] * vlen;
}

static const struct types *find_types(const struct file *f)
{
	static struct types t;
	struct range btf = find(f, ".BTF");
	size_t at = btf.at + get(f, btf.at + 4, 32) + get(f, btf.at + 8, 32),
	       end = at + get(f, btf.at + 12, 32);
	t.count = 0;
	while (btf.len >= 24 && t.count < TYPES_MAX && at + 12 <= min(end, f->len)) {
		u32 info = (u32)get(f, at + 4, 32), kind = info >> 24 & 31, vlen = info & 0xffff;
		t.type[t.count++] = (struct btf_at){ at, kind, vlen, words_behind(kind, vlen) };
		at += 12 + 4 * (size_t)words_behind(kind, vlen);
	}
	return &t;
}

static u32 info_like(struct file *f, const struct btf_at *type)
{
	u32 info = type->kind << 24 | type->vlen;
	switch (below(f, 4)) {
	case 0: return info ^ 1u << below(f, 32);
	case 1: return below(f, 20) << 24 | type->vlen;
	case 2: return type->kind << 24 | (below(f, 2) ? type->vlen + 1 : below(f, 2) * 0xffff);
	default: return (u32)edge(f);
	}
}

/* The number of a type, or a number that no type has. */
static u32 some_type(struct file *f, const struct types *t)
{
	return below(f, 2) ? below(f, t->count + 2) : (u32)edge(f);
}

static void change_types(struct file *f)
{
	const struct types *t = find_types(f);
	for (u32 n = 1 + below(f, 2) * below(f, 5); t->count && n--;) {
		const struct btf_at *type = &t->type[below(f, t->count)];
		u32 how = below(f, 8);
		if (how < 1)
			put(f, type->at, 32, edge(f));
		else if (how < 3)
			put(f, type->at + 4, 32, info_like(f, type));
		else if (how < 5 || !type->words)
			put(f, type->at + 8, 32, some_type(f, t));
		else
			put(f, type->at + 12 + 4 * (size_t)below(f, type->words), 32, some_type(f, t));
	}
}

/* Pointers, typedefs and their kin that lead to each other, or arrays of such. */
static void make_type_loops(struct file *f)
{
	const struct types *t = find_types(f);
	for (u32 tries = 0; t->count && tries < 16; tries++) {
		u32 i = below(f, t->count);
		const struct btf_at *type = &t->type[i];
		bool is_array = type->kind == 3;
		if (!is_array && type->kind != 2 && (type->kind < 8 || type->kind > 11))
			continue;
		put(f, type->at + (is_array ? 12 : 8), 32, 1 + (below(f, 2) ? i : below(f, t->count)));
		if (below(f, 4) == 0)
			put(f, type->at + 4, 32, (8 + below(f, 4)) << 24);
	}
}

/* The numbers of a map's definition are lengths of arrays. */
static void change_maps(struct file *f)
{
	const struct types *t = find_types(f);
	for (u32 tries = 0; t->count && tries < 32; tries++) {
		const struct btf_at *type = &t->type[below(f, t->count)];
		if (type->kind == 3 && below(f, 8) == 0)
			put(f, type->at + 20, 32, edge(f));
	}
}

static void change_types_header(struct file *f)
{
	struct range btf = find(f, ".BTF");
	if (btf.len)
		PUT_EDGE(f, btf.at, { 0, 16 }, { 2, 8 }, { 3, 8 }, { 4, 32 }, { 8, 32 }, { 12, 32 },
			 { 16, 32 }, { 20, 32 });
}

static void change_ext(struct file *f)
{
	struct range ext = find(f, ".BTF.ext");
	size_t header = get(f, ext.at + 4, 32);
	if (ext.len < 32 || header >= ext.len)
		return;
	if (below(f, 4) == 0) {
		PUT_EDGE(f, ext.at, { 0, 16 }, { 2, 8 }, { 3, 8 }, { 4, 32 }, { 8, 32 }, { 12, 32 },
			 { 16, 32 }, { 20, 32 }, { 24, 32 }, { 28, 32 });
		return;
	}
	size_t table =
	    get(f, ext.at + 8 + 8 * below(f, 3), 32); /* which begins with the size of its records */
	size_t at = below(f, 2) ? table : 4 * (size_t)below(f, (u32)(ext.len - header) / 4 + 1);
	put(f, ext.at + header + at, 32, edge(f));
}

/* ---- the rest ---- */

static void change_strings(struct file *f)
{
	static const u8 bytes[] = { 0, '%', '*', '/', ':', '.', 0xff, '0', '9', 'A' };
	struct range s = some_section(f, ELF_STRTAB, 0), btf = find(f, ".BTF");
	if (below(f, 2) && btf.len >= 24) {
		size_t at = btf.at + get(f, btf.at + 4, 32) + get(f, btf.at + 16, 32);
		s = (struct range){ at, get(f, btf.at + 20, 32) };
	}
	for (u32 n = 1 + below(f, 3); s.len && n--;)
		put(f, s.at + below(f, (u32)s.len), 8, bytes[below(f, array_len(bytes))]);
	if (s.len && below(f, 5) == 0)
		put(f, s.at + s.len - 1, 8, 'A');
}

static void flip_bits(struct file *f)
{
	for (u32 n = 1u << below(f, 6); f->len && n--;)
		f->bytes[below(f, (u32)f->len)] ^= (u8)(1 << below(f, 8));
}

static void cut_off(struct file *f)
{
	if (f->len > 1)
		f->len = 1 + below(f, (u32)f->len - 1);
}

size_t fuzz_mutate_object(u8 *bytes, size_t len, u32 seed)
{
	static void (*const changes[])(struct file * f) = {
		change_file_header,
		change_section_header,
		change_section_header,
		repeat_section_header,
		change_relocation,
		change_relocation,
		change_symbol,
		change_types,
		change_types,
		change_types,
		change_types_header,
		make_type_loops,
		make_type_loops,
		change_ext,
		change_ext,
		change_maps,
		change_maps,
		change_insns,
		change_insns,
		change_strings,
		change_strings,
		flip_bits,
		cut_off,
	};
	struct file f = { .bytes = bytes, .len = len, .random = seed };
	for (u32 n = 1 + below(&f, 2) * below(&f, 3); n--;)
		changes[below(&f, array_len(changes))](&f);
	return f.len;
}
