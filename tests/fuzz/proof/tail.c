// SPDX-License-Identifier: MIT
// The programs to which tail calls lead: slot 0 holds the program that is tried, two more hold others of its
// type, if the verifier accepts them, and one is empty.
#include "tests/fuzz/proof/try.h"
#include "vm/compile.h"

enum { SLOTS = 4 };

static struct made mades[PROGS]; /* the first is not used */
static struct prog *progs[PROGS], *refused[PROGS];
static u32 count, refused_count;

const struct prog *tail_prog(u32 n)
{
	return n < count ? progs[n] : NULL;
}

const struct made *tail_made(u32 n)
{
	return n ? &mades[n] : &made;
}

u32 tail_number(const struct prog *p)
{
	u32 n = 0;
	while (n < count - 1 && progs[n] != p)
		n++;
	return n;
}

static enum err make_array(struct strbuf *log)
{
	map_free(maps[MAP_PROGS]);
	return map_create(&maps[MAP_PROGS], "programs", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, SLOTS, 0, log);
}

/* The map keeps what the programs of the last one had in common. */
bool tail_begin(void)
{
	char text[128] = "";
	struct strbuf log = STRBUF(text);
	count = 0;
	return !(made.features & 1ull << F_tail_call) || make_array(&log) == OK;
}

/* What is left out makes no gap. */
static void keep_other(struct prog *p, u32 n)
{
	if (n != count)
		mades[count] = mades[n];
	progs[count++] = p;
}

void tail_add(struct prog *p, u64 seed)
{
	char text[512] = "";
	struct strbuf log = STRBUF(text);
	enum err e = OK;
	progs[0] = p;
	count = 1;
	if (!(made.features & 1ull << F_tail_call))
		return;
	for (u32 n = 1; n < PROGS; n++) {
		make_program(&mades[n], seed ^ (u64)n << 60, &made);
		watch_begin(count);
		struct prog *other = try_load(&mades[n], &e, &log);
		if (e)
			refused[refused_count++] = other;
		else
			keep_other(other, n);
	}
	watch_select(0);
	for (u32 n = 0; n < count; n++)
		prog_array_set(maps[MAP_PROGS], n, progs[n]);
}

bool tail_compile(enum prog_mode mode, struct strbuf *log)
{
	for (u32 n = 0; n < count; n++) {
		prog_uncompile(progs[n]);
		progs[n]->mode = mode;
		if (prog_compile(progs[n], log))
			return false;
	}
	return true;
}

void tail_end(void)
{
	for (u32 n = 1; n < count; n++)
		prog_free(progs[n]);
	while (refused_count)
		prog_free(refused[--refused_count]); /* the map looks at them until then */
	count = 0;
}
