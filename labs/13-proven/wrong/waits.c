// SPDX-License-Identifier: MIT
// replaces: order
// fails: it accepts a tested index
// with: hang
static void order(struct bounds *a, struct bounds *b, bool less)
{
	while (a->umax >= b->umax && less)
		a->umin = max(a->umin, b->umin);
}
