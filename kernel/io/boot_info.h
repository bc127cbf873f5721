/* SPDX-License-Identifier: MIT */
/* What the boot loader says, by multiboot1 or multiboot2: memory, modules, options, ACPI. */
#pragma once
#include "kernel/lib/types.h"

/* Usable memory, as physical addresses. */
struct boot_range {
	uptr start, end;
};

/* A file that the boot loader put into memory; it stays there, and may be read for ever. */
struct boot_module {
	const char *name; /* last word of its command line, without folders: my.bpf.o */
	const u8 *start, *end;
};

struct boot_info {
	const char *loader;                      /* "multiboot1", "multiboot2" */
	struct boot_range ram[32], reserved[72]; /* reserved: the RAM that the loader has filled */
	u32 ram_count, reserved_count;
	struct boot_module modules[32];
	u32 module_count, modules_left_out;
	bool cmdline_is_cut; /* the command line is too long: its last value may be incomplete */
	const void *rsdp;    /* ACPI's root pointer; NULL if the loader passes none: then search for it */
};

extern struct boot_info boot_info;

/* Reads the loader's information into boot_info; magic and info are kmain's arguments. Panics if the loader
 * is unknown or passes no memory map. Leaves out what lies beyond the first GiB, and modules after the
 * 32nd. */
void boot_info_init(u32 magic, uptr info);

/* Returns the value of the command line's word "name=value", "" for a plain "name", NULL if there is neither.
 * In the value %20 stands for a space, and so on: no loader's quoting changes letters, digits and %. */
const char *boot_option(const char *name);
