// SPDX-License-Identifier: MIT
// Multiboot1 (QEMU's -kernel) and multiboot2 (GRUB) information, as section 3.3 of the one and 3.6 of
// the other specification lay it out, into one struct boot_info.
#include "kernel/io/boot_info.h"
#include "kernel/lib/mem.h"
#include "kernel/cpu/panic.h"
#include "kernel/mem/paging.h"

enum { MB1_LOADER_MAGIC = 0x2badb002, MB2_LOADER_MAGIC = 0x36d76289, MEMORY_AVAILABLE = 1 };

enum { MB1_HAS_CMDLINE = 1 << 2, MB1_HAS_MODULES = 1 << 3, MB1_HAS_MMAP = 1 << 6 };

struct mb1_info {
	u32 flags, mem_lower, mem_upper, boot_device, cmdline;
	u32 mods_count, mods_addr;
	u32 syms[4];
	u32 mmap_length, mmap_addr;
};
struct mb1_module {
	u32 start, end, cmdline, reserved;
};
struct mb1_mmap {
	u32 size; /* of the rest */
	u64 addr, len;
	u32 type;
} packed;

enum { MB2_END = 0, MB2_CMDLINE = 1, MB2_MODULE = 3, MB2_MMAP = 6, MB2_ACPI_OLD = 14, MB2_ACPI_NEW = 15 };

struct mb2_tag {
	u32 type, size;
	u8 data[];
};
struct mb2_module {
	u32 start, end;
	char cmdline[];
};
struct mb2_mmap {
	u32 entry_size, entry_version;
	u8 entries[];
};
struct mb2_mmap_entry {
	u64 addr, len;
	u32 type, reserved;
};

struct boot_info boot_info;

static char words[8192]; /* the command line; each word ended by 0, the last one by two */

static void add_ram(u64 start, u64 len, u32 type)
{
	u64 end = min(start + len, (u64)DIRECT_SIZE);
	if (type != MEMORY_AVAILABLE || start >= end || boot_info.ram_count == array_len(boot_info.ram))
		return;
	boot_info.ram[boot_info.ram_count++] = (struct boot_range){ start, end };
}

static void reserve(uptr start, uptr end)
{
	assert(boot_info.reserved_count < array_len(boot_info.reserved));
	boot_info.reserved[boot_info.reserved_count++] = (struct boot_range){ start, end };
}

/* The last word of a module's command line, without folders: loaders may put the path first. */
static const char *module_name(const char *cmdline)
{
	const char *name = cmdline;
	for (const char *p = cmdline; *p; p++)
		if ((*p == ' ' || *p == '/') && p[1])
			name = p + 1;
	return name;
}

/* cmdline is read again later, so it is reserved too. */
static void add_module(u32 start, u32 end, const char *cmdline)
{
	if (end > DIRECT_SIZE || boot_info.module_count == array_len(boot_info.modules)) {
		boot_info.modules_left_out++;
		return;
	}
	uptr text = virt_to_phys(cmdline);
	reserve(start, end);
	reserve(text, text + strlen(cmdline) + 1);
	boot_info.modules[boot_info.module_count++] =
	    (struct boot_module){ module_name(cmdline), phys_to_virt(start), phys_to_virt(end) };
}

static u32 hex_digit(char ch)
{
	return ch >= '0' && ch <= '9' ? (u32)(ch - '0') : (u32)((ch | 0x20) - 'a' + 10);
}

static void set_cmdline(const char *text)
{
	u32 len = 0;
	for (; *text && len < sizeof(words) - 2; text++) {
		if (*text == '%' && text[1] && text[2]) {
			words[len++] = (char)(hex_digit(text[1]) << 4 | hex_digit(text[2]));
			text += 2;
		} else if (*text != ' ') {
			words[len++] = *text;
		} else if (len && words[len - 1]) {
			words[len++] = 0;
		}
	}
	words[len] = words[len + 1] = 0;
	boot_info.cmdline_is_cut = *text;
}

const char *boot_option(const char *name)
{
	size_t len = strlen(name);
	for (const char *w = words; *w; w += strlen(w) + 1) {
		if (strncmp(w, name, len) != 0)
			continue;
		if (w[len] == '=')
			return w + len + 1;
		if (!w[len])
			return w + len;
	}
	return NULL;
}

static void read_multiboot1(uptr phys)
{
	const struct mb1_info *info = phys_to_virt(phys);
	boot_info.loader = "multiboot1";
	reserve(phys, phys + sizeof(*info));
	if (info->flags & MB1_HAS_CMDLINE)
		set_cmdline(phys_to_virt(info->cmdline));
	if (info->flags & MB1_HAS_MMAP) {
		for (uptr at = info->mmap_addr; at < info->mmap_addr + info->mmap_length;) {
			const struct mb1_mmap *m = phys_to_virt(at);
			add_ram(m->addr, m->len, m->type);
			at += m->size + sizeof(m->size);
		}
	}
	if (!(info->flags & MB1_HAS_MODULES))
		return;
	const struct mb1_module *m = phys_to_virt(info->mods_addr);
	reserve(info->mods_addr, info->mods_addr + info->mods_count * sizeof(*m));
	for (u32 i = 0; i < info->mods_count; i++, m++)
		add_module(m->start, m->end, phys_to_virt(m->cmdline));
}

static void read_mb2_mmap(const struct mb2_tag *tag)
{
	const struct mb2_mmap *mmap = (const void *)tag->data;
	const u8 *end = (const u8 *)tag + tag->size;
	for (const u8 *at = mmap->entries; at < end; at += mmap->entry_size) {
		const struct mb2_mmap_entry *e = (const void *)at;
		add_ram(e->addr, e->len, e->type);
	}
}

static void read_mb2_tag(const struct mb2_tag *tag)
{
	const struct mb2_module *m = (const void *)tag->data;
	switch (tag->type) {
	case MB2_CMDLINE: set_cmdline((const char *)tag->data); break;
	case MB2_MODULE: add_module(m->start, m->end, m->cmdline); break;
	case MB2_MMAP: read_mb2_mmap(tag); break;
	case MB2_ACPI_OLD:
		if (!boot_info.rsdp)
			boot_info.rsdp = tag->data;
		break;
	case MB2_ACPI_NEW: boot_info.rsdp = tag->data; break;
	}
}

static void read_multiboot2(uptr phys)
{
	const u8 *info = phys_to_virt(phys);
	u32 len;
	memcpy(&len, info, sizeof(len));
	boot_info.loader = "multiboot2";
	reserve(phys, phys + len);
	for (const u8 *at = info + 8; at < info + len;) {
		const struct mb2_tag *tag = (const void *)at;
		if (tag->type == MB2_END)
			break;
		read_mb2_tag(tag);
		at += align_up(tag->size, 8u);
	}
}

void boot_info_init(u32 magic, uptr info)
{
	if (info >= DIRECT_SIZE)
		panic("boot: the loader's information at 0x%lx lies beyond the first GiB", info);
	if (magic == MB1_LOADER_MAGIC)
		read_multiboot1(info);
	else if (magic == MB2_LOADER_MAGIC)
		read_multiboot2(info);
	else
		panic("boot: started by no multiboot loader: magic 0x%x", magic);
	if (!boot_info.ram_count)
		panic("boot: the loader gave no memory map");
}
