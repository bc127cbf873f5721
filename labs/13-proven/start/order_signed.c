// SPDX-License-Identifier: MIT
static void order_signed(struct bounds *a unused, struct bounds *b unused, bool less unused, u32 w unused)
{
	/* lab 13: not written yet; the jump tells nothing */
}
