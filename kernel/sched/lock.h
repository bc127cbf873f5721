/* SPDX-License-Identifier: MIT */
/* Spin locks. spin_lock also disables preemption; the irqsave form also interrupts, and is the one
 * for data that an interrupt handler touches. */
#pragma once
#include "kernel/lib/types.h"

typedef struct {
	u32 locked;
} spinlock_t;

void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);
uptr spin_lock_irqsave(spinlock_t *lock); /* gives the flags that spin_unlock_irqrestore wants */
void spin_unlock_irqrestore(spinlock_t *lock, uptr flags);

/* Only takes it; the caller sees to preemption and interrupts, and gives it back by itself. */
void spin_acquire(spinlock_t *lock);
