/* SPDX-License-Identifier: MIT */
/* kprobes: a handler at any instruction of a traceable function.
 *
 *   int3    The instruction's first byte becomes int3. The trap calls the handlers; then the displaced
 *           instruction is emulated, or a copy of it is executed elsewhere, single-stepped.
 *   jump    Where the instructions allow it, five bytes become a jump to a detour, which saves all registers
 *           as the trap would, calls the handlers, runs copies of what it displaced and jumps back.
 *   ftrace  At a function's entry, through its site: an ftrace_ops with all registers.
 *
 * Handlers run with interrupts off, see regs->ip at the probed instruction, and may change any other
 * register but sp. A probe that is hit while a handler runs on this CPU is counted as missed and does
 * nothing else. */
#pragma once
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/sched/retstack.h"

struct pt_regs;

enum kprobe_how {
	KPROBE_AUTO,   /* ftrace at an entry; elsewhere a jump if possible, else int3 */
	KPROBE_INT3,   /* offset 5 and up: the first five bytes are the site's */
	KPROBE_JUMP,   /* likewise; refused with the reason where it is not possible */
	KPROBE_FTRACE, /* offset 0 only */
};

struct kprobe {
	/* The caller's; constant while it is registered. */
	const char *symbol; /* with offset: where; or NULL, and addr says it */
	u32 offset;
	uptr addr; /* filled in from symbol and offset */
	const char *name;
	void (*pre_handler)(struct kprobe *p, struct pt_regs *regs); /* notrace */
	void *private;

	/* kprobe.c's */
	u64 missed;                 /* changed atomically */
	struct kprobe_point *point; /* by int3 or jump */
	struct ftrace_ops *ops;     /* by ftrace */
	struct kprobe *next;        /* of the same point, in the order of registration */
};

/* A handler at a function's return: at its entry the return address is replaced (kernel/sched/retstack.h). */
struct kretprobe {
	/* The caller's. Of kp: symbol (or addr, a function's), name, private. */
	struct kprobe kp;
	/* regs as the function left them: ax is what it returns; ip is ret_addr. Interrupts are off. notrace. */
	void (*handler)(struct kretprobe *rp, uptr ret_addr, struct pt_regs *regs);
	u32 maxactive; /* so many calls at once are heard of; 0: as many as happen */

	/* kretprobe.c's, changed atomically */
	u64 nmissed; /* calls whose return is not told: too many at once, or too deep */
	u32 active;
	struct ret_owner owner;
};

/* Claims foreign breakpoints and the debug exception. */
void kprobe_init(void);

/* From here on p's handler is called. ENOENT: no such function; EINVAL: no instruction begins there, or `how`
 * does not go with the offset; EOPNOTSUPP: the function cannot be traced, or the instruction cannot be displaced,
 * or KPROBE_JUMP is not possible; EBUSY; ENOMEM. The reason is in log; nothing has changed then. Task
 * context, interrupts on. */
enum err register_kprobe(struct kprobe *p, enum kprobe_how how, struct strbuf *log);

/* When it returns p's handler does not run and will not run again. With the last probe of an
 * instruction the original bytes come back. */
void unregister_kprobe(struct kprobe *p);

/* Likewise for returns. KPROBE_AUTO and KPROBE_FTRACE hear of the entry through ftrace, the others at the first
 * instruction behind the site. EOPNOTSUPP, too: the function does not return. After unregister no handler
 * runs, though tasks may still be inside the function. */
enum err register_kretprobe(struct kretprobe *rp, enum kprobe_how how, struct strbuf *log);
void unregister_kretprobe(struct kretprobe *rp);

/* How p is reached now. A jump goes back to int3 when another probe comes to lie within its five bytes. */
enum kprobe_how kprobe_how(const struct kprobe *p);
const char *kprobe_how_name(enum kprobe_how how);

/* Why p is not reached by a jump; "" if nobody has tried. */
const char *kprobe_why_no_jump(const struct kprobe *p);

/* Frees what waits for tasks that were inside of detours; gives how much still does. For tests. */
u32 kprobe_reap(void);

/* What a hit costs, for comparison: bytes of stack below the probed function's, registers saved, and
 * bytes of code made for p (slot, detour or caller). */
struct kprobe_cost {
	u32 stack, registers, code;
};
struct kprobe_cost kprobe_cost(const struct kprobe *p);
