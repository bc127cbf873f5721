/* SPDX-License-Identifier: MIT */
/* Whether memory that a program names exists: a key, a value or a destination can be any number. Memory
 * that exists stays while the program runs. */
#pragma once
#include "kernel/layout.h"
#include "kernel/sched/task.h"

/* Touches each page of the memory, by a load, or by a store that changes nothing. False if that fails. */
bool memory_touch(u64 start, u32 len, bool is_write);

/* Most pointers of programs lead to their stack, which is part of the running task's, so it exists. */
static inline notrace bool memory_is_on_stack(u64 start, u32 len)
{
	u64 at = start - (uptr)current->stack;
	return at < STACK_SIZE && len <= STACK_SIZE - at;
}

/* Whether all len bytes can be read; can be written. */
static inline notrace bool memory_can_read(u64 start, u32 len)
{
	return memory_is_on_stack(start, len) || memory_touch(start, len, false);
}
static inline notrace bool memory_can_write(u64 start, u32 len)
{
	return memory_is_on_stack(start, len) || memory_touch(start, len, true);
}
