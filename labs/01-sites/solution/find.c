// SPDX-License-Identifier: MIT
// Lab 1: questions to a dump of memory.
#include "labs/01-sites/dump.h"
#include "kernel/lib/mem.h"

const u8 *dump_at(const struct dump *d, uptr addr, u32 len)
{
	if (addr < d->base || len > d->len || addr - d->base > d->len - len)
		return NULL;
	return d->bytes + (addr - d->base);
}

uptr dump_site(const struct dump *d, uptr table, u32 count, uptr ip)
{
	const u8 *entry = dump_at(d, table, 8 * count);
	uptr site, best = 0;
	for (u32 i = 0; entry && i < count; i++, entry += 8) {
		memcpy(&site, entry, 8);
		if (site <= ip && site > best)
			best = site;
	}
	return best;
}

enum holds dump_holds(const struct dump *d, uptr site)
{
	static const u8 nop[5] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };
	const u8 *at = dump_at(d, site, 5);
	if (!at)
		return HOLDS_OTHER;
	switch (at[0]) {
	case 0xe8: return HOLDS_CALL;
	case 0xe9: return HOLDS_JMP;
	case 0xcc: return HOLDS_INT3;
	}
	return memcmp(at, nop, 5) == 0 ? HOLDS_NOP : HOLDS_OTHER;
}

uptr dump_target(const struct dump *d, uptr site)
{
	enum holds holds = dump_holds(d, site);
	i32 distance;
	if (holds != HOLDS_CALL && holds != HOLDS_JMP)
		return 0;
	memcpy(&distance, dump_at(d, site + 1, 4), 4);
	return site + 5 + (uptr)(i64)distance;
}
