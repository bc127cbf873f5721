// SPDX-License-Identifier: MIT
// replaces: set_null
// fails: it refuses what another test has tested
static void set_null(struct reg *r, void *arg)
{
	const struct null *n = arg;
	if (r->id == n->id)
		r->may_be_null = false;
}
