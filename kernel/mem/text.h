/* SPDX-License-Identifier: MIT */
/* Executable memory made at run time (images, compiled programs), and the only way to write text.
 *
 * No page is ever writable and executable at once: pages handed out here are read+execute in their
 * one mapping; text_write goes through a second, temporary mapping that nothing executes from.
 * All of it lies in the top 2 GiB. What is free is filled with int3. */
#pragma once
#include "kernel/lib/err.h"

struct code;

/* Where an instruction may fault, and what then: the register dst_reg, by the number that
 * instructions have for it, becomes 0 (none does if no register has the number), and execution goes on at resume. Offsets from the block's base, sorted by at. */
struct text_fixup {
	u32 at, resume : 24, dst_reg : 8;
};

/* A block of generated code. The caller owns the struct and names it before text_alloc. */
struct text {
	uptr base; /* where it runs; a multiple of TEXT_ALIGN */
	u32 len;
	const char *name; /* its symbol in backtraces: bpf_trampoline_kfree_skb; not copied */
	bool at_site;     /* called from a site: above its frame lie two return addresses, not one */
	const struct text_fixup *fixups; /* may be NULL; the caller's, valid until text_free */
	u32 fixup_count;
	/* Told of each fixup in use, in any context; may be NULL. */
	void (*faulted)(const struct text *t, u32 at);
	u8 *wanted; /* text.c's: its bytes as they were written last; NULL in text_fill */
};

/* Keeps a copy of kernel text: before anything is changed in it. */
void text_init(void);

/* Reserves len bytes (1 .. 16 MiB), filled with int3; sets t->base. ENOMEM if there is no room.
 * Task context, interrupts on: new pages change their rights on all CPUs. */
enum err text_alloc(struct text *t, u32 len);

/* Writes the block's code: `write` writes at most t->len bytes for t->base to c, and what it leaves over is free
 * again. Returns what write returns; if that is an error, the block is as it was. Needs no memory. */
typedef enum err text_writer(struct code *c, void *arg);
enum err text_fill(struct text *t, text_writer *write, void *arg);

/* Both: a block of at most max bytes of code. Returns what text_alloc and write return; if that is an error, there
 * is no block. */
enum err text_make(struct text *t, u32 max, text_writer *write, void *arg);

/* Back to int3 and free again. Nobody may execute in it any more: see tramp/image.h. */
void text_free(struct text *t);

/* Copies bytes to an address in kernel text or in a block. Does not make other CPUs see it: the poke
 * protocol or the block's not yet being reachable does. Any other address is our bug. */
void text_write(uptr at, const void *bytes, u32 len);

/* The same for a change that somebody answers for as long as it stands (tramp/text/audit.h): what a block is
 * known to hold stays as it was. For the patcher. */
void text_patch(uptr at, const void *bytes, u32 len);

/* The block that holds addr, or NULL. Safe in any context. */
struct text *text_find(uptr addr);

/* Bytes in use now, and blocks. For tests: what was taken comes back. */
void text_usage(u32 *bytes, u32 *blocks);

/* Calls visit for all text there is, piece by piece, with what it holds if nothing is patched; NULL is
 * int3, where nobody lives. It may run with a lock held and interrupts off, and may come upon a block
 * that is reserved and not yet written. */
typedef void text_visitor(uptr base, u32 len, const u8 *wanted, void *arg);
void text_visit(text_visitor *visit, void *arg);
