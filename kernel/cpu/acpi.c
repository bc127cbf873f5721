// SPDX-License-Identifier: MIT
// Reads the firmware's tables. They are input: each length and checksum is checked before the bytes
// that it covers are used. Of each table, only what the kernel needs is described here.
#include "kernel/cpu/acpi.h"
#include "kernel/lib/mem.h"

struct rsdp {
	char signature[8];
	u8 checksum;
	char oem[6];
	u8 revision;
	u32 rsdt;
	/* From revision 2 on: */
	u32 len;
	u64 xsdt;
	u8 checksum2, reserved[3];
} packed;

struct header {
	char signature[4];
	u32 len;
	u8 revision, checksum;
	char oem[6], oem_table[8];
	u32 oem_revision, creator, creator_revision;
} packed;

struct madt {
	struct header header;
	u32 local_apic, flags;
} packed;

enum { RSDP_LEN = 20, TABLE_MAX = 1 << 16, TABLES_MAX = 64 };
enum { MADT_LOCAL_APIC = 0, MADT_IO_APIC = 1, MADT_OVERRIDE = 2, MADT_LOCAL_APIC_ADDRESS = 5 };
enum { CPU_ENABLED = 1 };

static bool sum_is_zero(const void *bytes, u32 len)
{
	u8 sum = 0;
	for (u32 i = 0; i < len; i++)
		sum += ((const u8 *)bytes)[i];
	return sum == 0;
}

static u32 get32(const u8 *p)
{
	u32 v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static u64 get64(const u8 *p)
{
	u64 v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static u16 get16(const u8 *p)
{
	return p[0] | p[1] << 8;
}

/* The whole table at phys, or NULL with a sentence. */
static const struct header *map_table(u64 phys, acpi_map *map, struct strbuf *log)
{
	const struct header *h = map(phys, sizeof(*h));
	u32 len = h ? h->len : 0;
	if (len < sizeof(*h) || len > TABLE_MAX) {
		str_printf(log, "ACPI table at 0x%llx has length %u", phys, len);
		return NULL;
	}
	h = map(phys, len);
	if (!h || !sum_is_zero(h, len)) {
		str_printf(log, "ACPI table at 0x%llx has a wrong checksum", phys);
		return NULL;
	}
	return h;
}

/* Looks the MADT up in the RSDT (entries of 4 bytes) or XSDT (of 8). */
static const struct madt *find_madt(u64 root, u32 entry_len, acpi_map *map, struct strbuf *log)
{
	const struct header *h = map_table(root, map, log);
	if (!h)
		return NULL;
	const u8 *entry = (const u8 *)(h + 1), *end = (const u8 *)h + h->len;
	for (u32 i = 0; i < TABLES_MAX && entry + entry_len <= end; i++, entry += entry_len) {
		u64 phys = entry_len == 8 ? get64(entry) : get32(entry);
		const struct header *table = map(phys, sizeof(*table));
		if (table && memcmp(table->signature, "APIC", 4) == 0) {
			table = map_table(phys, map, log);
			if (table && table->len < sizeof(struct madt))
				str_printf(log, "ACPI MADT has only %u bytes", table->len);
			return table && table->len >= sizeof(struct madt) ? (const struct madt *)table : NULL;
		}
	}
	str_printf(log, "ACPI has no MADT");
	return NULL;
}

static void add_cpu(struct acpi *a, const u8 *entry)
{
	if (!(get32(entry + 4) & CPU_ENABLED))
		return;
	if (a->cpu_count == MAX_CPUS || entry[3] == 0xff)
		a->cpus_left_out++;
	else
		a->apic_ids[a->cpu_count++] = entry[3];
}

static void add_io_apic(struct acpi *a, const u8 *entry)
{
	if (a->io_apic) /* the first one has the ISA interrupts */
		return;
	a->io_apic = get32(entry + 4);
	a->io_apic_base = get32(entry + 8);
}

static void add_override(struct acpi *a, const u8 *entry)
{
	u8 isa = entry[3];
	if (isa >= array_len(a->isa))
		return;
	a->isa[isa].gsi = get32(entry + 4);
	a->isa[isa].flags = get16(entry + 8);
}

static const struct {
	u8 type, len;
	void (*add)(struct acpi *a, const u8 *entry);
} kinds[] = {
	{ MADT_LOCAL_APIC, 8, add_cpu },
	{ MADT_IO_APIC, 12, add_io_apic },
	{ MADT_OVERRIDE, 10, add_override },
};

static enum err add_entry(struct acpi *a, const u8 *entry, struct strbuf *log)
{
	if (entry[0] == MADT_LOCAL_APIC_ADDRESS && entry[1] >= 12)
		a->local_apic = get64(entry + 4);
	for (u32 i = 0; i < array_len(kinds); i++) {
		if (kinds[i].type != entry[0])
			continue;
		if (entry[1] < kinds[i].len)
			return str_refuse(log, EINVAL, "ACPI MADT entry of type %u has only %u bytes",
					  entry[0], entry[1]);
		kinds[i].add(a, entry);
	}
	return OK;
}

static enum err read_madt(struct acpi *a, const struct madt *madt, struct strbuf *log)
{
	const u8 *entry = (const u8 *)(madt + 1), *end = (const u8 *)madt + madt->header.len;
	a->local_apic = madt->local_apic;
	while (entry < end) {
		if (end - entry < 2 || entry[1] < 2 || entry[1] > end - entry)
			return str_refuse(log, EINVAL,
					  "ACPI MADT entry at offset %u runs over the table's end",
					  (u32)(entry - (const u8 *)madt));
		enum err e = add_entry(a, entry, log);
		if (e)
			return e;
		entry += entry[1];
	}
	return OK;
}

/* Describes what every PC with a local APIC has. */
static void assume_one_cpu(struct acpi *a)
{
	*a = (struct acpi){ .local_apic = 0xfee00000 };
	for (u32 i = 0; i < array_len(a->isa); i++)
		a->isa[i].gsi = i;
}

static bool is_rsdp(const struct rsdp *r)
{
	return memcmp(r->signature, "RSD PTR ", 8) == 0 && sum_is_zero(r, RSDP_LEN);
}

const void *acpi_find_rsdp(acpi_map *map)
{
	const u32 len = 0x20000;
	const u8 *area = map(0xe0000, len);
	for (u32 at = 0; area && at + sizeof(struct rsdp) <= len; at += 16)
		if (is_rsdp((const struct rsdp *)(area + at)))
			return area + at;
	return NULL;
}

enum err acpi_read(struct acpi *a, const void *rsdp, acpi_map *map, struct strbuf *log)
{
	const struct rsdp *r = rsdp;
	assume_one_cpu(a);
	if (!r || !is_rsdp(r))
		return str_refuse(log, ENOENT, "ACPI has no root pointer");
	bool has_xsdt = r->revision >= 2 && r->xsdt && sum_is_zero(r, sizeof(*r));
	const struct madt *madt =
	    has_xsdt ? find_madt(r->xsdt, 8, map, log) : find_madt(r->rsdt, 4, map, log);
	if (!madt)
		return ENOENT;
	enum err e = read_madt(a, madt, log);
	if (e)
		assume_one_cpu(a);
	return e;
}
