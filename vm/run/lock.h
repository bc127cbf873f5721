/* SPDX-License-Identifier: MIT */
/* Spin locks of programs: a struct bpf_spin_lock in the value of an array or a hash.
 *
 * - While a program holds one, this CPU takes no interrupt and switches no task. The verifier lets it hold one at a time,
 *   call nothing meanwhile, and release it on every path.
 * - No program changes the bytes of a lock otherwise, and no update of the map: who waits for a lock, or holds it, may
 *   still do so when the element has got another value.
 * - Programs in an NMI must not take one: the CPU may hold it already. */
#pragma once
#include "vm/run/helper.h"
#include "vm/run/map.h"

/* Sets m->lock_at and m->lock_size if m->value_type has a lock; in a struct within it, too. EINVAL: more than one, or not
 * at a multiple of four bytes, or the map is read only. EOPNOTSUPP: the type of map has none. Both with a sentence. */
enum err lock_find(struct map *m, struct strbuf *log);

/* The helpers: fn of their rows. notrace. */
helper_fn lock_take, lock_release;
