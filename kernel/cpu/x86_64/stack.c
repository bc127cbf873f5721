// SPDX-License-Identifier: MIT
// Walks a stack by frame pointers, and knows where they cannot be trusted: code that was interrupted may
// have no frame yet, or none any more. All other code is in a call, and everything that calls (C, images,
// compiled programs) has a frame: ORDER FRAMES.
//
//      C, image, program          interrupt
//      bp + 8  return address     bp + 8   trap_return (kernel/cpu/x86_64/entry.asm)
//      bp + 0  caller's bp        bp + 24  struct pt_regs
#include "kernel/cpu/stack.h"
#include "kernel/cpu/x86_64/trap.h"

enum { WORD = sizeof(uptr), FRAME_LEN = 2 * WORD, REGS_AT = 3 * WORD };

struct walk {
	uptr end;
	void (*visit)(uptr addr, void *arg);
	void *arg;
};

static notrace uptr word_at(uptr addr)
{
	return *(const uptr *)addr;
}

static notrace void visit_words(const struct walk *w, uptr from, uptr to)
{
	for (; from < to; from += WORD)
		w->visit(word_at(from), w->arg);
}

/* Visits the words of code that was interrupted at any instruction. Its return address is somewhere up to the
 * frame at bp, which may be the caller's. If no frame is at bp, all words up to the end may be return
 * addresses. Returns the next frame. */
static notrace uptr visit_interrupted(const struct walk *w, const struct pt_regs *regs)
{
	bool frame = regs->bp >= regs->sp && regs->bp <= w->end - FRAME_LEN && regs->bp % WORD == 0;
	w->visit(regs->ip, w->arg);
	visit_words(w, regs->sp, frame ? regs->bp + FRAME_LEN : w->end);
	return frame ? regs->bp : 0;
}

notrace void stack_visit_returns(struct stack_top top, uptr end, void (*visit)(uptr addr, void *arg),
				 void *arg)
{
	struct walk w = { end, visit, arg };
	uptr bp = top.regs ? visit_interrupted(&w, top.regs) : top.bp;
	while (bp) {
		uptr ret = word_at(bp + WORD), next = word_at(bp);
		visit(ret, arg);
		if (ret == (uptr)trap_return) {
			bp = visit_interrupted(&w, (const struct pt_regs *)(bp + REGS_AT));
			continue;
		}
		/* 0: here the task began. Any other value that is no frame further up cannot be trusted. */
		if (next && (next <= bp || next > end - FRAME_LEN || next % WORD)) {
			visit_words(&w, bp + FRAME_LEN, end);
			return;
		}
		bp = next;
	}
}
