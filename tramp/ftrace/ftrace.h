/* SPDX-License-Identifier: MIT */
/* ftrace: callbacks at function entries, the way Linux did it before there were trampolines.
 *
 * A site that has callbacks calls one of ftrace's callers (caller_x86_64.c). While exactly one ops has
 * the function, that is the ops' own caller, which holds ops and its function as constants. From the second
 * on it is a common caller, whose list function asks every registered ops' filter whether it wants this
 * ip. A site belongs to BPF or to ftrace; with `share on` to both: see share.h. */
#pragma once
#include "kernel/cpu/smp.h"
#include "tramp/image.h"
#include "tramp/text/site.h"

struct ftrace_hash;
struct ftrace_ops;
struct pt_regs;

enum {
	/* regs is complete: the full-register caller. Without it only ax, cx, dx, si, di, r8, r9, bp, ip and
	 * sp mean anything. */
	FTRACE_OPS_SAVE_REGS = 1,
	/* func may change regs->ip: where the function goes on, entered as if it were called. Needs SAVE_REGS;
	 * one such ops per function. */
	FTRACE_OPS_IPMODIFY = 2,
	/* func runs through functions that it may be attached to itself: it is not called again on a CPU
	 * where it runs, in the same context (task, softirq, interrupt, NMI); that counts as missed. */
	FTRACE_OPS_RECURSION = 4,
};

/* Runs at the entry of the function at ip, called from parent_ip, with preemption off. regs->ip is ip + 5,
 * regs->sp the address of the return address. notrace, and so is all that it calls, or with RECURSION. */
typedef void ftrace_func_t(uptr ip, uptr parent_ip, struct ftrace_ops *ops, struct pt_regs *regs);

struct ftrace_ops {
	ftrace_func_t *func;
	u32 flags;
	const char *name; /* of callers and in refusals; unique only for people */
	void *private;
	u64 missed; /* changed atomically */

	/* ftrace's own; all zero before the first call */
	struct ftrace_hash *hash; /* the functions that it wants */
	struct ftrace_ops *next;
	struct image *own; /* its own caller while it is registered */
	u32 images;        /* generations of it that exist */
	bool registered;
	u8 active[MAX_CPUS]; /* one bit a context */
};

void ftrace_init(void);

/* All four take tramp_lock; task context, interrupts on. On failure nothing has changed.
 *
 * Adds functions to the filter, or removes them; of a registered ops at once: in one batch of pokes. Each ip
 * is the address of a site: else EINVAL. A function that is there already, or is not, changes nothing.
 * A call of a removed function that is in progress may still be told to func. EBUSY: somebody else owns it,
 * and who; ENOMEM. */
enum err ftrace_set_filter_ips(struct ftrace_ops *ops, const uptr *ips, u32 count, bool remove,
			       struct strbuf *log);
enum err ftrace_set_filter_ip(struct ftrace_ops *ops, uptr ip, bool remove, struct strbuf *log);

/* Calls func for the functions of the filter from now on. EINVAL: the filter is empty, or flags contradict each
 * other; EBUSY, EINVAL, ENOMEM as above. */
enum err register_ftrace_function(struct ftrace_ops *ops, struct strbuf *log);

/* Returns when no CPU and no task is in func or stands on ops: its filter is empty then, and it may be freed,
 * or registered again. Needs no memory. ENOENT: it is not registered; EINVAL: a site does not hold what it
 * should, nothing has changed. */
enum err unregister_ftrace_function(struct ftrace_ops *ops, struct strbuf *log);

/* Empties the filter of an ops that is not registered. */
void ftrace_free_filter(struct ftrace_ops *ops);

/* --- For those who hold tramp_lock ------------------------------------------------------------------------ */

/* Whether ops wants ip; a registered one is called there. notrace */
bool ftrace_wants(const struct ftrace_ops *ops, uptr ip);
u32 ftrace_filter_count(const struct ftrace_ops *ops);

/* All registered ops: ops = NULL gives the first, NULL is the end. */
struct ftrace_ops *ftrace_next_ops(struct ftrace_ops *ops);

/* The first registered ops that has the site, and all these flags; NULL if there is none. */
struct ftrace_ops *ftrace_owner(const struct site *site, u32 flags);

/* What the site's five bytes must be, whether ftrace, BPF, both or none have it. */
void ftrace_site_bytes(const struct site *site, u8 bytes[SITE_LEN]);
