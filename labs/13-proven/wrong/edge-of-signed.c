// SPDX-License-Identifier: MIT
// replaces: order_signed
// fails: signed
static void order_signed(struct bounds *a, struct bounds *b, bool less, u32 w unused)
{
	if (less && (b->smax == 0 || a->smin == -1)) { /* the ends are those of numbers without a sign */
		*a = range_empty().whole;
		return;
	}
	a->smax = min(a->smax, b->smax - less);
	b->smin = max(b->smin, a->smin + less);
}
