/* SPDX-License-Identifier: MIT */
/* What the boot loader told us, by multiboot1 or multiboot2: memory, modules, options, ACPI. */
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
	struct boot_range ram[32], reserved[72]; /* reserved: of the RAM, what the loader has filled */
	u32 ram_count, reserved_count;
	struct boot_module modules[32];
	u32 module_count, modules_left_out;
	bool cmdline_is_cut; /* longer than we keep: the last value of boot_option may be half of it */
	const void *rsdp; /* ACPI's root pointer; NULL if the loader gave none: then search for it */
};

extern struct boot_info boot_info;

/* Reads the loader's information; magic and info are kmain's arguments. Panics on a loader that it
 * does not know. Memory beyond the first GiB is left out, and so are modules there or beyond the 32nd. */
void boot_info_init(u32 magic, uptr info);

/* The value of a command line word "name=value", "" for a plain "name", NULL if there is none. In the
 * value %20 stands for a space and so on: any loader's quoting leaves letters, digits and % alone. */
const char *boot_option(const char *name);
