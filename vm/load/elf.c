// SPDX-License-Identifier: MIT
// The ELF reader. It copies each record before it reads it: a file may lie at any address.
#include "vm/load/elf.h"
#include "kernel/lib/mem.h"

struct ehdr {
	u8 ident[16];
	u16 type, machine;
	u32 version;
	u64 entry, phoff, shoff;
	u32 flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
_Static_assert(sizeof(struct ehdr) == 64, "System V ABI, ELF header");

struct shdr {
	u32 name, type;
	u64 flags, addr, offset, size;
	u32 link, info;
	u64 align, entry_size;
};
_Static_assert(sizeof(struct shdr) == 64, "System V ABI, section header");

struct sym {
	u32 name;
	u8 info, other;
	u16 section;
	u64 value, size;
};
_Static_assert(sizeof(struct sym) == 24, "System V ABI, symbol table entry");

_Static_assert(sizeof(struct elf_rel) == 16, "System V ABI, relocation entry");

enum { CLASS_64 = 2, DATA_LSB = 1, TYPE_REL = 1, MACHINE_BPF = 247 };

static struct ehdr header(const struct elf *e)
{
	struct ehdr h;
	memcpy(&h, e->file, sizeof(h));
	return h;
}

static struct shdr section_header(const struct elf *e, u32 i)
{
	struct shdr s;
	memcpy(&s, e->file + header(e).shoff + (u64)i * sizeof(s), sizeof(s));
	return s;
}

static struct sym symbol_entry(const struct elf *e, u32 i)
{
	struct sym s;
	memcpy(&s, e->file + section_header(e, e->symtab).offset + (u64)i * sizeof(s), sizeof(s));
	return s;
}

struct elf_section elf_section(const struct elf *e, u32 i)
{
	struct shdr s = section_header(e, i), names = section_header(e, header(e).shstrndx);
	return (struct elf_section){
		.name = (const char *)e->file + names.offset + s.name,
		.type = s.type,
		.link = s.link,
		.info = s.info,
		.flags = s.flags,
		.data = s.type == ELF_NOBITS ? NULL : e->file + s.offset,
		.size = s.size,
		.entry_size = s.entry_size,
	};
}

struct elf_symbol elf_symbol(const struct elf *e, u32 i)
{
	struct sym s = symbol_entry(e, i);
	bool is_section = (s.info & 0xf) == ELF_SECTION && s.section < e->section_count;
	return (struct elf_symbol){
		.name = is_section ? elf_section(e, s.section).name
				   : (const char *)e->file + section_header(e, e->names).offset + s.name,
		.type = s.info & 0xf,
		.binding = s.info >> 4,
		.is_global = s.info >> 4 != ELF_LOCAL && (s.other & 3) == 0,
		.section = s.section,
		.value = s.value,
		.size = s.size,
	};
}

u32 elf_rel_count(const struct elf_section *rel)
{
	return (u32)(rel->size / sizeof(struct elf_rel));
}

struct elf_rel elf_rel(const struct elf_section *rel, u32 i)
{
	struct elf_rel r;
	memcpy(&r, rel->data + (u64)i * sizeof(r), sizeof(r));
	return r;
}

u32 elf_find(const struct elf *e, const char *name)
{
	for (u32 i = 1; i < e->section_count; i++)
		if (strcmp(elf_section(e, i).name, name) == 0)
			return i;
	return 0;
}

static const char *machine_name(u16 machine)
{
	switch (machine) {
	case 3: return "i386";
	case 8: return "MIPS";
	case 20: return "PowerPC";
	case 21: return "64-bit PowerPC";
	case 22: return "S/390";
	case 40: return "ARM";
	case 62: return "x86-64";
	case 183: return "AArch64";
	case 243: return "RISC-V";
	case 258: return "LoongArch";
	}
	return "another machine";
}

static enum err check_header(const struct elf *e, struct strbuf *log)
{
	if (e->len < sizeof(struct ehdr) || memcmp(e->file, "\177ELF", 4))
		return str_refuse(log, ENOEXEC, "not an ELF file");
	struct ehdr h = header(e);
	if (h.ident[4] != CLASS_64 || h.ident[5] != DATA_LSB)
		return str_refuse(log, ENOEXEC, "a %u-bit %s-endian object; needed is 64-bit little-endian",
				  h.ident[4] == CLASS_64 ? 64 : 32,
				  h.ident[5] == DATA_LSB ? "little" : "big");
	if (h.machine != MACHINE_BPF)
		return str_refuse(log, ENOEXEC, "an object for %s (ELF machine %u), not for BPF",
				  machine_name(h.machine), h.machine);
	if (h.type != TYPE_REL || h.shentsize != sizeof(struct shdr))
		return str_refuse(log, ENOEXEC, "not a relocatable object as `clang -c` writes it");
	if (h.shoff > e->len || (u64)h.shnum * sizeof(struct shdr) > e->len - h.shoff)
		return str_refuse(log, ENOEXEC,
				  "the object is cut off: section headers at %llu, but only %lu bytes",
				  h.shoff, e->len);
	if (h.shstrndx >= h.shnum)
		return str_refuse(log, ENOEXEC, "the object has no section names");
	return OK;
}

static bool in_file(const struct elf *e, const struct shdr *s)
{
	return s->type == ELF_NOBITS || (s->offset <= e->len && s->size <= e->len - s->offset);
}

/* Whether names is a table of names that ends with 0, and offset name lies in it. */
static bool holds_name(const struct elf *e, const struct shdr *names, u32 name)
{
	return names->type == ELF_STRTAB && name < names->size && !e->file[names->offset + names->size - 1];
}

static enum err check_sections(struct elf *e, struct strbuf *log)
{
	for (u32 i = 0; i < e->section_count; i++) {
		struct shdr s = section_header(e, i);
		if (!in_file(e, &s))
			return str_refuse(
			    log, ENOEXEC,
			    "the object is cut off: section %u ends at %llu, but only %lu bytes", i,
			    s.offset + s.size, e->len);
	}
	struct shdr names = section_header(e, header(e).shstrndx);
	for (u32 i = 0; i < e->section_count; i++) {
		struct shdr s = section_header(e, i);
		if (!holds_name(e, &names, s.name))
			return str_refuse(log, ENOEXEC, "section %u has no valid name", i);
		if (s.type == ELF_SYMTAB)
			e->symtab = i;
	}
	return OK;
}

static enum err check_symbols(struct elf *e, struct strbuf *log)
{
	if (!e->symtab)
		return OK;
	struct shdr table = section_header(e, e->symtab);
	if (table.link >= e->section_count || table.size / sizeof(struct sym) > 1u << 20)
		return str_refuse(log, ENOEXEC, "the symbol table is malformed");
	e->names = table.link;
	e->symbol_count = (u32)(table.size / sizeof(struct sym));
	struct shdr names = section_header(e, e->names);
	for (u32 i = 0; i < e->symbol_count; i++) {
		if (!holds_name(e, &names, symbol_entry(e, i).name))
			return str_refuse(log, ENOEXEC, "symbol %u has no valid name", i);
	}
	return OK;
}

static enum err check_relocations(const struct elf *e, struct strbuf *log)
{
	for (u32 i = 0; i < e->section_count; i++) {
		struct elf_section s = elf_section(e, i);
		if (s.type != ELF_REL)
			continue;
		for (u32 k = 0; k < elf_rel_count(&s); k++) {
			if (s.link != e->symtab || elf_rel(&s, k).symbol >= e->symbol_count)
				return str_refuse(log, ENOEXEC, "%s: relocation %u names no symbol", s.name,
						  k);
		}
	}
	return OK;
}

enum err elf_open(struct elf *e, const void *file, size_t len, struct strbuf *log)
{
	*e = (struct elf){ .file = file, .len = len };
	enum err err = check_header(e, log);
	if (err)
		return err;
	e->section_count = header(e).shnum;
	err = check_sections(e, log);
	if (!err)
		err = check_symbols(e, log);
	if (!err)
		err = check_relocations(e, log);
	return err;
}
