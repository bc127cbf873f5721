/* SPDX-License-Identifier: MIT */
/* Reading ELF objects as clang writes them for BPF: 64-bit, little endian, relocatable, EM_BPF.
 *   - Pure: it works on a file in memory, at any address. The caller keeps the file.
 *   - elf_open checks the header. It checks that all sections, the symbol table and all names lie inside the
 *     file. The other functions rely on this.
 *   - Format: System V ABI, chapters 4 and 5. */
#pragma once
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"

/* clang-format off */
enum { ELF_PROGBITS = 1, ELF_SYMTAB = 2, ELF_STRTAB = 3, ELF_NOBITS = 8, ELF_REL = 9 }; /* section types */
enum { ELF_WRITE = 1, ELF_ALLOC = 2, ELF_EXEC = 4 };	 /* section flags */
enum { ELF_NOTYPE = 0, ELF_OBJECT = 1, ELF_FUNC = 2, ELF_SECTION = 3 }; /* symbol types */
enum { ELF_LOCAL = 0, ELF_GLOBAL = 1, ELF_WEAK = 2 };	 /* symbol bindings */
enum { R_BPF_NONE = 0, R_BPF_64_64 = 1, R_BPF_64_ABS64 = 2, R_BPF_64_ABS32 = 3, R_BPF_64_NODYLD32 = 4,
       R_BPF_64_32 = 10 };
/* clang-format on */

struct elf {
	const u8 *file;
	size_t len;
	u32 section_count;
	u32 symbol_count;
	u32 symtab, names; /* sections; 0 without a symbol table */
};

struct elf_section {
	const char *name;
	u32 type, link, info;
	u64 flags;
	const u8 *data; /* NULL for ELF_NOBITS */
	u64 size, entry_size;
};

struct elf_symbol {
	const char *name; /* of a section symbol: the section's */
	u8 type, binding;
	bool is_global; /* other files see it: not static, not hidden */
	u16 section;    /* 0: undefined; above section_count: absolute or common */
	u64 value, size;
};

/* A relocation, as it lies in the file. */
struct elf_rel {
	u64 offset;
	u32 type, symbol;
};

/* Returns ENOEXEC and one sentence in log if the file is no such object. */
enum err elf_open(struct elf *e, const void *file, size_t len, struct strbuf *log);

/* Return section i < section_count; symbol i < symbol_count. */
struct elf_section elf_section(const struct elf *e, u32 i);
struct elf_symbol elf_symbol(const struct elf *e, u32 i);

/* elf_rel_count returns how many entries a section of type ELF_REL has; elf_rel returns entry i of them.
 * elf_open has checked the symbol; the caller checks the offset. */
u32 elf_rel_count(const struct elf_section *rel);
struct elf_rel elf_rel(const struct elf_section *rel, u32 i);

/* Returns the first section of that name; 0 if there is none. */
u32 elf_find(const struct elf *e, const char *name);

static inline bool elf_is_code(const struct elf_section *s)
{
	return s->type == ELF_PROGBITS && (s->flags & ELF_EXEC) && s->size;
}

static inline bool elf_is_function(const struct elf_symbol *s, u32 section)
{
	return s->section == section && s->type == ELF_FUNC;
}
