// SPDX-License-Identifier: MIT
// A kprobe at a function's entry: one ftrace_ops with all registers, which calls the handler.
#include "kernel/cpu/cpu.h"
#include "kernel/mem/heap.h"
#include "kernel/cpu/panic.h"
#include "kernel/cpu/trap.h"
#include "tramp/ftrace/ftrace.h"
#include "tramp/kprobe/parts.h"

static notrace void hit_entry(uptr ip, uptr parent_ip unused, struct ftrace_ops *ops, struct pt_regs *regs)
{
	uptr flags = irq_save();
	kprobe_call(ops->private, ip, regs);
	irq_restore(flags);
}

static void free_ops(struct kprobe *p)
{
	ftrace_free_filter(p->ops);
	kfree(p->ops);
	p->ops = NULL;
}

enum err kprobe_add_entry(struct kprobe *p, struct strbuf *log)
{
	enum err e;

	p->ops = kzalloc(sizeof(*p->ops));
	if (!p->ops)
		return str_refuse(log, ENOMEM, "no memory for a kprobe");
	p->ops->func = hit_entry;
	p->ops->flags = FTRACE_OPS_SAVE_REGS;
	p->ops->name = p->name ? p->name : "kprobe";
	p->ops->private = p;
	e = ftrace_set_filter_ip(p->ops, p->addr, false, log);
	if (!e)
		e = register_ftrace_function(p->ops, log);
	if (e)
		free_ops(p);
	return e;
}

void kprobe_remove_entry(struct kprobe *p)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	if (unregister_ftrace_function(p->ops, &log))
		panic("kprobe: %s", text);
	free_ops(p);
}
