// SPDX-License-Identifier: MIT
// The auditor. It asks the modules that change text for their places, and sorts these by address. Then it
// compares all text, from place to place, with what kernel/mem/text.c knows of it.
#include "tramp/text/audit.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/mem.h"
#include "kernel/lib/sorted.h"
#include "kernel/mem/sym.h"
#include "kernel/mem/text.h"
#include "tramp/text/site.h"

struct place {
	uptr addr;
	u8 bytes[AUDIT_PLACE];
	u32 len;
};

static struct audit_source *sources;

/* The state of the audit in progress. */
static struct place *places; /* NULL while they are counted */
static u32 place_count;
static u32 places_met, bad, total;
static void (*say_line)(const char *line);

void audit_explain(struct audit_source *source)
{
	source->next = sources;
	sources = source;
}

void audit_place(uptr addr, const void *bytes, u32 len)
{
	if (places) {
		struct place *p = &places[place_count];
		p->addr = addr;
		p->len = len;
		memcpy(p->bytes, bytes, len);
	}
	place_count++;
}

static void ask_all(void)
{
	place_count = 0;
	for (struct audit_source *s = sources; s; s = s->next)
		s->explain();
}

static void name_place(uptr addr, const u8 *wanted, u32 len)
{
	char line[256];
	u8 fill[AUDIT_PLACE];
	struct strbuf s = STRBUF(line);
	memset(fill, TEXT_FILL, sizeof(fill));
	bad++;
	str_printf(&s, "%lx ", addr);
	sym_print(&s, addr);
	str_puts(&s, ": expected ");
	str_hex(&s, wanted ? wanted : fill, len, " ");
	str_puts(&s, " but found ");
	str_hex(&s, (const u8 *)addr, len, " ");
	say_line(line);
}

static bool differs(uptr addr, const u8 *wanted, u32 i)
{
	return ((const u8 *)addr)[i] != (wanted ? wanted[i] : TEXT_FILL);
}

/* The first byte is int3, and each other byte is like the one before it. */
static bool all_int3(const u8 *bytes, u32 len)
{
	return !len || (*bytes == TEXT_FILL && memcmp(bytes, bytes + 1, len - 1) == 0);
}

/* Compares len bytes without a place among them. Wrong bytes in a row make one report. */
static void compare(uptr addr, const u8 *wanted, u32 len)
{
	u32 i = 0, n;

	if (wanted ? memcmp((const void *)addr, wanted, len) == 0 : all_int3((const u8 *)addr, len))
		return;
	while (i < len) {
		for (n = 0; i + n < len && n < AUDIT_PLACE && differs(addr, wanted, i + n);)
			n++;
		if (n)
			name_place(addr + i, wanted ? wanted + i : NULL, n);
		i += n ? n : 1;
	}
}

/* Compares one piece of text: the bytes before each place, the place, the rest. */
static void audit_piece(uptr base, u32 len, const u8 *wanted, unused void *arg)
{
	u32 at = 0, i = lower_bound(places, place_count, addr, base);

	for (; i < place_count && places[i].addr < base + len; i++) {
		const struct place *p = &places[i];
		u32 from = (u32)(p->addr - base);
		if (from < at || from + p->len > len) {
			name_place(p->addr, p->bytes, p->len); /* places overlap, or leave the text */
			continue;
		}
		compare(base + at, wanted ? wanted + at : NULL, from - at);
		compare(p->addr, p->bytes, p->len);
		at = from + p->len;
		places_met++;
	}
	compare(base + at, wanted ? wanted + at : NULL, len - at);
	if (wanted)
		total += len;
}

void audit_wrong(const char *line)
{
	bad++;
	say_line(line);
}

static enum err check_all(void)
{
	enum err e = OK;
	for (struct audit_source *a = sources; a && !e; a = a->next)
		e = a->check ? a->check() : OK;
	return e;
}

static void conclude(void)
{
	char line[128];
	struct strbuf s = STRBUF(line);
	if (bad)
		str_printf(&s, "audit: %u place%s not as it should be", bad, bad == 1 ? " is" : "s are");
	else
		str_printf(&s, "audit clean: %u bytes of text, %u sites, %u changed by live links", total,
			   site_count(), place_count);
	say_line(line);
}

u32 audit(void (*say)(const char *line))
{
	say_line = say;
	places_met = bad = total = 0;
	ask_all();
	places = kmalloc((place_count + 1) * sizeof(*places));
	if (!places || check_all() != OK) {
		say("audit: no memory for it");
		bad++;
		goto out;
	}
	ask_all();
	sort_by(places, place_count, addr);
	text_visit(audit_piece, NULL);
	if (places_met != place_count && !bad) {
		say("audit: an explained change lies outside all text");
		bad++;
	}
	conclude();
out:
	kfree(places);
	places = NULL;
	return bad;
}
