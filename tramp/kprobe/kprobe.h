/* SPDX-License-Identifier: MIT */
/* kprobes: a handler at any instruction of a traceable function.
 *
 *   int3    The instruction's first byte becomes int3. The trap calls the handlers. Then the displaced
 *           instruction is emulated, or a copy of it runs in another place, single-stepped.
 *   jump    Where the instructions allow it, five bytes become a jump to a detour. The detour saves all
 *           registers as the trap would, calls the handlers, runs copies of the displaced instructions and
 *           jumps back.
 *   ftrace  At a function's entry, through its site: an ftrace_ops with all registers.
 *
 * Rules for handlers:
 *   - They are notrace and run with interrupts off.
 *   - They see the probed instruction in regs->ip, and can change any other register but sp.
 *   - A probe that is hit while a handler runs on the same CPU counts a miss; its handler is not called.
 *
 * Rules for the functions below: task context, interrupts on, without tramp_lock. */
#pragma once
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/sched/retstack.h"

struct pt_regs;

/* ORDER KPROBE_HOW */
enum kprobe_how {
	KPROBE_AUTO,   /* ftrace at an entry; elsewhere a jump if possible, else int3 */
	KPROBE_INT3,   /* offset 5 and up: the first five bytes are the site's */
	KPROBE_JUMP,   /* likewise; refused with the reason where it is not possible */
	KPROBE_FTRACE, /* offset 0 only */
};

struct kprobe {
	/* The caller's; constant while it is registered. */
	const char *symbol; /* a function; with offset it is the place. NULL: addr is the place */
	u32 offset;
	uptr addr; /* register_kprobe sets it from symbol and offset */
	const char *name;
	void (*pre_handler)(struct kprobe *p, struct pt_regs *regs);
	void *private;

	/* kprobe.c's */
	u64 missed;                 /* changed atomically */
	bool keeps_int3;            /* registered with KPROBE_INT3 */
	struct kprobe_point *point; /* by int3 or jump */
	struct ftrace_ops *ops;     /* by ftrace */
	struct kprobe *next;        /* of the same point, in the order of registration */
};

/* A handler at a function's return. The probe at the entry replaces the return address
 * (kernel/sched/retstack.h). */
struct kretprobe {
	/* The caller's. Of kp: symbol (or addr, a function's), name, private. */
	struct kprobe kp;
	/* regs are as the function left them: ax is the result. ret_addr: where the function returns to. */
	void (*handler)(struct kretprobe *rp, uptr ret_addr, struct pt_regs *regs);
	u32 maxactive; /* how many calls at once are handled; 0: all */

	/* kretprobe.c's, changed atomically */
	u64 nmissed; /* calls whose return is not handled: too many at once, or nested too deep */
	u32 active;
	struct ret_owner owner;
};

/* Claims foreign breakpoints and the debug exception. Once, at boot. */
void kprobe_init(void);

/* From its return on, p's handler is called. On failure nothing has changed, and the reason is in log.
 *   ENOENT      there is no such function
 *   EINVAL      no instruction begins there, or `how` does not allow the offset
 *   EOPNOTSUPP  the function cannot be traced, or two have its name; the instruction cannot be displaced; or a
 *               jump is not possible
 *   EBUSY       another user has the entry; or another probe of the instruction asked for int3
 *   ENOMEM */
enum err register_kprobe(struct kprobe *p, enum kprobe_how how, struct strbuf *log);

/* On return p's handler is not running and will not run again. Without its last probe an instruction has its
 * original bytes back. */
void unregister_kprobe(struct kprobe *p);

/* The same for returns. KPROBE_AUTO and KPROBE_FTRACE probe the entry through ftrace, the others the first
 * instruction behind the site. EOPNOTSUPP also if the function never returns. After unregister_kretprobe no
 * handler runs, although tasks may still be inside the function. */
enum err register_kretprobe(struct kretprobe *rp, enum kprobe_how how, struct strbuf *log);
void unregister_kretprobe(struct kretprobe *rp);

/* How p is reached now. A jump becomes int3 again when another probe is placed within its five bytes, or asks
 * for int3 at the same instruction. */
enum kprobe_how kprobe_how(const struct kprobe *p);
const char *kprobe_how_name(enum kprobe_how how);

/* Why p is not reached by a jump; "" if no jump was tried. */
const char *kprobe_why_no_jump(const struct kprobe *p);

/* Frees detours and points that no task uses any more. Returns how many points still wait. For tests. */
u32 kprobe_reap(void);

/* What a hit costs: bytes of stack below those of the probed function, registers saved, and bytes of code
 * that were made for p (slot, detour or caller). */
struct kprobe_cost {
	u32 stack, registers, code;
};
struct kprobe_cost kprobe_cost(const struct kprobe *p);
