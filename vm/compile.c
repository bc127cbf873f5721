// SPDX-License-Identifier: MIT
// Makes a program's entry: machine code, or a stub that calls the interpreter.
#include "vm/compile.h"
#include "kernel/mem/heap.h"
#include "kernel/layout.h"
#include "kernel/lib/x86.h"
#include "vm/interp/interp.h"
#include "vm/jit/x86_64/jit.h"
#include "vm/run/mistake.h"

static enum err install(struct prog *p, u32 max, text_writer *write, void *arg)
{
	enum err e = text_make(&p->text, max, write, arg);
	if (!e)
		p->entry = (u64(*)(const void *))p->text.base;
	return e;
}

/* One entry for both kinds of program: this stub turns entry(ctx) into interp_run(p, ctx).
 *      nop5
 *      mov rsi, rdi
 *      mov rdi, p
 *      jmp interp_run                                                                  */
#define STUB_MAX 32
static enum err write_stub(struct code *c, void *arg)
{
	nop(c, SITE_LEN);
	mov_rr(c, RSI, RDI);
	mov_ri(c, RDI, (i64)(uptr)arg);
	jmp_to(c, (uptr)interp_run);
	return c->err;
}

static notrace void faulted(const struct text *t, u32 at)
{
	const struct prog *p = container_of(t, struct prog, text);
	mistake_note(p, prog_insn_at(p, at));
}

static enum err write_compiled(struct code *c, void *arg)
{
	return jit_emit(arg, c);
}

notrace u32 prog_insn_at(const struct prog *p, u32 offset)
{
	u32 idx = 0;
	while (idx + 1 < p->insn_count && p->insn_at[idx + 1] <= offset)
		idx++;
	return idx;
}

notrace const struct prog *prog_of_text(const struct text *t)
{
	return t->faulted == faulted ? container_of(t, struct prog, text) : NULL;
}

static enum err compile_jit(struct prog *p)
{
	struct jit j;
	enum err e = jit_begin(&j, p);
	if (e)
		return e;
	e = install(p, j.len, write_compiled, &j);
	if (e == OK) {
		p->insn_at = j.at;
		p->tail_entry = p->text.base + j.tail_at;
		p->fixups = j.fixups;
		p->text.fixups = j.fixups;
		p->text.fixup_count = j.fixup_count;
		p->text.faulted = faulted;
		j.at = NULL;
		j.fixups = NULL;
	}
	jit_end(&j);
	return e;
}

static const char *reason(enum err e)
{
	switch (e) {
	case ENOMEM: return "there is no memory for its code";
	case E2BIG: return "its code would be longer than 16 MiB";
	case ERANGE: return "a helper is more than 2 GiB away from its code";
	default: return err_name(e);
	}
}

static enum err compile_stub(struct prog *p)
{
	enum err e = interp_prepare(p);
	if (!e)
		e = install(p, STUB_MAX, write_stub, p);
	if (e)
		interp_forget(p);
	return e;
}

enum err prog_compile(struct prog *p, struct strbuf *log)
{
	enum err e = p->mode == PROG_INTERPRET ? compile_stub(p) : compile_jit(p);
	if (e)
		return str_refuse(log, e, "program %s: %s", p->name, reason(e));
	p->state = PROG_COMPILED;
	text_ready(&p->text);
	text_changed();
	return OK;
}

void prog_uncompile(struct prog *p)
{
	if (p->state != PROG_COMPILED)
		return;
	text_free(&p->text);
	interp_forget(p);
	kfree(p->insn_at);
	kfree(p->fixups);
	p->insn_at = NULL;
	p->fixups = NULL;
	p->text.fixups = NULL;
	p->text.fixup_count = 0;
	p->entry = NULL;
	p->state = PROG_VERIFIED;
}

void prog_free(struct prog *p)
{
	if (!p)
		return;
	prog_uncompile(p);
	prog_drop(p);
}

void compile_init(void)
{
	jit_init();
}
