// SPDX-License-Identifier: MIT
// Iterators over numbers. Their state is in the program's stack alone.
#include "vm/run/iter.h"
#include "kernel/lib/err.h"

/* What struct bpf_iter_num holds: the number that was given last, and the end. */
struct numbers {
	i32 at, end;
};
_Static_assert(sizeof(struct numbers) == sizeof(struct bpf_iter_num), "one word");

static notrace struct numbers *numbers_of(struct bpf_iter_num *it)
{
	return (struct numbers *)it->__opaque;
}

notrace int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end)
{
	*numbers_of(it) = (struct numbers){ 0, 0 };
	if (start > end)
		return -(int)EINVAL;
	if ((i64)end - start > ITER_ROUNDS_MAX)
		return -(int)E2BIG;
	*numbers_of(it) = (struct numbers){ (i32)((u32)start - 1), end };
	return 0;
}

notrace int *bpf_iter_num_next(struct bpf_iter_num *it)
{
	struct numbers *n = numbers_of(it);
	/* Of INT_MIN the number before it is INT_MAX, so the sum has 32 bits. */
	i32 next = (i32)((u32)n->at + 1);
	if (next >= n->end) {
		*n = (struct numbers){ 0, 0 };
		return NULL;
	}
	n->at = next;
	return &n->at;
}

notrace void bpf_iter_num_destroy(struct bpf_iter_num *it)
{
	*numbers_of(it) = (struct numbers){ 0, 0 };
}
