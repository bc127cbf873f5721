// SPDX-License-Identifier: MIT
// Counts the edits between two names, row by row: edits[j] edits turn the first i characters of a into the
// first j of b.
#include "kernel/lib/nearest.h"
#include "kernel/lib/mem.h"

static bool differ(char a, char b)
{
	a |= a >= 'A' && a <= 'Z' ? 0x20 : 0;
	b |= b >= 'A' && b <= 'Z' ? 0x20 : 0;
	return a != b;
}

u32 nearest_edits(const char *a, const char *b, u32 most)
{
	u32 before[NEAREST_LEN + 1] = { 0 }, last[NEAREST_LEN + 1], edits[NEAREST_LEN + 1];
	u32 a_len = (u32)strlen(a), b_len = (u32)strlen(b);
	if (a_len > NEAREST_LEN || b_len > NEAREST_LEN || max(a_len, b_len) - min(a_len, b_len) > most)
		return most + 1;
	for (u32 j = 0; j <= b_len; j++)
		last[j] = j;
	for (u32 i = 1; i <= a_len; i++) {
		edits[0] = i;
		for (u32 j = 1; j <= b_len; j++) {
			u32 replaced = last[j - 1] + differ(a[i - 1], b[j - 1]);
			edits[j] = min(replaced, min(last[j], edits[j - 1]) + 1);
			if (i > 1 && j > 1 && !differ(a[i - 1], b[j - 2]) && !differ(a[i - 2], b[j - 1]))
				edits[j] = min(edits[j], before[j - 2] + 1);
		}
		memcpy(before, last, sizeof(last));
		memcpy(last, edits, sizeof(edits));
	}
	return min(last[b_len], most + 1);
}

void nearest_offer(struct nearest *n, const char *candidate)
{
	u32 limit = n->best ? n->edits : min((u32)strlen(n->wrong) / 3, 3u) + 1;
	u32 edits = nearest_edits(n->wrong, candidate, limit);
	if (edits >= limit)
		return;
	n->best = candidate;
	n->edits = edits;
}

void nearest_print(const struct nearest *n, struct strbuf *s, const char *otherwise)
{
	if (n->best)
		str_printf(s, "; did you mean %s?", n->best);
	else
		str_puts(s, otherwise);
}
