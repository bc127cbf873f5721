// SPDX-License-Identifier: MIT
#include "kernel/cpu/acpi.h"
#include "kernel/lib/mem.h"
#include "tests/test.h"

/* A small physical memory: the root at 0xe0010, an RSDT or XSDT at 0x1000, the MADT at 0x2000. */
static u8 low[0x4000], bios[0x20000];
static char text[160];
static struct strbuf log;

enum { RSDT = 0x1000, MADT = 0x2000 };

static const void *map(u64 phys, u32 len)
{
	if (phys + len <= sizeof(low))
		return low + phys;
	if (phys >= 0xe0000 && phys + len <= 0x100000)
		return bios + (phys - 0xe0000);
	return NULL;
}

static void put(u8 *at, u64 value, u32 bytes)
{
	memcpy(at, &value, bytes);
}

static void fix_sum(u8 *table, u32 len, u32 where)
{
	u8 sum = 0;
	table[where] = 0;
	for (u32 i = 0; i < len; i++)
		sum += table[i];
	table[where] = -sum;
}

static void finish(u32 at, const char *signature, u32 len)
{
	memcpy(low + at, signature, 4);
	put(low + at + 4, len, 4);
	fix_sum(low + at, len, 9);
}

/* Adds an entry to the MADT of `len` bytes; returns its new length. */
static u32 add(u32 len, const u8 *entry)
{
	memcpy(low + MADT + len, entry, entry[1]);
	return len + entry[1];
}

static u32 add_cpu(u32 len, u8 id, u8 flags)
{
	return add(len, (const u8[]){ 0, 8, id, id, flags, 0, 0, 0 });
}

static void build(bool xsdt, u32 madt_len)
{
	finish(MADT, "APIC", madt_len);
	put(low + RSDT + 36, MADT, xsdt ? 8 : 4);
	finish(RSDT, xsdt ? "XSDT" : "RSDT", 36 + (xsdt ? 8 : 4));
	u8 *root = bios + 0x10;
	memcpy(root, "RSD PTR ", 8);
	root[15] = xsdt ? 2 : 0;
	put(root + 16, xsdt ? 0 : RSDT, 4);
	put(root + 20, 36, 4);
	put(root + 24, RSDT, 8);
	fix_sum(root, 20, 8);
	fix_sum(root, 36, 32);
}

/* Two CPUs, one switched off, an IOAPIC, an override. */
static u32 usual_entries(void)
{
	memset(low, 0, sizeof(low));
	memset(bios, 0, sizeof(bios));
	log = STRBUF(text);
	put(low + MADT + 36, 0xfee00000, 4);
	u32 len = add_cpu(44, 0, 1);
	len = add_cpu(len, 7, 1);
	len = add_cpu(len, 8, 0);
	len = add(len, (const u8[]){ 1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 16, 0, 0, 0 });
	return add(len, (const u8[]){ 2, 10, 0, 4, 20, 0, 0, 0, 0x0d, 0 });
}

static void check_usual(const struct acpi *a)
{
	check_eq(2, a->cpu_count);
	check_eq(0, a->apic_ids[0]);
	check_eq(7, a->apic_ids[1]);
	check_eq(0xfee00000, a->local_apic);
	check_eq(0xfec00000, a->io_apic);
	check_eq(16, a->io_apic_base);
	check_eq(20, a->isa[4].gsi);
	check_eq(0x0d, a->isa[4].flags);
	check_eq(3, a->isa[3].gsi);
}

TEST(acpi_reads_through_rsdt_and_xsdt)
{
	for (u32 xsdt = 0; xsdt < 2; xsdt++) {
		struct acpi a;
		build(xsdt, usual_entries());
		check_eq(OK, acpi_read(&a, acpi_find_rsdp(map), map, &log));
		check_usual(&a);
	}
}

static void check_refused(const char *why)
{
	struct acpi a;
	log = STRBUF(text);
	check(acpi_read(&a, acpi_find_rsdp(map), map, &log) != OK);
	check_str(why, text);
	check_eq(0, a.cpu_count);
	check_eq(0xfee00000, a.local_apic);
	check_eq(0, a.io_apic);
}

TEST(acpi_without_a_root_is_one_cpu)
{
	usual_entries();
	check(acpi_find_rsdp(map) == NULL);
	check_refused("ACPI has no root pointer");
}

TEST(acpi_refuses_a_wrong_checksum)
{
	build(false, usual_entries());
	low[MADT + 50] ^= 1;
	check_refused("ACPI table at 0x2000 has a wrong checksum");
	build(false, usual_entries());
	low[RSDT + 20] ^= 1;
	check_refused("ACPI table at 0x1000 has a wrong checksum");
}

TEST(acpi_refuses_lengths_that_cannot_be)
{
	u32 len = usual_entries();
	low[MADT + 44 + 1] = 0;
	build(false, len);
	check_refused("ACPI MADT entry at offset 44 runs over the table's end");
	len = usual_entries();
	low[MADT + len - 9] = 200;
	build(false, len);
	check_refused("ACPI MADT entry at offset 80 runs over the table's end");
	len = usual_entries();
	low[MADT + 44 + 1] = 4; /* and the rest of it is read as an entry of length 0 */
	build(false, len);
	check_refused("ACPI MADT entry of type 0 has only 4 bytes");
	build(false, usual_entries());
	put(low + RSDT + 4, 20, 4);
	check_refused("ACPI table at 0x1000 has length 20");
	build(false, 44);
	finish(MADT, "APIC", 40);
	check_refused("ACPI MADT has only 40 bytes");
}

TEST(acpi_refuses_tables_that_are_not_there)
{
	build(false, usual_entries());
	put(low + RSDT + 36, 0x12345678, 4);
	finish(RSDT, "RSDT", 40);
	check_refused("ACPI has no MADT");
	build(false, usual_entries());
	put(bios + 0x10 + 16, 0x80000000, 4);
	fix_sum(bios + 0x10, 20, 8);
	check_refused("ACPI table at 0x80000000 has length 0");
}

TEST(acpi_takes_no_more_cpus_than_there_is_room_for)
{
	struct acpi a;
	usual_entries();
	u32 len = 44;
	for (u32 i = 0; i < MAX_CPUS + 3; i++)
		len = add_cpu(len, i, 1);
	build(true, len);
	check_eq(OK, acpi_read(&a, acpi_find_rsdp(map), map, &log));
	check_eq(MAX_CPUS, a.cpu_count);
	check_eq(3, a.cpus_left_out);
}
