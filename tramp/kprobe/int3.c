// SPDX-License-Identifier: MIT
// A point's int3: how it is put in place, what a CPU that meets it does, and how it is removed.
//
// The trap calls the handlers. Then the displaced instruction is emulated; or the CPU steps through a copy of
// it (the slot), and the debug exception leads back to behind the instruction.
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/ipi.h"
#include "kernel/cpu/panic.h"
#include "kernel/cpu/smp.h"
#include "kernel/cpu/trap.h"
#include "kernel/mem/heap.h"
#include "tramp/kprobe/parts.h"
#include "tramp/text/audit.h"
#include "tramp/text/poke_arch.h"

enum { STEPS = 3 /* a step, one in an NMI that interrupts it, one more */ };

/* Each CPU's single steps in progress. A CPU uses only its own, with interrupts off. */
static struct steps {
	u32 depth;
	struct single_step {
		const struct kprobe_point *pt;
		uptr flags;
	} steps[STEPS];
} on_cpus[MAX_CPUS];

static trap_handler *next_debug;         /* the handler of the debug exception before this one */
static struct kprobe_point *dead_points; /* under tramp_lock */

static notrace void begin_step(const struct kprobe_point *pt, struct pt_regs *regs)
{
	struct steps *cpu = &on_cpus[smp_processor_id()];
	if (cpu->depth == STEPS)
		panic("kprobe: %u single steps in each other at 0x%lx", STEPS, pt->addr);
	cpu->steps[cpu->depth++] = (struct single_step){ pt, step_begin(regs) };
}

/* While pt->copies is set, a jump is in place or about to be. Then all instructions that the jump displaces
 * run in the detour, so that no CPU goes on among its bytes. */
static notrace bool kprobe_int3(struct pt_regs *regs)
{
	uptr addr = poke_trap_addr(regs);
	struct kprobe_point *pt = point_find(addr);
	uptr copies;

	if (!pt)
		return false;
	regs->ip = addr;
	kprobe_call(read_once(pt->probes), addr, regs);
	copies = read_once(pt->copies);
	if (copies)
		regs->ip = copies;
	else if (!displaced_run(&pt->insn, pt->slot.base, regs))
		begin_step(pt, regs);
	return true;
}

/* The debug exception. If its step did not begin here, the next handler gets it. */
static notrace bool kprobe_debug(struct pt_regs *regs)
{
	struct steps *cpu = &on_cpus[smp_processor_id()];
	const struct single_step *step = cpu->depth ? &cpu->steps[cpu->depth - 1] : NULL;

	if (!step)
		return next_debug && next_debug(regs);
	if (!displaced_stepped(&step->pt->insn, step->pt->addr, step->pt->slot.base, regs))
		return true;
	step_end(regs, step->flags);
	cpu->depth--;
	return true;
}

/* Whether an instruction begins at offset `at` of code, which begins with the first one behind the site. */
static bool is_boundary(const u8 *code, u32 len, u32 at)
{
	u32 here = SITE_LEN;
	while (here < at) {
		struct x86_insn in;
		u32 step = x86_decode(&in, code + here, len - here);
		if (!step)
			return false;
		here += step;
	}
	return here == at;
}

static enum err write_slot(struct code *c, void *arg)
{
	const struct kprobe_point *pt = arg;
	displaced_copy(c, &pt->insn.in, pt->insn.bytes, pt->addr);
	return c->err;
}

static enum err make_slot(struct kprobe_point *pt, struct strbuf *log)
{
	pt->slot.name = pt->symbol;
	if (!text_make(&pt->slot, pt->insn.in.len, write_slot, pt)) {
		text_ready(&pt->slot);
		text_changed();
		return OK;
	}
	pt->slot.base = 0;
	return str_refuse(log, ENOMEM, "no memory for a copy of an instruction");
}

static void free_point(struct kprobe_point *pt)
{
	if (pt->slot.base)
		text_free(&pt->slot);
	kfree(pt);
}

/* Finds out all about the instruction, before anything changes. */
static enum err prepare_point(struct kprobe_point *pt, struct strbuf *log)
{
	u32 at = (u32)(pt->addr - pt->func.addr);
	u8 *code;
	enum err e = kprobe_read(&pt->func, &code, log);

	if (e)
		return e;
	if (is_boundary(code, pt->func.len, at))
		e = displaced_prepare(&pt->insn, code + at, pt->func.len - at, pt->addr, log);
	else
		e = str_refuse(log, EINVAL, "%s+0x%x is not the beginning of an instruction", pt->func.name,
			       at);
	kfree(code);
	if (!e && (pt->insn.way == WAY_STEP || pt->insn.way == WAY_STEP_CALL))
		e = make_slot(pt, log);
	return e;
}

static enum err arm(struct kprobe_point *pt, struct strbuf *log)
{
	enum err e;

	kprobe_unoptimise_over(pt->addr);
	point_link(pt);
	e = poke_byte(pt->addr, pt->insn.bytes[0], poke_int3, log);
	if (e) {
		point_unlink(pt);
		smp_sync_cores();
	}
	return e;
}

enum err point_make(struct kprobe_point **out, const struct sym *func, uptr addr, struct strbuf *log)
{
	struct kprobe_point *pt = kzalloc(sizeof(*pt));
	enum err e;

	if (!pt)
		return str_refuse(log, ENOMEM, "no memory for a kprobe");
	pt->addr = addr;
	pt->func = *func;
	str_printf(&STRBUF(pt->symbol), "kprobe_%s+0x%lx", func->name, addr - func->addr);
	e = prepare_point(pt, log);
	if (!e)
		e = arm(pt, log);
	if (e)
		free_point(pt);
	else
		*out = pt;
	return e;
}

/* The syncs of poke_byte wait for the hits that use pt. */
void point_drop(struct kprobe_point *pt)
{
	char text[160];
	struct strbuf log = STRBUF(text);

	kprobe_unoptimise(pt);
	if (poke_byte(pt->addr, poke_int3, pt->insn.bytes[0], &log))
		panic("kprobe: %s", text);
	point_unlink(pt);
	smp_sync_cores();
	pt->dead = dead_points;
	dead_points = pt;
}

u32 point_reap(void)
{
	u32 waiting = 0;
	for (struct kprobe_point **link = &dead_points, *pt; (pt = *link);) {
		if (__atomic_load_n(&pt->users, __ATOMIC_ACQUIRE)) {
			waiting++;
			link = &pt->dead;
			continue;
		}
		*link = pt->dead;
		free_point(pt);
	}
	return waiting;
}

void kprobe_init(void)
{
	static struct audit_source of_points = { .explain = point_explain };
	audit_explain(&of_points);
	poke_set_foreign(kprobe_int3);
	next_debug = trap_set_handler(TRAP_DB, kprobe_debug);
}
