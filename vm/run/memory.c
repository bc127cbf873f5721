// SPDX-License-Identifier: MIT
// Touches memory page by page, through the accesses that may fault.
#include "vm/run/memory.h"
#include "kernel/cpu/probe.h"

static notrace bool touch(uptr at, bool is_write)
{
	u64 value = 0;
	if (is_write)
		return probe_cmpxchg(align_down(at, 4ul), &value, 0, 4) == OK;
	return probe_read(&value, at, 1) == OK;
}

notrace bool memory_touch(u64 start, u32 len, bool is_write)
{
	uptr last = start + len - 1;
	if (!len || last < start)
		return !len;
	for (uptr at = start; at >= start && at <= last; at = align_down(at, (uptr)PAGE_SIZE) + PAGE_SIZE)
		if (!touch(at, is_write))
			return false;
	return true;
}
