// SPDX-License-Identifier: MIT
// replaces: stats_end
// fails: statistics count a run once
static void stats_end(struct code *c, const struct plan *p, const struct hook *h)
{
	read_clock(c);
	sub_rm(c, RAX, below_rbp(p->started));
	lock_add_mr(c, abs32((uptr)h->ticks), RAX);
	lock_inc_m(c, abs32((uptr)h->runs));
}
