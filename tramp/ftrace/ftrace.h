/* SPDX-License-Identifier: MIT */
/* ftrace: callbacks at function entries, as Linux had them before it had trampolines.
 *
 * A site with callbacks calls one of ftrace's callers (caller_x86_64.c). While exactly one ops has the
 * function, that is the ops' own caller, which contains ops and its func as constants. From the second ops on
 * it is a common caller, which calls the list function: that calls every registered ops whose filter has this
 * ip. A site belongs to BPF or to ftrace; with `share on`, to both (share.h).
 *
 * Rules for func, the callback:
 *   - It runs with preemption off, at the entry of the function at ip, which will return to parent_ip.
 *   - regs->ip is ip + 5, regs->sp the address of the return address.
 *   - It is notrace, and so is all that it calls, unless the ops has FTRACE_OPS_RECURSION.
 *
 * Rules for setting a filter, registering and unregistering:
 *   - Task context, interrupts on, without tramp_lock.
 *   - On failure ops is as before, every site leads to the same users, and the reason is in log. With
 *     `share on` an image of BPF's may have become one that is entered as if called. */
#pragma once
#include "kernel/cpu/smp.h"
#include "tramp/image.h"
#include "tramp/text/site.h"

struct ftrace_hash;
struct ftrace_ops;
struct pt_regs;

enum {
	/* regs is complete: the full-register caller. Without it only ax, cx, dx, si, di, r8, r9, bp, ip and
	 * sp are valid. */
	FTRACE_OPS_SAVE_REGS = 1,
	/* func can change regs->ip: the CPU goes on there, as if that address had been called. Needs
	 * SAVE_REGS. A function can have only one such ops. */
	FTRACE_OPS_IPMODIFY = 2,
	/* func calls functions to which ops may be attached. While func runs, it is not called again on this
	 * CPU in the same context (task, softirq, interrupt, NMI); such a call counts as missed. */
	FTRACE_OPS_RECURSION = 4,
};

typedef void ftrace_func_t(uptr ip, uptr parent_ip, struct ftrace_ops *ops, struct pt_regs *regs);

struct ftrace_ops {
	ftrace_func_t *func;
	u32 flags;
	const char *name; /* for people: in messages and in the name of its caller; need not be unique */
	void *private;
	u64 missed; /* changed atomically */

	/* ftrace's; all 0 before the first call */
	struct ftrace_hash *hash; /* the functions that it wants */
	struct ftrace_ops *next;
	struct image *own; /* its own caller while it is registered */
	u32 images;        /* how many generations of `own` exist */
	bool registered;
	u8 active[MAX_CPUS]; /* one bit a context */
};

/* Once, at boot. */
void ftrace_init(void);

/* Adds functions to the filter, or removes them. If ops is registered, this takes effect at once, in one
 * batch of pokes. To add a function twice, or to remove one that is not in the filter, has no effect. func
 * may still run for a call of a removed function that is in progress.
 *   EINVAL  an ip is not the address of a site, or a site does not hold what it should
 *   EBUSY   a function has another owner; log names it
 *   ENOMEM */
enum err ftrace_set_filter_ips(struct ftrace_ops *ops, const uptr *ips, u32 count, bool remove,
			       struct strbuf *log);
enum err ftrace_set_filter_ip(struct ftrace_ops *ops, uptr ip, bool remove, struct strbuf *log);

/* From its return on, func is called for the functions of the filter. EEXIST: ops is registered already;
 * EINVAL: the filter is empty, or flags contradict each other; EBUSY, EINVAL, ENOMEM as above. */
enum err register_ftrace_function(struct ftrace_ops *ops, struct strbuf *log);

/* When it returns, no CPU and no task is in func or uses ops. The filter is empty, and ops can be freed or
 * registered again. Needs no memory. ENOENT: ops is not registered; EINVAL: a site does not hold what it
 * should. */
enum err unregister_ftrace_function(struct ftrace_ops *ops, struct strbuf *log);

/* Empties the filter of an ops that is not registered. */
void ftrace_free_filter(struct ftrace_ops *ops);

/* The caller of the functions from here on holds tramp_lock.
 *
 * Whether the filter of ops has ip. notrace */
bool ftrace_wants(const struct ftrace_ops *ops, uptr ip);
u32 ftrace_filter_count(const struct ftrace_ops *ops);

/* Returns the registered ops after `ops`, NULL if it is the last; the first one for NULL. */
struct ftrace_ops *ftrace_next_ops(struct ftrace_ops *ops);

/* Returns the first registered ops whose filter has the site and that has all these flags, or NULL. */
struct ftrace_ops *ftrace_owner(const struct site *site, u32 flags);

/* What the site's five bytes must be, whether ftrace, BPF, both or none have it. */
void ftrace_site_bytes(const struct site *site, u8 bytes[SITE_LEN]);
