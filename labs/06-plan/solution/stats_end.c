// SPDX-License-Identifier: MIT
static void stats_end(struct code *c, const struct plan *p, const struct hook *h)
{
	read_clock(c);
	sub_rm(c, RAX, below_rbp(p->started));
	lock_add_mr(c, abs32((uptr)h->ticks), RAX);
}
