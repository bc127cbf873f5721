// SPDX-License-Identifier: MIT
// replaces: order
// fails: it accepts a tested index
static void order(struct bounds *a, struct bounds *b, bool less)
{
	if (less && (b->umax == 0 || a->umin == ~0ull)) {
		*a = range_empty().whole;
		return;
	}
	a->umax = min(a->umax, b->umax);
	b->umin = max(b->umin, a->umin);
}
