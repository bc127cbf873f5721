// SPDX-License-Identifier: MIT
// Lab 9: finds the row of helper 182 as the verifier and the JIT do, and calls its function.
#include "labs/lab.h"
#include "kernel/trace/uapi.h"
#include "tramp/text/site.h"
#include "vm/run/helper.h"

enum { SIZE = 32, NOWHERE = 0x1000 /* nothing is mapped there */ };

static const struct helper *row(void)
{
	lab_did("helper_find(%u)", BPF_FUNC_strncmp);
	const struct helper *h = helper_find(BPF_FUNC_strncmp);
	return lab_ok(h && h->fn, "a row of the table with this number, and a function") ? h : NULL;
}

LAB_TEST(lab9_row)
{
	const struct helper *h = row();
	if (h && lab_ok(strcmp(h->name, "strncmp") == 0, "the name strncmp, without bpf_"))
		lab_eq(RET_SCALAR, h->ret, "what R0 holds afterwards (enum helper_ret):");
}

LAB_TEST(lab9_kinds)
{
	static const enum helper_arg want[5] = { ARG_MEM_READ, ARG_SIZE, ARG_ANY, ARG_NONE, ARG_NONE };
	const struct helper *h = row();
	for (u32 i = 0; h && i < array_len(want); i++) {
		lab_did("the kind of argument %u of helper %u (enum helper_arg)", i + 1, BPF_FUNC_strncmp);
		if (!lab_eq(want[i], h->args[i], "enum helper_arg"))
			return;
	}
}

static i64 call(const struct helper *h, const char *s1, u32 size, const char *s2)
{
	lab_did("strncmp(\"%s\", %u, \"%s\")", s1, size, s2);
	return (i64)h->fn((uptr)s1, size, (uptr)s2, 0x5555, 0x6666, NULL);
}

static bool sign(i64 want, i64 got)
{
	return lab_eq((u64)(want > 0) - (u64)(want < 0), (u64)(got > 0) - (u64)(got < 0),
		      "1, 0 or -1, the sign of the result:");
}

/* A string of len letters. */
static void fill(char s[SIZE], u32 len)
{
	memset(s, 0, SIZE);
	for (u32 i = 0; i < len; i++)
		s[i] = (char)('a' + lab_random(26));
}

LAB_TEST(lab9_compares)
{
	const struct helper *h = row();
	for (u32 round = 0; h && round < 40; round++) {
		char a[SIZE], b[SIZE];
		u32 len = 1 + (u32)lab_random(SIZE - 2), at = (u32)lab_random(len);
		fill(a, len);
		memcpy(b, a, SIZE);
		if (!sign(0, call(h, a, SIZE, b)))
			return;
		b[at] = (char)(b[at] + (b[at] == 'm' ? 1 : 'm' - b[at]));
		if (!sign(a[at] - b[at], call(h, a, SIZE, b)))
			return;
	}
	if (h) /* bytes have no sign here, and the shorter string is the smaller one */
		(void)(sign(1, call(h, "\xc3\xa9", SIZE, "z")) && sign(-1, call(h, "init", 5, "init2")));
}

LAB_TEST(lab9_ends)
{
	const struct helper *h = row();
	char a[SIZE] = "abcdef\0xyz", b[SIZE] = "abcdef\0uvw";
	if (!h)
		return;
	if (sign(0, call(h, a, 10, b)) && sign(0, call(h, "abcX", 3, "abcY")) &&
	    sign(-1, call(h, "abcX", 4, "abcY")))
		sign(0, call(h, "X", 0, "Y"));
}

LAB_TEST(lab9_bad)
{
	const struct helper *h = row();
	char a[SIZE] = "abc";
	if (!h)
		return;
	lab_did("strncmp(\"abc\", 4, %#x), an address where nothing is mapped", NOWHERE);
	if (!lab_eq((u64)-EFAULT, h->fn((uptr)a, 4, NOWHERE, 0, 0, NULL), "-EFAULT,"))
		return;
	lab_did("strncmp(%#x, 4, \"abc\")", NOWHERE);
	lab_eq((u64)-EFAULT, h->fn(NOWHERE, 4, (uptr)a, 0, 0, NULL), "-EFAULT,");
}

LAB_TEST(lab9_again)
{
	const struct helper *h = row();
	if (!h)
		return;
	lab_did("looks for a site at the helper's function, and for HELPER_CALLS in its row");
	lab_ok(!site_at((uptr)h->fn) || h->flags & HELPER_CALLS,
	       "no site (notrace), or the flag: else a program on the helper calls itself for ever");
}
