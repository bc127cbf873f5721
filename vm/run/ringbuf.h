/* SPDX-License-Identifier: MIT */
/* Ring buffers: how records come in, and out again. For maps of type ringbuf only.
 *   - A record that is reserved and not committed holds back all records behind it.
 *   - A full ring takes no more: ringbuf_reserve returns NULL, and the caller loses the record. */
#pragma once
#include "vm/run/map.h"

/* Returns memory for a record of len bytes, at a multiple of 8, or NULL. Any context but an NMI. notrace. */
void *ringbuf_reserve(struct map *m, u64 len);

/* Ends a record from ringbuf_reserve: consumers see it, or skip it. notrace. */
void ringbuf_commit(void *data, bool discard);

/* Returns the ring of p's object in which a record is reserved whose data begin there; NULL if none. notrace. */
struct map *ringbuf_holding(const struct prog *p, uptr data);

/* What bpf_ringbuf_query returns: what is BPF_RB_*, else 0. notrace. */
u64 ringbuf_query(const struct map *m, u64 what);

/* Calls visit for each record that is in the ring now, oldest first, up to one that is not committed, and removes it. Returns
 * how many. One caller at a time. */
typedef void ringbuf_visitor(const void *data, u32 len, void *arg);
u32 ringbuf_consume(struct map *m, ringbuf_visitor *visit, void *arg);
