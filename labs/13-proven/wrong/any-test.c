// SPDX-License-Identifier: MIT
// replaces: set_null
// fails: it refuses what another test has tested
static void set_null(struct reg *r, void *arg)
{
	const struct null *n = arg;
	if (!r->may_be_null)
		return;
	if (n->is_null)
		*r = reg_number(0);
	else
		r->may_be_null = false;
}
