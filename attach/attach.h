/* SPDX-License-Identifier: MIT */
/* Where a program meets what it traces: a link is one attachment of one program, to one function or to
 * many, to a tracepoint, or to a probed instruction. */
#pragma once
#include "kernel/lib/list.h"
#include "tramp/kprobe/kprobe.h"
#include "tramp/text/tracepoint.h"
#include "tramp/tramp.h"
#include "vm/prog.h"

struct link {
	struct prog *prog;
	u64 cookie;
	struct strbuf place; /* "kfree_skb", "9 functions like skb_*", for people; its text lies behind sites */
	struct list_head list;
	enum kprobe_how how;           /* of a probe, as it was asked for */
	struct prog_probe *probe;      /* NULL if it is no probe */
	struct tracepoint *tracepoint; /* NULL if it is to none */
	u32 site_count;
	struct site *sites[]; /* of trampolines */
};

/* What to do differently from what the section says; all 0, or no options, is what it says. */
struct attach_options {
	const char *func; /* a function, a program, with * or ? all functions like it; FUNC+OFFSET for a probe */
	u64 cookie;       /* what bpf_get_attach_cookie gives the program */
	enum kprobe_how how;
};

/* Attaches compiled programs, all of them or none, each to options->func or to what its section names. Functions
 * that a pattern matches but that cannot be traced are left out. ENOENT: there is no such thing;
 * EOPNOTSUPP: it has no site or cannot be traced; EINVAL: its types contradict those of the function
 * that the program was written for; EBUSY, EEXIST and what tramp_add refuses. One sentence in log. */
enum err attach_progs(struct prog *const *progs, u32 count, const struct attach_options *options,
		      struct strbuf *log);

/* Ends all links of these programs. ENOENT if there are none. Needs no memory. */
enum err detach_progs(struct prog *const *progs, u32 count, struct strbuf *log);

/* Ends all links there are; gives the first error, having tried all. */
enum err detach_all(struct strbuf *log);

/* The site at the head of a program that is traced; NULL if it is not. */
struct site *attach_site_of(const struct prog *p);

/* The probe of a link, NULL if it has none. */
struct kprobe *probe_of(const struct link *l);

/* Calls visit for each link, oldest first, under the lock. */
void link_for_each(void (*visit)(const struct link *l, void *arg), void *arg);

/* The same without the lock, for a panic. notrace. */
void link_for_each_unlocked(void (*visit)(const struct link *l, void *arg), void *arg);
