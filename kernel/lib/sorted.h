/* SPDX-License-Identifier: MIT */
/* Sorts tables by a field of their rows, ascending, and searches them by halving. */
#pragma once
#include "kernel/lib/types.h"

/* The index of the first row whose field is key or more; count if no row is. For one count, every search
 * takes the same number of instructions. */
#define lower_bound(table, count, field, key)                                                 \
	({                                                                                    \
		u64 low_ = 0;                                                                 \
		for (u64 left_ = (count); left_;) {                                           \
			u64 half_ = (left_ + 1) / 2;                                          \
			low_ = (table)[low_ + half_ - 1].field < (key) ? low_ + half_ : low_; \
			left_ -= half_;                                                       \
		}                                                                             \
		(u32) low_;                                                                   \
	})

/* Shell's sort: in place, and fast where the table is nearly in order. */
#define sort_by(table, count, field)                                                               \
	do {                                                                                       \
		for (u32 gap_ = (count) / 2; gap_; gap_ /= 2) {                                    \
			for (u32 i_ = gap_, k_; i_ < (count); i_++) {                              \
				__typeof__(*(table)) row_ = (table)[i_];                           \
				for (k_ = i_; k_ >= gap_ && (table)[k_ - gap_].field > row_.field; \
				     k_ -= gap_)                                                   \
					(table)[k_] = (table)[k_ - gap_];                          \
				(table)[k_] = row_;                                                \
			}                                                                          \
		}                                                                                  \
	} while (0)
