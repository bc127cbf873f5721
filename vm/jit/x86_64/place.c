// SPDX-License-Identifier: MIT
// Of the JIT: where loops lie. A CPU fetches code, and keeps decoded code, in lines of 64 bytes. A loop that
// would fit in one line but lies across two takes up to twice as long. nops in front of its head move such a
// loop to the start of the next line. They run once for all rounds, or never if a jump enters the loop.
//
// Only innermost loops that fit in a line are worth it. Their places are known when all jumps have their
// sizes, which depend on the bytes between. So the work has three steps:
//
// 1. Each loop gets all the padding that it may need (jit_place_begin).
// 2. Jumps become short, over this padding (jit.c).
// 3. The padding that is not needed is removed (jit_place_end). That only brings jumps nearer to their
// targets.
#include "kernel/mem/heap.h"
#include "kernel/layout.h"
#include "vm/jit/x86_64/parts.h"

#define LINE TEXT_ALIGN /* each program begins at a line */

struct jit_loop {
	u32 head, end; /* ops; end: one past the jump back */
};

/* A loop with its function's first instruction does not count: at[] of that one is the prologue's offset. */
static bool is_loop_end(const struct jit *j, u32 idx, u32 *head)
{
	if (!jit_is_jump(&j->ops[idx]))
		return false;
	*head = op_target(&j->ops[idx], idx);
	return *head <= idx && !(j->marks[*head] & MARK_START);
}

static u32 count_loop_ends(const struct jit *j)
{
	u32 count = 0, head;
	for (u32 i = 0; i < j->p->insn_count; i++)
		count += is_loop_end(j, i, &head);
	return count;
}

static u32 len_of(const struct jit *j, const struct jit_loop *l)
{
	return jit_end_of(j, l->end - 1) - j->at[l->head];
}

/* Finds the innermost loops, in the order of their heads. A jump back to before the last loop's head ends
 * a loop that contains it. A jump back into the last loop is the other half of a loop that contains it. */
static void find_innermost(struct jit *j)
{
	struct jit_loop *last = NULL;
	for (u32 i = 0, head; i < j->p->insn_count; i++) {
		if (!is_loop_end(j, i, &head))
			continue;
		if (!last || head >= last->end)
			last = &j->loops[j->loop_count++];
		else if (head != last->head)
			continue;
		*last = (struct jit_loop){ head, i + 1 };
	}
}

/* Keeps the loops that may fit in a line when their jumps are short. */
static void keep_small(struct jit *j)
{
	u32 kept = 0;
	for (u32 i = 0; i < j->loop_count; i++)
		if (len_of(j, &j->loops[i]) <= 2 * LINE)
			j->loops[kept++] = j->loops[i];
	j->loop_count = kept;
}

/* Calls pad for the head of each loop, and moves all that follows by the change of its padding. */
static void move_all(struct jit *j, u32 (*pad)(const struct jit *, const struct jit_loop *, u32 at))
{
	u32 moved = 0, next = 0; /* moved: modulo 2^32 */
	for (u32 i = 0; i <= j->p->insn_count; i++) {
		if (next < j->loop_count && j->loops[next].head == i) {
			u8 *bytes = &j->ops[i].pad, before = *bytes;
			*bytes = (u8)pad(j, &j->loops[next++], j->at[i] + moved - before);
			moved += *bytes - before;
		}
		j->at[i] += moved;
	}
}

/* The most padding that can bring a loop to the next line: one byte less than its length. */
static u32 most(const struct jit *j, const struct jit_loop *l, u32 at unused)
{
	return min(len_of(j, l), (u32)LINE) - 1;
}

static u32 needed(const struct jit *j, const struct jit_loop *l, u32 at)
{
	u32 len = len_of(j, l), into = at % LINE;
	return len <= LINE && into + len > LINE ? LINE - into : 0;
}

void jit_place_begin(struct jit *j)
{
	u32 count = op_tricks_off & TRICK_PLACE ? 0 : count_loop_ends(j);
	j->loops = count ? kmalloc(count * sizeof(*j->loops)) : NULL;
	if (!j->loops) /* the code works without padding, too */
		return;
	find_innermost(j);
	keep_small(j);
	move_all(j, most);
}

void jit_place_end(struct jit *j)
{
	move_all(j, needed);
	kfree(j->loops);
	j->loops = NULL;
	j->loop_count = 0;
}
