/* SPDX-License-Identifier: MIT */
/* Executable memory made at run time (images, compiled programs), and the only way to write text.
 *
 *  - No page is ever writable and executable at once. Pages handed out here are read+execute in their one
 *    mapping. Writes go through a second, temporary mapping from which no CPU executes.
 *  - All blocks lie in the top 2 GiB.
 *  - Free memory is filled with int3. */
#pragma once
#include "kernel/lib/err.h"

struct code;

/* An instruction that may fault. After a fault the register with the number dst_reg is 0 (if no register has
 * the number, none changes), and the CPU goes on at resume. `at` and resume are offsets from the block's
 * base. Rows are sorted by `at`. */
struct text_fixup {
	u32 at, resume : 24, dst_reg : 8;
};

/* A block of generated code. The caller owns the struct, and sets the name before text_alloc. */
struct text {
	uptr base; /* where it runs; a multiple of TEXT_ALIGN */
	u32 len;
	const char *name; /* its symbol in backtraces: bpf_trampoline_kfree_skb; not copied */
	bool at_site;     /* called from a site: two return addresses lie above its frame, not one */
	const struct text_fixup *fixups; /* may be NULL; the caller's, valid until text_free */
	u32 fixup_count;
	/* Called for each fault, in any context. May be NULL. */
	void (*faulted)(const struct text *t, u32 at);
	u32 serial; /* text.c's: a newer block has a higher number; 0 until text_ready */
	u8 *wanted; /* text.c's: the block's bytes as written last; NULL during text_fill */
};

/* Copies kernel text, before it changes. Once, at boot. */
void text_init(void);

/* Reserves len bytes (1 .. 16 MiB), filled with int3. Sets t->base. ENOMEM if there is no room. Task context,
 * interrupts on: the rights of new pages change on all CPUs. */
enum err text_alloc(struct text *t, u32 len);

/* Writes the code of a new block. `write` writes at most t->len bytes to c, to run at t->base. The rest of
 * the block is free again. Returns what write returns; after an error the block is full of int3. Needs no
 * memory. */
typedef enum err text_writer(struct code *c, void *arg);
enum err text_fill(struct text *t, text_writer *write, void *arg);

/* Both in one: reserves max bytes, writes the code, and frees the rest. Returns what text_alloc or write
 * returns; after an error no block exists. */
enum err text_make(struct text *t, u32 max, text_writer *write, void *arg);

/* Says that the block, and its owner's data about it, are complete. */
void text_ready(struct text *t);

/* Empty. Call it when blocks have become ready, before a CPU can enter one of them. GDB stops there and reads
 * their names and lines: tools/gdb/symbols.py. */
void text_changed(void);

/* Fills the block with int3 and frees it. No CPU or task may still be in it: see tramp/image.h. */
void text_free(struct text *t);

/* Copies bytes to an address in kernel text or in a block; panics at any other address. Does not make other
 * CPUs see the change: the caller follows the poke protocol, or the block is not yet reachable. */
void text_write(uptr at, const void *bytes, u32 len);

/* The same for the patcher, but text_visit goes on to report the bytes from before. As long as the change
 * stands, the patcher's callers explain it to the auditor (tramp/text/audit.h). */
void text_patch(uptr at, const void *bytes, u32 len);

/* The block that holds addr, or NULL. Safe in any context. */
struct text *text_find(uptr addr);

/* How many bytes and blocks are in use. */
void text_usage(u32 *bytes, u32 *blocks);

/* Calls visit for all text, piece by piece. `wanted` is what the piece holds without patches; NULL says that
 * it is full of int3: free memory, or a block that is being written. visit may run under a lock, with
 * interrupts off. */
typedef void text_visitor(uptr base, u32 len, const u8 *wanted, void *arg);
void text_visit(text_visitor *visit, void *arg);
