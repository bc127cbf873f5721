/* SPDX-License-Identifier: MIT */
/* Open-coded iterators, with Linux's names: a loop over numbers that a program writes itself.
 *
 *      struct bpf_iter_num it;
 *      int *i;
 *      bpf_iter_num_new(&it, 0, 100);
 *      while ((i = bpf_iter_num_next(&it)))
 *              ...
 *      bpf_iter_num_destroy(&it);
 *
 * The verifier sees to it that an iterator is used in this order, and that nothing else touches its bytes. */
#pragma once
#include "kernel/trace/uapi.h"

#define ITER_ROUNDS_MAX (1u << 23) /* as of bpf_loop */

/* Begins at start and ends before end. Returns 0; if start > end -EINVAL, if more than ITER_ROUNDS_MAX numbers are between
 * them -E2BIG, and then the iterator has no number. All three are notrace. */
int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end);

/* Returns the address of the next number, which lies in *it; NULL if none is left. */
int *bpf_iter_num_next(struct bpf_iter_num *it);

void bpf_iter_num_destroy(struct bpf_iter_num *it);
