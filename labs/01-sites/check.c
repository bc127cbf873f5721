// SPDX-License-Identifier: MIT
// Lab 1: dumps made up from the seed, and at the end the live kernel.
#include "labs/01-sites/dump.h"
#include "labs/lab.h"
#include "kernel/lib/fmt.h"
#include "tramp/text/poke.h"
#include "tramp/text/site.h"

enum { LEN = 600 };
static u8 bytes[LEN];
static struct dump dump;

static void make_dump(void)
{
	for (u32 i = 0; i < LEN; i++)
		bytes[i] = (u8)lab_random(256);
	dump = (struct dump){ 0xffffffff80100000 + lab_random(0x100000), bytes, LEN };
}

/* "12 bytes at 0x..." of "600 bytes from 0x...". */
static bool ask_at(uptr addr, u32 len, const u8 *want)
{
	lab_did("dump_at(d, %#lx, %u), d: %u bytes from %#lx", addr, len, dump.len, dump.base);
	const u8 *got = dump_at(&dump, addr, len);
	if (got == want)
		return true;
	if (want)
		lab_want("d->bytes + %ld", (long)(want - bytes));
	else
		lab_want("NULL");
	if (!got)
		lab_got("NULL");
	else if (got >= bytes && got < bytes + LEN)
		lab_got("d->bytes + %ld", (long)(got - bytes));
	else
		lab_got("%#lx, outside d->bytes", (uptr)got);
	lab_fail();
	return false;
}

LAB_TEST(lab1_bytes)
{
	make_dump();
	for (u32 i = 0; i < 20; i++) {
		u32 at = 1 + (u32)lab_random(LEN - 20);
		if (!ask_at(dump.base + at, 5, bytes + at))
			return;
	}
}

LAB_TEST(lab1_ends)
{
	make_dump();
	(void)(ask_at(dump.base, 5, bytes) && ask_at(dump.base - 1, 5, NULL) &&
	       ask_at(dump.base + LEN - 5, 5, bytes + LEN - 5) && ask_at(dump.base + LEN - 4, 5, NULL) &&
	       ask_at(dump.base, LEN, bytes) && ask_at(dump.base, LEN + 1, NULL) &&
	       ask_at(dump.base + 0x100000000, 5, NULL) && ask_at((uptr)-2, 5, NULL) && ask_at(0, 5, NULL));
}

/* --- The table ------------------------------------------------------------------------------------------ */

enum { SITES = 20, TABLE = 100 }; /* where in the dump the table lies */
static uptr sites[SITES];

/* Sites at distances of 16 to 175 bytes; in the table they stand in any order. */
static void make_table(void)
{
	uptr at = dump.base + 0x1000;
	for (u32 i = 0; i < SITES; i++)
		sites[i] = at += 16 * (1 + lab_random(10));
	for (u32 i = 0; i < SITES; i++) {
		u32 other = (u32)lab_random(SITES);
		uptr site = sites[i];
		sites[i] = sites[other];
		sites[other] = site;
	}
	memcpy(bytes + TABLE, sites, sizeof(sites));
}

static uptr right_site(uptr ip)
{
	uptr best = 0;
	for (u32 i = 0; i < SITES; i++)
		if (sites[i] <= ip && sites[i] > best)
			best = sites[i];
	return best;
}

static bool ask_site(uptr table, uptr ip, uptr want)
{
	lab_did("dump_site(d, table, %u, %#lx)", SITES, ip);
	return lab_eq(want, dump_site(&dump, table, SITES, ip), "the site");
}

LAB_TEST(lab1_site)
{
	make_dump();
	make_table();
	for (u32 i = 0; i < SITES; i++)
		if (!ask_site(dump.base + TABLE, sites[i] + 5, right_site(sites[i] + 5)) ||
		    !ask_site(dump.base + TABLE, sites[i], sites[i]) ||
		    !ask_site(dump.base + TABLE, sites[i] - 1, right_site(sites[i] - 1)))
			return;
}

LAB_TEST(lab1_no_site)
{
	make_dump();
	make_table();
	(void)(ask_site(dump.base + TABLE, dump.base + 0x1000, 0) &&
	       ask_site(dump.base + TABLE, (uptr)-1, right_site((uptr)-1)) &&
	       ask_site(dump.base - 8, (uptr)-1, 0) && ask_site(dump.base + LEN - 8, (uptr)-1, 0));
}

/* --- The five bytes ------------------------------------------------------------------------------------- */

static const char *const names[] = { "HOLDS_NOP", "HOLDS_CALL", "HOLDS_JMP", "HOLDS_INT3", "HOLDS_OTHER" };

static bool ask_holds(const u8 five[5], enum holds want)
{
	char hex[20];
	struct strbuf s = STRBUF(hex);
	str_hex(&s, five, 5, " ");
	u32 at = (u32)lab_random(LEN - 5);
	memcpy(bytes + at, five, 5);
	lab_did("dump_holds(d, site), where there is %s", hex);
	enum holds got = dump_holds(&dump, dump.base + at);
	if (got == want)
		return true;
	lab_want("%s", names[want]);
	lab_got("%s", got < array_len(names) ? names[got] : "a number that is none of enum holds");
	lab_fail();
	return false;
}

LAB_TEST(lab1_holds)
{
	static const u8 cases[][5] = { { 0x0f, 0x1f, 0x44, 0x00, 0x00 }, { 0xe8, 0x0f, 0x1f, 0x44, 0x00 },
				       { 0xe9, 0xfb, 0xff, 0xff, 0xff }, { 0xcc, 0x1f, 0x44, 0x00, 0x00 },
				       { 0x0f, 0x1f, 0x44, 0x00, 0x08 }, { 0x90, 0x90, 0x90, 0x90, 0x90 },
				       { 0x0f, 0x1f, 0x44, 0x01, 0x00 } };
	make_dump();
	for (u32 i = 0; i < array_len(cases); i++)
		if (!ask_holds(cases[i], min(i, (u32)HOLDS_OTHER)))
			return;
	lab_did("dump_holds(d, site), where the dump ends behind the site's second byte");
	lab_eq(HOLDS_OTHER, dump_holds(&dump, dump.base + LEN - 2), "HOLDS_OTHER,");
}

static bool ask_target(u8 first, i32 distance)
{
	u8 five[5] = { first };
	char hex[20];
	struct strbuf s = STRBUF(hex);
	u32 at = (u32)lab_random(LEN - 5);
	uptr site = dump.base + at;
	memcpy(five + 1, &distance, 4);
	str_hex(&s, five, 5, " ");
	memcpy(bytes + at, five, 5);
	lab_did("dump_target(d, %#lx), where there is %s", site, hex);
	uptr want = first == 0xe8 || first == 0xe9 ? site + 5 + (uptr)(i64)distance : 0;
	return lab_eq(want, dump_target(&dump, site), "the target");
}

LAB_TEST(lab1_target)
{
	make_dump();
	for (u32 i = 0; i < 10; i++) {
		i32 distance = (i32)lab_random(0x7fffffff);
		if (!ask_target(0xe8, distance) || !ask_target(0xe8, -distance) ||
		    !ask_target(0xe9, -distance) || !ask_target(0xcc, distance))
			return;
	}
}

/* --- The live kernel ------------------------------------------------------------------------------------ */

extern const uptr mcount_start[], mcount_end[];

static __attribute__((noipa)) u32 victim(u32 x)
{
	return x + 1;
}

/* Pokes a function of ours to a call, asks the live memory, and pokes it back. */
LAB_TEST(lab1_live)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	u32 count = (u32)(mcount_end - mcount_start);
	uptr site = (uptr)victim, target = site + 0x1000 + 16 * lab_random(1000);
	struct poke p = { .addr = site };
	dump = (struct dump){ site_nth(0)->addr, (const u8 *)site_nth(0)->addr, 16 << 20 };

	lab_did("dump_site(d, mcount_start, %u, victim + 7), d: the live kernel", count);
	if (!lab_eq(site, dump_site(&dump, (uptr)mcount_start, count, site + 7), "the site of victim"))
		return;
	poke_make_nop(p.old);
	poke_make_call(p.new, site, target);
	if (poke_batch(&p, 1, &log) != OK)
		return (void)check(!"the site cannot be poked");
	lab_did("dump_target(d, victim), d: the live kernel, and victim was poked to a call");
	lab_eq(target, dump_target(&dump, site), "the target");
	memcpy(p.old, p.new, SITE_LEN);
	poke_make_nop(p.new);
	poke_batch(&p, 1, &log);
	if (lab_failed())
		return;
	lab_did("dump_holds(d, victim), d: the live kernel, and victim was poked back");
	lab_eq(HOLDS_NOP, dump_holds(&dump, site), "HOLDS_NOP,");
	lab_did("victim(7)");
	lab_eq(8, victim(7), "its result");
}
