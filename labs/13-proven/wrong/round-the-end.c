// SPDX-License-Identifier: MIT
// replaces: order
// fails: no number is left that cannot come
static void order(struct bounds *a, struct bounds *b, bool less)
{
	a->umax = min(a->umax, b->umax - less); /* 0 - 1 is the largest number */
	b->umin = max(b->umin, a->umin + less);
}
