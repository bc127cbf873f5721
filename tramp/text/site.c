// SPDX-License-Identifier: MIT
// Reads the compiler's table of sites and checks every entry, once, at boot.
#include "tramp/text/site.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/btf.h"
#include "kernel/lib/mem.h"
#include "kernel/lib/sorted.h"
#include "kernel/cpu/panic.h"
#include "kernel/mem/sym.h"
#include "tramp/text/poke.h"

/* linker.ld */
extern const uptr mcount_start[], mcount_end[];
extern const uptr may_sleep_start[], may_sleep_end[];

static struct site *sites;
static u32 count;
static struct hashed_name {
	u32 hash, site;
} * names; /* of all sites, sorted by hash */
static const struct btf *kernel_btf;

const struct btf *site_btf(void)
{
	return kernel_btf;
}

u32 site_count(void)
{
	return count;
}

struct site *site_nth(u32 i)
{
	return &sites[i];
}

notrace struct site *site_at(uptr addr)
{
	u32 i = lower_bound(sites, count, addr, addr);
	return i < count && sites[i].addr == addr ? &sites[i] : NULL;
}

static u32 hash_of(const char *name)
{
	u32 hash = 0;
	while (*name)
		hash = hash * 31 + (u8)*name++;
	return hash;
}

struct site *site_named(const char *name)
{
	u32 hash = hash_of(name);

	for (u32 i = lower_bound(names, count, hash, hash); i < count && names[i].hash == hash; i++) {
		struct site *s = &sites[names[i].site];
		if (!s->ambiguous && strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}

static void check_site(const struct site *s, const struct sym *sym)
{
	u8 nop[SITE_LEN];

	poke_make_nop(nop);
	if (sym->addr != s->addr)
		panic("site table: %#lx lies inside %s, not at its entry", s->addr, sym->name);
	if (memcmp((const void *)s->addr, nop, SITE_LEN))
		panic("site table: %s does not begin with the expected nop", sym->name);
}

/* Sorts the names, and marks those that static functions of two files share: BTF has one of the functions,
 * and does not say which. */
static void sort_names(void)
{
	names = kzalloc(count * sizeof(*names));
	assert(names);
	for (u32 i = 0; i < count; i++)
		names[i] = (struct hashed_name){ hash_of(sites[i].name), i };
	sort_by(names, count, hash);
	for (u32 i = 0; i < count; i++)
		for (u32 k = i + 1; k < count && names[k].hash == names[i].hash; k++) {
			struct site *a = &sites[names[i].site], *b = &sites[names[k].site];
			if (strcmp(a->name, b->name) == 0)
				a->ambiguous = b->ambiguous = true;
		}
}

static void mark_may_sleep(void)
{
	for (const uptr *func = may_sleep_start; func < may_sleep_end; func++) {
		struct site *s = site_at(*func);
		if (!s)
			panic("site table: %#lx is marked MAY_SLEEP and has no site", *func);
		s->may_sleep = true;
	}
}

void site_init(const struct btf *btf)
{
	kernel_btf = btf;
	count = (u32)(mcount_end - mcount_start);
	sites = kzalloc(count * sizeof(*sites));
	assert(sites);
	for (u32 i = 0; i < count; i++) {
		struct site *s = &sites[i];
		struct sym sym;
		s->addr = mcount_start[i];
		if (!sym_at(s->addr, &sym))
			panic("site table: no symbol is at %#lx", s->addr);
		check_site(s, &sym);
		s->name = s->title = sym.name;
		s->no_return = sym.no_return;
	}
	sort_by(sites, count, addr);
	sort_names();
	mark_may_sleep();
	for (u32 i = 0; i < count; i++) {
		sites[i].btf = btf;
		if (btf && !sites[i].ambiguous)
			sites[i].btf_id = btf_find(btf, sites[i].name, BTF_FUNC);
	}
}
