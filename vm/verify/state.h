/* SPDX-License-Identifier: MIT */
/* What is known of the whole machine at one place of one path: registers and stacks.
 *
 *   - A state holds one frame for each function that is active, the innermost last.
 *   - Numbers and addresses are struct reg; what they may be is in range.h.
 *   - Registers and stack slots with one id hold the same value: a test of one tells about all of them.
 *   - state_covers decides when a walk can stop: the place was left well with a state that allowed more. */
#pragma once
#include "vm/prog.h"
#include "vm/verify/live.h"
#include "vm/verify/range.h"

enum reg_kind {
	REG_NONE,    /* nothing: not written, or lost in a call */
	REG_NUMBER,  /* at: which */
	REG_CONTEXT, /* The others are addresses, and at is the distance from where the memory begins. */
	REG_STACK,   /* of frame number what; at is from the end, so that it is below 0 */
	REG_MAP,     /* map number what of the object */
	REG_VALUE,   /* a value of that map */
	REG_MEMORY, /* size bytes, which may be read, and written unless is_read_only; of iterator or round what */
	REG_RECORD, /* a record of size bytes in ring buffer what, which is open: one of state.open has its id */
	REG_OBJECT, /* a kernel object of BTF type what; a load through it that faults reads 0 */
	REG_FUNC,   /* the function of the program that begins at instruction what */
	REG_ITER,   /* only in a slot: iterator number what; size 0: it has no number left */
};

struct reg {
	enum reg_kind kind;
	bool may_be_null; /* of an address: it is this, or 0 */
	bool is_read_only;
	bool is_one_of; /* of an object: what came first in a union of addresses */
	u32 what, size;
	u32 id;   /* the same as all with this id; 0: as no other */
	u32 from; /* 1 + the instruction that loaded, returned or took it; 0: another; only for messages */
	struct range at;
};

/* Eight bytes of a stack. */
struct slot {
	struct reg reg;      /* its low len bytes, stored at byte first */
	u8 first, len;       /* len 0: no register is kept */
	u8 written, is_zero; /* bit i: byte i */
};

static inline bool slot_is_iter(const struct slot *s)
{
	return s->len && s->reg.kind == REG_ITER;
}

struct frame {
	struct reg r[BPF_REGS]; /* r10 too */
	u32 start;              /* the function's first instruction */
	u32 called_at;          /* the call; not of the first frame */
	u32 callback;           /* the number of the helper that calls it; 0: the program does */
	u32 round;              /* of that call: iter.h */
	u32 last_before;        /* the last id when it began: an older record is not its own to close */
	u32 depth;              /* slots that are allocated; slot 0 is the highest, at r10-8 */
	struct slot slots[];
};

/* What the program must give back: the id of its addresses, and the call that gave it. The oldest comes first. */
enum { OPEN_MAX = 8 };
struct open {
	u32 id, at;
};

struct state {
	struct frame *frames[PROG_FRAMES];
	u32 frame_count;
	struct open open[OPEN_MAX];
	u32 open_count;
	bool locked;           /* the program holds a spin lock */
	u32 lock_map, lock_id; /* in which value: what and id of its address */
	u32 locked_at;         /* the call that took it */
};

/* The frame that runs. */
static inline struct frame *state_top(struct state *s)
{
	return s->frames[s->frame_count - 1];
}

/* A number; any number; an address at the begin of its memory. */
struct reg reg_number(u64 n);
struct reg reg_any(void);
struct reg reg_address(enum reg_kind kind, u32 what);
static inline bool reg_is_address(const struct reg *r)
{
	return r->kind > REG_NUMBER;
}

/* The low bits of a number, which are now: a copy if it is no larger. */
struct reg reg_cut(const struct reg *number, struct range now);
bool reg_is_zero(const struct reg *r);
bool reg_is_at_begin(const struct reg *r);

/* Adds a frame whose registers hold nothing, with room for depth slots. ENOMEM. state_pop frees the last one. */
enum err state_push(struct state *s, u32 start, u32 depth);
void state_pop(struct state *s);

/* Makes a copy with memory of its own. ENOMEM: *to is empty. */
enum err state_copy(struct state *to, const struct state *from);
void state_free(struct state *s);

/* The memory that it has of its own. */
u32 state_bytes(const struct state *s);

/* Ends what is open with that id: its addresses are numbers from now on, with that from. */
void state_close(struct state *s, u32 id, u32 from);

/* The memory of an iterator or a round is gone: its addresses are numbers from now on. */
void state_forget(struct state *s, u32 what);

/* Calls visit for each register, and each slot that keeps one. */
typedef void reg_visitor(struct reg *r, void *arg);
void state_each(struct state *s, reg_visitor *visit, void *arg);

/* Whether the walk from old, which ended well, shows that it would from now as well; whether both are the same in all that
 * is read later. live says what that is: one for each frame. */
bool state_covers(const struct state *old, const struct state *now, const struct live *const live[]);
bool state_equals(const struct state *old, const struct state *now, const struct live *const live[]);
