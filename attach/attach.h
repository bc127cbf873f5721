/* SPDX-License-Identifier: MIT */
/* Attaches programs to what they trace. A link is one attachment of one program: to one function or to many,
 * to a tracepoint, or to a probed instruction.
 *
 *  - attach_progs, detach_progs, detach_all and attach_site_of take attach.c's lock themselves.
 *  - They run in task context, with interrupts on. */
#pragma once
#include "kernel/lib/list.h"
#include "tramp/kprobe/kprobe.h"
#include "tramp/text/tracepoint.h"
#include "tramp/tramp.h"
#include "vm/prog.h"

struct link {
	struct prog *prog;
	u64 cookie;
	struct strbuf place; /* for messages: "9 functions like skb_*"; the text lies behind `sites` */
	struct list_head list;
	enum kprobe_how how;           /* of a probe: the `how` of its options */
	struct prog_probe *probe;      /* or NULL */
	struct tracepoint *tracepoint; /* or NULL */
	u32 site_count;
	struct site *sites[]; /* the sites that have hooks of this link */
};

/* Options that replace what the program's section says. A field that is 0 replaces nothing; nor does NULL. */
struct attach_options {
	const char *func; /* a function, a program, a pattern with * or ?; FUNC+OFFSET for a probe */
	u64 cookie;       /* what bpf_get_attach_cookie returns to the program */
	enum kprobe_how how;
};

/* Attaches compiled programs, all of them or none, each to options->func or to what its section names. A
 * pattern leaves out functions that cannot be traced. Fails with a sentence in log:
 *   ENOENT      there is no such function
 *   EOPNOTSUPP  it has no site or cannot be traced
 *   EINVAL      its types contradict those of the function for which the program was written
 *   others      as tramp_add, register_kprobe and register_kretprobe */
enum err attach_progs(struct prog *const *progs, u32 count, const struct attach_options *options,
		      struct strbuf *log);

/* Ends the links of these programs: all, or only those to `place` if that is not NULL. place is the place as
 * options->func named it. Needs no memory.
 *
 *   ENOENT  there is no such link
 *   EINVAL  place is one of several functions of a link, which cannot be ended in part */
enum err detach_progs(struct prog *const *progs, u32 count, const char *place, struct strbuf *log);

/* Ends all links. After an error it goes on with the others, and returns the first error. */
enum err detach_all(struct strbuf *log);

/* Returns the site at the head of p if p is traced, or NULL. */
struct site *attach_site_of(const struct prog *p);

/* The probe of a link, or NULL. notrace. */
struct kprobe *probe_of(const struct link *l);

/* Iterates over the links. Returns the one after l; for NULL the oldest; NULL after the last. The caller
 * holds links_lock, or is in a panic. notrace. */
const struct link *link_next(const struct link *l);

/* Between the two no link is made or ended. Of the functions above, only probe_of and link_next may be called
 * there. */
void links_lock(void);
void links_unlock(void);
