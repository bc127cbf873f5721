// SPDX-License-Identifier: MIT
// The table of contents: the system in the order in which it starts. boot/start.asm calls kmain on the first
// CPU, with one stack, interrupts off, and the page tables that stay.
#include "kernel/cpu/acpi.h"
#include "kernel/cpu/apic.h"
#include "kernel/cpu/ipi.h"
#include "kernel/io/blobs.h"
#include "kernel/io/boot_info.h"
#include "kernel/io/console.h"
#include "kernel/lib/btf.h"
#include "kernel/net/net.h"
#include "kernel/mem/page.h"
#include "kernel/mem/paging.h"
#include "kernel/cpu/panic.h"
#include "kernel/io/power.h"
#include "kernel/cpu/report.h"
#include "kernel/io/print.h"
#include "kernel/sched/rcu.h"
#include "kernel/io/screen.h"
#include "kernel/io/serial.h"
#include "shell/shell.h"
#include "kernel/cpu/smp.h"
#include "kernel/sched/softirq.h"
#include "kernel/sched/task.h"
#include "kernel/mem/text.h"
#include "kernel/sched/timer.h"
#include "kernel/net/traffic.h"
#include "kernel/net/udp.h"
#include "kernel/cpu/trap.h"
#include "kernel/sched/work.h"
#include "tests/test.h"
#include "attach/blame.h"
#include "tramp/ftrace/ftrace.h"
#include "tramp/image.h"
#include "tramp/kprobe/kprobe.h"
#include "tramp/text/poke.h"
#include "tramp/text/site.h"
#include "tramp/text/tracepoint.h"
#include "tramp/tramp.h"
#include "vm/object.h"
#include "vm/prog.h"

static struct acpi acpi;

static void say_hello(void)
{
	u32 free, total;
	if (boot_option("quiet"))
		return;
	page_usage(&free, &total);
	kprintf("fivebyte: %u CPU%s, %u MiB of memory, started by %s\n", cpu_count(),
		cpu_count() == 1 ? "" : "s", total / 256, boot_info.loader);
}

/* Reads the kernel's own types, and then starts what is built on them. */
static void start_tracing(void)
{
	static struct btf btf;
	char text[160];
	struct strbuf log = STRBUF(text);
	if (btf_open(&btf, kernel_btf_start, (u32)(kernel_btf_end - kernel_btf_start), &log) != OK)
		panic("the kernel's own BTF: %s", text);
	text_init();         /* a copy of all text as it was built */
	site_init(&btf);     /* each function's five bytes are a site */
	poke_init();         /* code can change while CPUs execute it */
	kprobe_init();       /* a breakpoint may be a probe */
	image_init();        /* generated code is freed when it is left */
	tramp_init();        /* functions can have trampolines */
	tramp_audit_init();  /* the auditor knows trampolines */
	ftrace_init();       /* functions can have callbacks */
	tracepoint_init();   /* each tracepoint is checked, and off */
	vm_init(&btf);       /* programs can be loaded */
	attach_blame_init(); /* a panic names the programs that it finds */
}

/* Does what the boot command line asks for. */
static void noreturn run(void)
{
	const char *pattern = boot_option("test");
	if (pattern)
		machine_exit(tests_run(*pattern ? pattern : NULL));
	shell_start();
}

/* pid 1: starts everything that needs a task. */
static int init(void *arg unused)
{
	rcu_init();       /* rcu_preempt waits for readers */
	smp_start(&acpi); /* all CPUs run */
	softirq_init();   /* ksoftirqd on each CPU */
	work_init();      /* kworkers on each CPU */
	net_init();       /* packets have queues */
	udp_init();       /* IPv4 packets have a receiver */
	traffic_init();   /* threads receive from sockets */
	console_init();   /* keys arrive by interrupt */
	start_tracing();
	say_hello();
	run();
}

/* Pages that start-up takes (2 MiB of them in one piece, for generated text), and a few to work with. */
enum { PAGES_NEEDED = 1536, PAGES_NEEDED_PER_CPU = 64 };

/* Checks once that there is enough memory. Without this, start-up could stop in any of twenty places. */
static void check_memory(u32 cpus)
{
	u32 free, total, needed = PAGES_NEEDED + cpus * PAGES_NEEDED_PER_CPU;
	page_usage(&free, &total);
	if (total >= needed)
		return;
	kprintf("fivebyte needs %u KiB of memory behind its image for %u CPU%s; here are %u KiB.\n",
		needed * (PAGE_SIZE / 1024), cpus, cpus == 1 ? "" : "s", total * (PAGE_SIZE / 1024));
	machine_exit(false);
}

static const void *map_physical(u64 phys, u32 len)
{
	return paging_map_io(phys, len);
}

static void find_cpus(void)
{
	char text[160];
	struct strbuf log = STRBUF(text);
	const void *rsdp = boot_info.rsdp ? boot_info.rsdp : acpi_find_rsdp(map_physical);
	if (acpi_read(&acpi, rsdp, map_physical, &log) != OK)
		kprintf("acpi: %s; going on with one CPU\n", text);
}

notrace void kmain(u32 magic, uptr info);
notrace void kmain(u32 magic, uptr info)
{
	smp_init_boot_cpu(&init_task);
	serial_init();               /* messages can be seen */
	screen_init();               /* also on the screen */
	report_init();               /* a panic can report */
	trap_init();                 /* exceptions are caught */
	boot_info_init(magic, info); /* what the boot loader says */
	paging_init();               /* the identity map of boot is gone */
	page_init();                 /* pages can be allocated */
	check_memory(1);
	trap_init_cpu(); /* exceptions have stacks of their own */

	find_cpus();
	check_memory(acpi.cpu_count);
	apic_init(&acpi, map_physical); /* the interrupt controllers are known */
	apic_init_cpu();                /* this CPU takes interrupts */
	ipi_init();                     /* CPUs can call each other */
	task_init();                    /* this CPU runs its idle task */
	timer_init();                   /* time passes, and timers end */
	task_start(init);               /* init runs; this does not return */
}
