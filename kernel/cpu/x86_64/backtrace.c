// SPDX-License-Identifier: MIT
// A frame is [bp] = the caller's bp, [bp + 8] = return address. Three places differ: a function whose first
// instructions have not yet pushed bp, the entry of an interrupt, and an image that was called from a site.
#include "kernel/cpu/backtrace.h"
#include "kernel/layout.h"
#include "kernel/io/print.h"
#include "kernel/cpu/probe.h"
#include "kernel/sched/retstack.h"
#include "kernel/mem/sym.h"
#include "kernel/mem/text.h"
#include "kernel/cpu/x86_64/trap.h"

enum { MAX_DEPTH = 64 };

struct frame {
	uptr ip, bp;
};

static notrace bool word_at(uptr addr, uptr *word)
{
	return probe_read(word, addr, sizeof(*word)) == OK && *word;
}

/* The return address in the word at addr; if it was replaced (kernel/sched/retstack.h), the real one. */
static notrace bool return_at(uptr addr, uptr *ip)
{
	if (!word_at(addr, ip))
		return false;
	*ip = retstack_real((const uptr *)addr, *ip);
	return true;
}

/* The image's caller is a site, which has pushed no frame of its own:
 *   [bp] the caller's bp   [bp + 8] function + 5   [bp + 16] the function's caller */
static notrace bool called_from_site(uptr ip)
{
	const struct text *t = text_find(ip);
	return t && t->at_site;
}

/* The interrupted frame of an interrupt whose dispatcher has its frame at bp: above the return address
 * to trap_return lie 8 bytes of padding, then pt_regs. */
static notrace bool interrupted(uptr bp, struct pt_regs *regs)
{
	return probe_read(regs, bp + 24, sizeof(*regs)) == OK;
}

/* Whether sp still points to the return address: regs stopped on or just behind a function's site, or where
 * no function is, after a wild call. */
static notrace bool has_no_frame_yet(const struct pt_regs *regs)
{
	struct sym sym;
	if (sym_at(regs->ip, &sym))
		return regs->ip == sym.addr || regs->ip == sym.addr + SITE_LEN;
	return !text_find(regs->ip);
}

/* Walks outwards from f, a function's frame. Nothing of f has been visited yet. */
static notrace void walk(struct frame f, void (*visit)(uptr addr, void *arg), void *arg)
{
	for (u32 depth = 0; depth < MAX_DEPTH; depth++) {
		struct pt_regs regs;
		uptr ip, bp;
		visit(f.ip, arg);
		if (!return_at(f.bp + 8, &ip) || probe_read(&bp, f.bp, sizeof(bp)) != OK)
			return;
		if (called_from_site(f.ip)) {
			visit(ip - 1, arg);
			if (!return_at(f.bp + 16, &ip))
				return;
		}
		if (ip == (uptr)trap_return) {
			if (interrupted(f.bp, &regs))
				backtrace_walk(&regs, visit, arg);
			return;
		}
		f = (struct frame){ ip - 1, bp };
	}
}

/* Walks outwards from the caller of the function whose frame is at bp. */
static notrace void walk_callers(uptr bp, void (*visit)(uptr addr, void *arg), void *arg)
{
	uptr ip;
	if (return_at(bp + 8, &ip) && word_at(bp, &bp))
		walk((struct frame){ ip - 1, bp }, visit, arg);
}

notrace void backtrace_walk(const struct pt_regs *regs, void (*visit)(uptr addr, void *arg), void *arg)
{
	uptr ip;
	if (!regs) {
		walk_callers((uptr)__builtin_frame_address(0), visit, arg);
		return;
	}
	if (!has_no_frame_yet(regs)) {
		walk((struct frame){ regs->ip, regs->bp }, visit, arg);
		return;
	}
	visit(regs->ip, arg);
	if (regs->ip == (uptr)retstack_return) /* its slot is free, and not filled again yet */
		ip = retstack_real((const uptr *)regs->sp - 1, regs->ip);
	else if (!return_at(regs->sp, &ip))
		return;
	walk((struct frame){ ip - 1, regs->bp }, visit, arg);
}

static notrace void print_frame(uptr addr, void *arg)
{
	u32 *depth = arg;
	uptr offset;
	const char *name = sym_name(addr, &offset);
	if (name)
		kprintf("  #%u %s+0x%lx\n", (*depth)++, name, offset);
	else
		kprintf("  #%u 0x%lx\n", (*depth)++, addr);
}

notrace void backtrace_print(const struct pt_regs *regs)
{
	u32 depth = 0;
	if (regs)
		backtrace_walk(regs, print_frame, &depth);
	else
		walk_callers((uptr)__builtin_frame_address(0), print_frame, &depth);
}
