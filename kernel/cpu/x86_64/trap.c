// SPDX-License-Identifier: MIT
// GDT, TSS and IDT of each CPU, and the one dispatcher. A fault is offered, in this order, to the block of
// generated code that it lies in, to __ex_table, and to the vector's handler. A fault that none takes is our
// bug and panics.
#include "kernel/cpu/x86_64/trap.h"
#include "kernel/cpu/cpu.h"
#include "kernel/mem/page.h"
#include "kernel/mem/paging.h"
#include "kernel/cpu/panic.h"
#include "kernel/cpu/smp.h"
#include "kernel/sched/softirq.h"
#include "kernel/mem/text.h"
#include "kernel/lib/sorted.h"

enum { STUB_SIZE = 16 /* ORDER STUBS */, TRAP_MC = 18, FIRST_IRQ = 32 };

/* Stacks for the exceptions that can come while the current stack cannot be trusted (SDM vol. 3, 6.14.5). */
enum { IST_NMI = 1, IST_DF = 2, IST_MC = 3, ISTS = 3, IST_ORDER = 2 };

/* ORDER PT_REGS: the numbers in kernel/cpu/x86_64/entry.asm. */
_Static_assert(offsetof(struct pt_regs, ip) == 128 && offsetof(struct pt_regs, cs) == 136 &&
		   offsetof(struct pt_regs, flags) == 144 && offsetof(struct pt_regs, sp) == 152,
	       "REGS_*");
_Static_assert(NMI_OFFSET == 0x100000, "NMI_MASK");

struct gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_mid;
	u32 offset_high, reserved;
};
_Static_assert(sizeof(struct gate) == 16, "SDM vol. 3, 6.14.1");
enum { INTERRUPT_GATE = 0x8e };

struct tss {
	u32 reserved0;
	u64 rsp[3], reserved1;
	u64 ist[7]; /* ist[0] is IST 1 */
	u64 reserved2;
	u16 reserved3, io_map;
} packed;
_Static_assert(sizeof(struct tss) == 104, "SDM vol. 3, 8.7");

/* The selectors of layout.h, then the TSS in two slots. */
enum { TSS_SELECTOR = 0x18, GDT_SLOTS = 5 };
static const u64 gdt_model[GDT_SLOTS] = { 0, 0x00af9b000000ffff, 0x00cf93000000ffff };

struct table_pointer {
	u16 limit;
	u64 base;
} packed;

extern const u8 trap_stubs[];

static struct gate idt[TRAP_VECTORS];
static u64 gdts[MAX_CPUS][GDT_SLOTS];
static struct tss tsss[MAX_CPUS];

static const char *const exception_names[] = {
	/* ORDER VECTORS */
	"divide error",
	"debug exception",
	"NMI",
	"breakpoint",
	"overflow",
	"bound range",
	"invalid opcode",
	"no FPU",
	"double fault",
	"coprocessor overrun",
	"invalid TSS",
	"no segment",
	"stack segment fault",
	"general protection fault",
	"page fault",
	"exception 15",
	"FPU error",
	"alignment check",
	"machine check",
};

/* Where regs keeps register number 0..15 as instructions encode it. */
static notrace unsigned long *reg_slot(struct pt_regs *r, u32 number)
{
	unsigned long *const slots[16] = { &r->ax,  &r->cx,  &r->dx,  &r->bx, &r->sp,  &r->bp,
					   &r->si,  &r->di,  &r->r8,  &r->r9, &r->r10, &r->r11,
					   &r->r12, &r->r13, &r->r14, &r->r15 };
	return number < array_len(slots) ? slots[number] : NULL;
}

/* Out of line, so that other traps do not save the registers that it needs. */
static __attribute__((noinline)) notrace bool fix_generated(struct pt_regs *regs)
{
	const struct text *t = text_find(regs->ip);
	if (!t || !t->fixups)
		return false;
	u32 at = (u32)(regs->ip - t->base);
	u32 i = lower_bound(t->fixups, t->fixup_count, at, at);
	if (i == t->fixup_count || t->fixups[i].at != at)
		return false;
	unsigned long *dst = reg_slot(regs, t->fixups[i].dst_reg);
	if (dst)
		*dst = 0;
	if (t->faulted)
		t->faulted(t, at);
	regs->ip = t->base + t->fixups[i].resume;
	return true;
}

static notrace bool fix_probe(struct pt_regs *regs)
{
	for (const struct ex_row *row = ex_table_start; row < ex_table_end; row++) {
		if (row->at == regs->ip) {
			regs->ip = row->resume;
			if (row->told)
				row->told((const void *)regs->bx, (void *)regs->r13);
			return true;
		}
	}
	return false;
}

static noreturn void unclaimed(struct pt_regs *regs, u32 vector)
{
	const char *name = vector < array_len(exception_names) ? exception_names[vector] : "exception";
	uptr cr2 = read_cr2();
	if (vector == TRAP_DF && cr2 - (regs->sp - PAGE_SIZE) < 2 * PAGE_SIZE)
		panic_regs(regs, "trap: stack overflow: sp 0x%lx", regs->sp);
	if (vector == TRAP_PF)
		panic_regs(regs, "trap: page fault: %s 0x%lx, which %s",
			   regs->orig_ax & 16  ? "execution at"
			   : regs->orig_ax & 2 ? "write to"
					       : "read of",
			   cr2, regs->orig_ax & 1 ? "is protected" : "is not mapped");
	panic_regs(regs, "trap: %s (vector %u, error code 0x%lx)", name, vector, regs->orig_ax);
}

static notrace void dispatch_exception(struct pt_regs *regs, u32 vector)
{
	if ((vector == TRAP_PF || vector == TRAP_GP) && (fix_generated(regs) || fix_probe(regs)))
		return;
	trap_handler *handler = read_once(trap_handlers[vector]);
	if (!handler || !handler(regs))
		unclaimed(regs, vector);
}

notrace void trap_dispatch(struct pt_regs *regs, u32 vector)
{
	if (vector == TRAP_NMI) {
		nmi_enter();
		dispatch_exception(regs, vector);
		nmi_exit();
		return;
	}
	if (vector < FIRST_IRQ) {
		dispatch_exception(regs, vector);
		return;
	}
	irq_enter();
	trap_handler *handler = read_once(trap_handlers[vector]);
	if (handler)
		handler(regs); /* an interrupt without a handler is spurious, and harmless */
	irq_exit(regs);
}

void regs_print(struct strbuf *s, const struct pt_regs *r)
{
	str_printf(s, "   ip %016lx  sp %016lx  bp %016lx  flags %08lx\n", r->ip, r->sp, r->bp, r->flags);
	str_printf(s, "   ax %016lx  bx %016lx  cx %016lx     dx %016lx\n", r->ax, r->bx, r->cx, r->dx);
	str_printf(s, "   si %016lx  di %016lx  r8 %016lx     r9 %016lx\n", r->si, r->di, r->r8, r->r9);
	str_printf(s, "  r10 %016lx r11 %016lx r12 %016lx    r13 %016lx\n", r->r10, r->r11, r->r12, r->r13);
	str_printf(s, "  r14 %016lx r15 %016lx  cs %04lx ss %04lx\n", r->r14, r->r15, r->cs, r->ss);
}

static void set_gate(u32 vector, u8 ist)
{
	uptr at = (uptr)trap_stubs + vector * STUB_SIZE;
	idt[vector] = (struct gate){ .offset_low = (u16)at,
				     .selector = KERNEL_CS,
				     .ist = ist,
				     .type = INTERRUPT_GATE,
				     .offset_mid = (u16)(at >> 16),
				     .offset_high = (u32)(at >> 32) };
}

static void load_idt(void)
{
	struct table_pointer p = { sizeof(idt) - 1, (u64)idt };
	__asm__ volatile("lidt %0" ::"m"(p));
}

void trap_init(void)
{
	for (u32 v = 0; v < TRAP_VECTORS; v++)
		set_gate(v, 0);
	load_idt();
}

/* Allocates a stack above an unmapped page. Returns its top. */
static u64 ist_stack(void)
{
	u8 *block = page_alloc(IST_ORDER);
	if (!block || paging_protect((uptr)block, 1, PAGE_NONE) != OK)
		panic("trap: no memory for a CPU's exception stacks");
	return (u64)block + ((u64)PAGE_SIZE << IST_ORDER);
}

/* SDM vol. 3, 8.2.3: a system descriptor takes 16 bytes in 64-bit mode. */
static void set_tss_descriptor(u64 *slot, const struct tss *tss)
{
	u64 base = (u64)tss, limit = sizeof(*tss) - 1;
	slot[0] = limit | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
	slot[1] = base >> 32;
}

static void load_gdt(u64 *gdt)
{
	struct table_pointer p = { sizeof(gdts[0]) - 1, (u64)gdt };
	__asm__ volatile("lgdt %0\n\t"
			 "pushq %1\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:\n\t"
			 "movw %w2, %%ds\n\t"
			 "movw %w2, %%es\n\t"
			 "movw %w2, %%ss\n\t"
			 "ltr %w3" ::"m"(p),
			 "i"(KERNEL_CS), "r"(KERNEL_DS), "r"(TSS_SELECTOR)
			 : "rax", "memory");
}

void trap_init_cpu(void)
{
	u32 id = smp_processor_id();
	struct tss *tss = &tsss[id];
	*tss = (struct tss){ .io_map = sizeof(*tss) };
	for (u32 i = 0; i < ISTS; i++)
		tss->ist[i] = ist_stack();
	for (u32 i = 0; i < GDT_SLOTS; i++)
		gdts[id][i] = gdt_model[i];
	set_tss_descriptor(&gdts[id][TSS_SELECTOR / 8], tss);
	load_gdt(gdts[id]);
	load_idt();
	set_gate(TRAP_NMI, IST_NMI);
	set_gate(TRAP_DF, IST_DF);
	set_gate(TRAP_MC, IST_MC);
}
