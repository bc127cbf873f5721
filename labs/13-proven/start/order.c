// SPDX-License-Identifier: MIT
/* a <= b, or a < b. */
static void order(struct bounds *a unused, struct bounds *b unused, bool less unused)
{
	/* lab 13: not written yet; the jump tells nothing */
}
