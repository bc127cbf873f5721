// SPDX-License-Identifier: MIT
// replaces: function
// fails: a bad address
// with: goes on
notrace HELPER(get_task)
{
	return (uptr)current;
}

/* Compares up to the first difference, the end of both strings, or size bytes. Trusts neither address. */
notrace HELPER(compare_strings)
{
	for (u32 i = 0; i < (u32)r2; i++) {
		u8 a = *(const u8 *)(uptr)(r1 + i), b = *(const u8 *)(uptr)(r3 + i);
		if (a != b)
			return (u64)((i64)a - b);
		if (!a)
			return 0;
	}
	return 0;
}
