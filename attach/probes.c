// SPDX-License-Identifier: MIT
// Makes a program the handler of a kprobe or a kretprobe. Its context is struct pt_regs, as this architecture
// has it. The words that a trampoline puts below a context, such a program finds in variables of its CPU.
#include "attach/probes.h"
#include "kernel/cpu/cpu.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/cpu/smp.h"
#include "tramp/tramp.h"

struct prog_probe {
	struct kretprobe rp; /* a kprobe uses only rp.kp */
	struct prog *prog;
	u64 cookie;
	uptr func_mask; /* of what bpf_get_func_ip returns: 0 behind a function's entry, else all ones */
	char symbol[PROBE_SYMBOL_LEN];
};

static notrace void count_run(struct prog *p, u64 begin)
{
	__atomic_fetch_add(&p->stats.ticks, rdtsc() - begin, __ATOMIC_RELAXED);
	__atomic_fetch_add(&p->stats.runs, 1, __ATOMIC_RELAXED);
}

/* Runs the program. Interrupts are off, so it stays on this CPU. */
static notrace void run_probed(const struct prog_probe *pp, struct pt_regs *regs)
{
	struct prog *p = pp->prog;
	struct cpu *cpu = this_cpu();
	u64 cookie = cpu->prog_cookie, ip = cpu->prog_ip;
	u64 begin = tramp_options().stats ? rdtsc() : 0;

	if (cpu->active[p->slot]++ == 0) {
		cpu->prog_cookie = pp->cookie;
		cpu->prog_ip = (pp->rp.kp.addr - pp->rp.kp.offset) & pp->func_mask;
		p->entry(regs);
		cpu->prog_cookie = cookie;
		cpu->prog_ip = ip;
		if (begin)
			count_run(p, begin);
	} else {
		__atomic_fetch_add(&p->missed, 1, __ATOMIC_RELAXED);
	}
	cpu->active[p->slot]--;
}

static notrace void at_instruction(struct kprobe *kp, struct pt_regs *regs)
{
	run_probed(kp->private, regs);
}

static notrace void at_return(struct kretprobe *rp, unused uptr ret_addr, struct pt_regs *regs)
{
	run_probed(rp->kp.private, regs);
}

static enum err register_probe(struct prog_probe *pp, enum kprobe_how how, struct strbuf *log)
{
	struct kprobe *kp = &pp->rp.kp;

	kp->name = pp->prog->name;
	kp->private = pp;
	kp->pre_handler = at_instruction;
	pp->rp.handler = at_return;
	pp->func_mask = pp->prog->type == PROG_KRETPROBE || !kp->offset ? ~(uptr)0 : 0;
	if (pp->prog->type == PROG_KRETPROBE)
		return register_kretprobe(&pp->rp, how, log);
	return register_kprobe(kp, how, log);
}

enum err probe_parse(struct kprobe *p, char symbol[PROBE_SYMBOL_LEN], const char *place, bool at_return,
		     struct strbuf *log)
{
	struct strbuf name = { .buf = symbol, .cap = PROBE_SYMBOL_LEN };
	const char *plus = place;
	u64 offset = 0;

	symbol[0] = 0;
	while (*plus && *plus != '+')
		str_putc(&name, *plus++);
	if (*plus && (!parse_u64(plus + 1, &offset) || offset > 0xffffffff))
		return str_refuse(log, EINVAL, "%s is not FUNC or FUNC+OFFSET", place);
	if (offset && at_return)
		return str_refuse(log, EINVAL, "%s has an offset; a return is of the whole function", place);
	if (name.cut)
		return str_refuse(log, ENOENT, "no function is called %.*s", (int)(plus - place), place);
	p->symbol = symbol;
	p->offset = (u32)offset;
	return OK;
}

enum err probe_attach(struct link *l, const char *place, struct strbuf *log)
{
	struct prog_probe *pp = kzalloc(sizeof(*pp));
	enum err e;

	if (!pp)
		return str_refuse(log, ENOMEM, "no memory for a probe");
	pp->prog = l->prog;
	pp->cookie = l->cookie;
	e = probe_parse(&pp->rp.kp, pp->symbol, place, l->prog->type == PROG_KRETPROBE, log);
	if (!e && place == l->prog->target)
		pp->rp.kp.offset += l->prog->target_offset;
	if (!e)
		e = register_probe(pp, l->how, log);
	if (e) {
		kfree(pp);
		return e;
	}
	str_puts(&l->place, pp->symbol);
	if (pp->rp.kp.offset && l->prog->type == PROG_KPROBE)
		str_printf(&l->place, "+0x%x", pp->rp.kp.offset);
	__atomic_fetch_add(&l->prog->links, 1, __ATOMIC_RELAXED);
	l->probe = pp;
	return OK;
}

bool probe_is_at(const struct link *l, const char *place)
{
	const struct kprobe *kp = &l->probe->rp.kp;
	bool at_return = l->prog->type == PROG_KRETPROBE;
	char symbol[PROBE_SYMBOL_LEN], text[1];
	struct strbuf ignored = STRBUF(text);
	struct kprobe other;

	if (probe_parse(&other, symbol, place, at_return, &ignored))
		return false;
	return strcmp(kp->symbol, other.symbol) == 0 && (at_return || kp->offset == other.offset);
}

enum err probe_detach(struct link *l, unused struct strbuf *log)
{
	if (l->prog->type == PROG_KRETPROBE)
		unregister_kretprobe(&l->probe->rp);
	else
		unregister_kprobe(&l->probe->rp.kp);
	__atomic_fetch_sub(&l->prog->links, 1, __ATOMIC_RELEASE);
	kfree(l->probe);
	return OK;
}

notrace struct kprobe *probe_of(const struct link *l)
{
	return l->probe ? &l->probe->rp.kp : NULL;
}
