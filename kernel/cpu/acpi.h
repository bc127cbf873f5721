/* SPDX-License-Identifier: MIT */
/* What the firmware says about CPUs and interrupts: RSDP -> RSDT or XSDT -> MADT (ACPI 6.4, 5.2). */
#pragma once
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/cpu/smp.h"

struct acpi {
	u32 cpu_count;
	u32 apic_ids[MAX_CPUS]; /* of the usable CPUs, in the table's order */
	u32 cpus_left_out;      /* usable, but more than MAX_CPUS or with an id above 254 */
	u64 local_apic;         /* physical addresses; io_apic is 0 if there is none */
	u64 io_apic;
	u32 io_apic_base; /* its first global interrupt */
	struct {
		u32 gsi;   /* the global interrupt that ISA interrupt i has become */
		u16 flags; /* polarity (bits 0-1) and trigger (2-3), MPS INTI flags */
	} isa[16];
};

/* Maps len bytes at a physical address, to be read. Returns where they are; NULL if it cannot. */
typedef const void *acpi_map(u64 phys, u32 len);

/* Reads the tables, and trusts none of them. rsdp is the root; NULL: the firmware has none. Fails with a
 * sentence in log: ENOENT if there is no MADT, EINVAL if a table is malformed. *a then describes a machine
 * with one CPU. */
enum err acpi_read(struct acpi *a, const void *rsdp, acpi_map *map, struct strbuf *log);

/* Searches the BIOS's area for the root. Returns NULL if it is not there. */
const void *acpi_find_rsdp(acpi_map *map);
