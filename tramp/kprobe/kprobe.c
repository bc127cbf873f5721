// SPDX-License-Identifier: MIT
// The probed instructions, what happens when a CPU meets one, and how probes come and go.
//
// A hit looks its point up in a hash table without a lock. It does so with interrupts off, from the int3 to
// the end of the single step, so a sync of all CPUs (which interrupts them) waits for every hit under way:
// behind it, what was unlinked before it is nobody's any more.
#include "tramp/kprobe/kprobe.h"
#include "kernel/cpu/cpu.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/cpu/panic.h"
#include "kernel/cpu/smp.h"
#include "kernel/cpu/trap.h"
#include "tramp/text/audit.h"
#include "tramp/ftrace/ftrace.h"
#include "tramp/ftrace/caller.h"
#include "tramp/image.h"
#include "tramp/kprobe/arch.h"
#include "tramp/text/poke_arch.h"
#include "tramp/tramp.h"

enum { BUCKETS = 256, STEPS = 3 /* a step, and one in an NMI that came meanwhile, and one to spare */ };

static struct kprobe_point *buckets[BUCKETS];
static struct kprobe_point *dead_points; /* under tramp_lock */

/* This CPU's; interrupts are off where they are used. */
static struct on_cpu {
	bool in_handler;
	u32 depth;
	struct single_step {
		const struct kprobe_point *pt;
		uptr flags;
	} steps[STEPS];
} on_cpus[MAX_CPUS];

static trap_handler *next_debug; /* who had the debug exception before */

/* --- A hit ---------------------------------------------------------------------------------------- */

static notrace struct kprobe_point **bucket_of(uptr addr)
{
	return &buckets[(addr ^ addr >> 8) % BUCKETS];
}

static notrace struct kprobe_point *find_point(uptr addr)
{
	struct kprobe_point *pt = read_once(*bucket_of(addr));
	while (pt && pt->addr != addr)
		pt = read_once(pt->next);
	return pt;
}

static notrace void count_missed(const struct kprobe_point *pt)
{
	for (struct kprobe *p = read_once(pt->probes); p; p = read_once(p->next))
		__atomic_fetch_add(&p->missed, 1, __ATOMIC_RELAXED);
}

notrace bool kprobe_enter(void)
{
	struct on_cpu *cpu = &on_cpus[smp_processor_id()];
	if (cpu->in_handler)
		return false;
	cpu->in_handler = true;
	compiler_barrier();
	return true;
}

notrace void kprobe_leave(void)
{
	compiler_barrier();
	on_cpus[smp_processor_id()].in_handler = false;
}

/* Interrupts are off. */
static notrace void call_handlers(const struct kprobe_point *pt, struct pt_regs *regs)
{
	if (!kprobe_enter()) {
		count_missed(pt);
		return;
	}
	for (struct kprobe *p = read_once(pt->probes); p; p = read_once(p->next)) {
		p->pre_handler(p, regs);
		regs->ip = pt->addr;
	}
	kprobe_leave();
}

notrace void kprobe_detour_hit(struct kprobe_point *pt, struct pt_regs *regs)
{
	uptr flags = irq_save();
	call_handlers(pt, regs);
	irq_restore(flags);
}

static notrace void begin_step(const struct kprobe_point *pt, struct pt_regs *regs)
{
	struct on_cpu *cpu = &on_cpus[smp_processor_id()];
	if (cpu->depth == STEPS)
		panic("kprobe: %u single steps in each other at 0x%lx", STEPS, pt->addr);
	cpu->steps[cpu->depth++] = (struct single_step){ pt, step_begin(regs) };
}

/* Once a jump is coming or in place, the instructions behind the probed one are run in the detour too:
 * nobody goes on among the bytes that the jump takes. */
static notrace bool kprobe_int3(struct pt_regs *regs)
{
	uptr addr = poke_trap_addr(regs);
	struct kprobe_point *pt = find_point(addr);
	uptr copies;

	if (!pt)
		return false;
	regs->ip = addr;
	call_handlers(pt, regs);
	copies = read_once(pt->copies);
	if (copies)
		regs->ip = copies;
	else if (!displaced_run(&pt->insn, pt->slot.base, regs))
		begin_step(pt, regs);
	return true;
}

/* The debug exception. One that was not begun here is passed on. */
static notrace bool kprobe_debug(struct pt_regs *regs)
{
	struct on_cpu *cpu = &on_cpus[smp_processor_id()];
	const struct single_step *step = cpu->depth ? &cpu->steps[cpu->depth - 1] : NULL;

	if (!step)
		return next_debug && next_debug(regs);
	if (!displaced_stepped(&step->pt->insn, step->pt->addr, step->pt->slot.base, regs))
		return true;
	step_end(regs, step->flags);
	cpu->depth--;
	return true;
}

/* --- Points ---------------------------------------------------------------------------------------- */

bool kprobe_within(uptr from, uptr to)
{
	for (uptr addr = from; addr < to; addr++)
		if (find_point(addr))
			return true;
	return false;
}

static void restore_bytes(const struct kprobe_point *pt, const struct sym *func, u8 *code)
{
	u32 at = (u32)(pt->addr - func->addr);
	if (pt->func.addr != func->addr)
		return;
	if (pt->covered)
		memcpy(code + at, pt->old, SITE_LEN);
	else
		code[at] = pt->insn.bytes[0];
}

enum err kprobe_read(const struct sym *func, u8 **code, struct strbuf *log)
{
	*code = kmalloc(func->len);
	if (!*code)
		return str_refuse(log, ENOMEM, "no memory to read %s", func->name);
	memcpy(*code, (const void *)func->addr, func->len);
	for (u32 i = 0; i < BUCKETS; i++)
		for (const struct kprobe_point *pt = buckets[i]; pt; pt = pt->next)
			restore_bytes(pt, func, *code);
	return OK;
}

/* Whether an instruction begins at offset `at`, counted from the function's first one behind the site. */
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

static enum err make_slot(struct kprobe_point *pt, struct strbuf *log)
{
	u8 buf[X86_MAX_LEN];
	struct code c = { .buf = buf, .cap = sizeof(buf) };

	pt->slot.name = pt->symbol;
	if (text_alloc(&pt->slot, pt->insn.in.len)) {
		pt->slot.base = 0;
		return str_refuse(log, ENOMEM, "no memory for a copy of an instruction");
	}
	c.base = pt->slot.base;
	displaced_copy(&c, &pt->insn.in, pt->insn.bytes, pt->addr);
	assert(!c.err);
	text_write(pt->slot.base, buf, c.len);
	return OK;
}

static void free_point(struct kprobe_point *pt)
{
	if (pt->slot.base)
		text_free(&pt->slot);
	kfree(pt);
}

/* Everything about the instruction at func + offset, before anything is changed. */
static enum err prepare_point(struct kprobe_point *pt, const u8 *code, struct strbuf *log)
{
	u32 at = (u32)(pt->addr - pt->func.addr);
	enum err e;

	if (!is_boundary(code, pt->func.len, at))
		return str_refuse(log, EINVAL, "%s+0x%x is not the beginning of an instruction",
				  pt->func.name, at);
	e = displaced_prepare(&pt->insn, code + at, pt->func.len - at, pt->addr, log);
	if (!e && (pt->insn.way == WAY_STEP || pt->insn.way == WAY_STEP_CALL))
		e = make_slot(pt, log);
	return e;
}

static enum err new_point(struct kprobe_point **out, const struct sym *func, uptr addr, struct strbuf *log)
{
	struct kprobe_point *pt = kzalloc(sizeof(*pt));
	u8 *code = NULL;
	enum err e;

	if (!pt)
		return str_refuse(log, ENOMEM, "no memory for a kprobe");
	pt->addr = addr;
	pt->func = *func;
	str_printf(&STRBUF(pt->symbol), "kprobe_%s+0x%lx", func->name, addr - func->addr);
	e = kprobe_read(func, &code, log);
	if (!e)
		e = prepare_point(pt, code, log);
	kfree(code);
	if (e)
		free_point(pt);
	else
		*out = pt;
	return e;
}

/* The jumps whose five bytes, or the displaced instructions, reach over addr. */
static void unoptimise_over(uptr addr)
{
	for (u32 back = 1; back < SITE_LEN + X86_MAX_LEN; back++) {
		struct kprobe_point *pt = find_point(addr - back);
		if (pt && pt->covered > back)
			kprobe_unoptimise(pt);
	}
}

static void unlink_point(struct kprobe_point *pt)
{
	struct kprobe_point **link = bucket_of(pt->addr);
	while (*link != pt)
		link = &(*link)->next;
	write_once(*link, pt->next);
}

static enum err arm(struct kprobe_point *pt, struct strbuf *log)
{
	struct kprobe_point **bucket = bucket_of(pt->addr);
	enum err e;

	unoptimise_over(pt->addr);
	pt->next = *bucket;
	__atomic_store_n(bucket, pt, __ATOMIC_RELEASE);
	e = poke_byte(pt->addr, pt->insn.bytes[0], poke_int3, log);
	if (e) {
		unlink_point(pt);
		smp_sync_cores();
	}
	return e;
}

/* Those that no image knows any more. */
static u32 free_dead_points(void)
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

/* The last probe is gone. Its syncs wait for the hits that know it. */
static void disarm(struct kprobe_point *pt)
{
	char text[160];
	struct strbuf log = STRBUF(text);

	kprobe_unoptimise(pt);
	if (poke_byte(pt->addr, poke_int3, pt->insn.bytes[0], &log))
		panic("kprobe: %s", text);
	unlink_point(pt);
	smp_sync_cores();
	pt->dead = dead_points;
	dead_points = pt;
}

/* --- Probes ---------------------------------------------------------------------------------------- */

static enum err find_place(struct kprobe *p, struct sym *func, struct strbuf *log)
{
	if (p->symbol) {
		if (!sym_named(p->symbol, func))
			return str_refuse(log, ENOENT, "no function is called %s", p->symbol);
		p->addr = func->addr + p->offset;
	} else if (!sym_at(p->addr, func)) {
		return str_refuse(log, ENOENT, "0x%lx lies in no function", p->addr);
	}
	if (p->addr - func->addr >= func->len)
		return str_refuse(log, EINVAL, "%s has only %u bytes", func->name, func->len);
	if (!site_at(func->addr))
		return str_refuse(log, EOPNOTSUPP,
				  "%s cannot be probed: it is notrace or written in assembly", func->name);
	return OK;
}

static enum err check_offset(u32 offset, enum kprobe_how how, struct strbuf *log)
{
	if (offset >= SITE_LEN && how == KPROBE_FTRACE)
		str_printf(log, "ftrace has only a function's entry, not what is behind it");
	else if (offset && offset < SITE_LEN)
		str_printf(log, "the first %u bytes are the site's: offset 0 or %u and up", SITE_LEN,
			   SITE_LEN);
	else if (!offset && how != KPROBE_AUTO && how != KPROBE_FTRACE)
		str_printf(log, "the entry is the site's; offset %u is the first instruction behind it",
			   SITE_LEN);
	else
		return OK;
	return EINVAL;
}

static void append_probe(struct kprobe_point *pt, struct kprobe *p)
{
	struct kprobe **link = &pt->probes;
	while (*link)
		link = &(*link)->next;
	p->next = NULL;
	p->point = pt;
	__atomic_store_n(link, p, __ATOMIC_RELEASE);
}

/* On return no hit knows p any more. */
static void remove_probe(struct kprobe *p)
{
	struct kprobe_point *pt = p->point;
	struct kprobe **link = &pt->probes;
	while (*link != p)
		link = &(*link)->next;
	write_once(*link, p->next);
	p->point = NULL;
	if (pt->probes)
		smp_sync_cores();
	else
		disarm(pt);
}

/* By int3, then, if wanted, by a jump. */
static enum err add_inside(struct kprobe *p, const struct sym *func, enum kprobe_how how, struct strbuf *log)
{
	struct kprobe_point *pt = find_point(p->addr);
	bool is_new = !pt;
	enum err e = is_new ? new_point(&pt, func, p->addr, log) : OK;

	if (e)
		return e;
	append_probe(pt, p);
	e = is_new ? arm(pt, log) : OK;
	if (e) {
		free_point(pt);
		p->point = NULL;
		return e;
	}
	if (how == KPROBE_INT3) {
		kprobe_unoptimise(pt);
		return OK;
	}
	struct strbuf why = STRBUF(pt->why);
	if (!pt->detour)
		e = kprobe_optimise(pt, &why);
	if (!e || how != KPROBE_JUMP)
		return OK;
	str_puts(log, pt->why);
	remove_probe(p);
	return e;
}

/* p at an entry is left to kprobe_add_entry. */
static enum err add_locked(struct kprobe *p, enum kprobe_how how, struct strbuf *log)
{
	struct sym func;
	enum err e;

	free_dead_points();
	p->missed = 0;
	p->point = NULL;
	p->ops = NULL;
	e = find_place(p, &func, log);
	if (!e)
		e = check_offset((u32)(p->addr - func.addr), how, log);
	if (e || p->addr == func.addr)
		return e;
	return add_inside(p, &func, how, log);
}

enum err kprobe_parse(struct kprobe *p, char symbol[KPROBE_SYMBOL_LEN], const char *place, bool at_return,
		      struct strbuf *log)
{
	struct strbuf name = { .buf = symbol, .cap = KPROBE_SYMBOL_LEN };
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

enum err register_kprobe(struct kprobe *p, enum kprobe_how how, struct strbuf *log)
{
	enum err e;

	tramp_lock();
	e = add_locked(p, how, log);
	tramp_unlock();
	return e || p->point ? e : kprobe_add_entry(p, log);
}

void unregister_kprobe(struct kprobe *p)
{
	if (p->ops) {
		kprobe_remove_entry(p);
		return;
	}
	tramp_lock();
	remove_probe(p);
	image_reap(); /* its detour, in which most often nobody is */
	free_dead_points();
	tramp_unlock();
}

enum kprobe_how kprobe_how(const struct kprobe *p)
{
	if (p->ops)
		return KPROBE_FTRACE;
	return p->point->detour ? KPROBE_JUMP : KPROBE_INT3;
}

const char *kprobe_how_name(enum kprobe_how how)
{
	static const char *const names[] = { "auto", "int3", "jump", "ftrace" };
	return names[how];
}

const char *kprobe_why_no_jump(const struct kprobe *p)
{
	return p->point ? p->point->why : "";
}

struct kprobe_cost kprobe_cost(const struct kprobe *p)
{
	const struct kprobe_point *pt = p->point;
	struct kprobe_cost cost;

	if (p->ops) {
		struct ftrace_caller_info info = ftrace_caller_info(true);
		return (struct kprobe_cost){ info.stack, info.registers, p->ops->own->text.len };
	}
	cost = pt->detour ? detour_cost : int3_cost;
	cost.code = pt->detour ? pt->detour->text.len : pt->slot.base ? pt->slot.len : 0;
	return cost;
}

u32 kprobe_reap(void)
{
	u32 waiting;
	tramp_lock();
	image_reap();
	waiting = free_dead_points();
	tramp_unlock();
	return waiting;
}

/* For the auditor: what stands in the text because of probes. */
static void explain_points(void)
{
	for (u32 i = 0; i < BUCKETS; i++) {
		for (const struct kprobe_point *pt = buckets[i]; pt; pt = pt->next) {
			u8 jmp[SITE_LEN];
			if (pt->detour)
				poke_make_jmp(jmp, pt->addr, pt->detour->text.base);
			audit_place(pt->addr, pt->detour ? jmp : &poke_int3, pt->detour ? SITE_LEN : 1);
		}
	}
}

static struct audit_source audit_source = { .explain = explain_points };

void kprobe_init(void)
{
	audit_explain(&audit_source);
	poke_set_foreign(kprobe_int3);
	next_debug = trap_set_handler(TRAP_DB, kprobe_debug);
}
