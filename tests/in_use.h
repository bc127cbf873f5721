/* SPDX-License-Identifier: MIT */
/* Memory in use, for tests that must free all that they take. */
#pragma once
#include "kernel/mem/heap.h"
#include "kernel/mem/text.h"
#include "tests/test.h"

struct in_use {
	u64 heap;         /* bytes */
	u32 text, blocks; /* bytes, and blocks of them */
};

static inline struct in_use in_use(void)
{
	struct in_use now;
	u64 allocations;
	heap_usage(&now.heap, &allocations);
	text_usage(&now.text, &now.blocks);
	return now;
}

/* If more or less memory is in use than then, fails the running test and returns false. */
static inline bool check_in_use(const struct in_use *then)
{
	struct in_use now = in_use();
	bool ok = check_eq(then->heap, now.heap);
	return check_eq(then->text, now.text) && check_eq(then->blocks, now.blocks) && ok;
}
