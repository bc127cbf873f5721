// SPDX-License-Identifier: MIT
// Where loops lie. A CPU fetches code, and keeps what it has decoded, by lines of 64 bytes. A loop that could
// lie in one line but lies across two takes up to twice as long; so it is moved to the start of the next by
// nops in front of its head, which run once for all its rounds, or never if it is entered by a jump.
//
// Only innermost loops that fit in a line are worth it. Where they lie is known when all jumps have their
// sizes; those depend on what lies between. So each loop first gets all the room that it could need, jumps
// are made short as if it stayed, and at the end what is too much is taken away, which only brings jumps
// nearer to their targets.
#include "kernel/mem/heap.h"
#include "kernel/layout.h"
#include "vm/jit/x86_64/parts.h"

#define LINE TEXT_ALIGN /* which is also how programs begin */

struct jit_loop {
	u32 head, end; /* end: behind the jump back */
};

/* A loop cannot contain its function's first instruction, which begins behind what its at says. */
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

/* One behind the other. What jumps back to before the last one's head contains it; what jumps into it is the
 * other half of a loop that contains it. */
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

/* Those that may come to fit when their jumps are short. */
static void keep_small(struct jit *j)
{
	u32 kept = 0;
	for (u32 i = 0; i < j->loop_count; i++)
		if (len_of(j, &j->loops[i]) <= 2 * LINE)
			j->loops[kept++] = j->loops[i];
	j->loop_count = kept;
}

/* Calls pad for the head of each loop, and moves everything by what it adds up to. */
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

/* At most one byte less than the loop's own length brings it to the next line. */
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
	if (!j->loops) /* it works without, too */
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
