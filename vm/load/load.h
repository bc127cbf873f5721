/* SPDX-License-Identifier: MIT */
/* What the parts of the loader share. The loader's callers include vm/prog.h instead.
 *
 *      load.c        the order of all steps; which sections hold programs
 *      progs.c       one program: its subprograms, relocations, checks
 *      vars.c        where the variables lie that BTF lists
 *      maps.c        .maps and global variables become maps
 *      ext.c         .BTF.ext: lines, functions, CO-RE records
 *      core.c        one CO-RE record applied to one instruction
 *      core_path.c   the path from a type to a field
 *      core_types.c  which types of the object and of the kernel mean the same */
#pragma once
#include "vm/load/core.h"
#include "vm/load/elf.h"
#include "vm/prog.h"

/* Where a map lies in the file: a variable in .maps, or a whole section of global variables. */
struct map_place {
	u32 section;
	u64 offset, size;
	u32 values; /* the offset in it of a prog_array's programs; 0: none */
};

/* One function in the file, and the place of its instructions in the current program. */
struct block {
	u32 section;
	u64 offset, size; /* bytes, in the section */
	u32 at;           /* instructions, in the program */
	bool is_global;   /* other objects could call it */
};

/* One of the three tables of .BTF.ext: for each section, records of record_size bytes. */
struct ext_table {
	const u8 *data;
	u32 len, record_size;
};

struct loader {
	struct elf elf;
	struct object *o;
	struct strbuf *log;
	enum prog_mode mode;
	bool raw; /* any section name is accepted */
	u32 maps_section;
	struct map_place *places; /* one per map of o */
	struct block *blocks;     /* of the current program: main's, then subprograms' */
	u32 block_count, block_max;
	u32 insn_max;         /* of the largest program that the object can hold */
	struct insn *insns;   /* of the current program, relocated */
	struct elf_rel *rels; /* of each instruction of one block; type R_BPF_NONE: it has no relocation */
	struct ext_table funcs, lines, core_records;
	struct core core;
	u8 *ext; /* our copy, aligned */
};

/* Writes into the DATASECs of o->btf, our copy: the size of each section and the offset of each variable,
 * or BTF_UNPLACED. ENOEXEC with a sentence if a global variable or a map has no symbol, or does not lie in
 * its section. */
enum err load_place_variables(struct loader *l);

/* Makes o->maps and places. Needs o->btf for a .maps section. */
enum err load_maps(struct loader *l);

/* Puts programs into the maps whose initial values name them. Needs o->progs. */
enum err load_map_programs(struct loader *l);

/* Reads p's instructions, beginning with the function at that place. Verifies and compiles p. */
enum err load_program(struct loader *l, struct prog *p, u32 section, u64 offset);

/* Opens .BTF.ext, if the object has one. ENOEXEC with a sentence if it is malformed. */
enum err load_ext(struct loader *l);

/* Appends to a refusal the line of C of the instruction at that byte of a section: ", at my.bpf.c:12".
 * Appends nothing if the line is not known. */
void load_ext_where(struct loader *l, u32 section, u64 offset);

/* Sets the lines and the function of p, from the records of its blocks. */
enum err load_ext_lines(struct loader *l, struct prog *p);

/* Applies the CO-RE records of p's blocks to its instructions. Sets p->lacks and taken_as. */
enum err load_ext_core(struct loader *l, struct prog *p);
