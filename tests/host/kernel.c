// SPDX-License-Identifier: MIT
// The few kernel services that vm/ and tramp/ need, on top of libc: one CPU at a time, no scheduler.
#include <asm/prctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/lock.h"
#include "kernel/cpu/panic.h"
#include "kernel/io/print.h"
#include "kernel/sched/task.h"
#include "kernel/sched/sched.h"
#include "kernel/cpu/ipi.h"
#include "kernel/cpu/smp.h"
#include "kernel/mem/sym.h"
#include "kernel/sched/timer.h"
#include "kernel/trace/trace.h"
#include "tests/host/host.h"
#include "tests/host/text.h"
#include "vm/compile.h"
#include "vm/object.h"
#include "vm/run/kfunc.h"

struct cpu cpus[MAX_CPUS];
static u8 host_stack[STACK_SIZE]; /* a task must have one; ours, which libc made, is not there */
static struct task_struct host_task = {
	.stack = host_stack, .pid = 42, .tgid = 42, .prio = 120, .comm = "host"
};
static u32 slept;
static char trace_text[8192];
static struct strbuf trace_lines = STRBUF(trace_text);

void kputs(const char *text, u32 len)
{
	fwrite(text, 1, len, stdout);
	fflush(stdout);
}

void kprintf(const char *fmt, ...)
{
	char text[1024];
	struct strbuf s = STRBUF(text);
	va_list args;
	va_start(args, fmt);
	str_vprintf(&s, fmt, args);
	va_end(args);
	kputs(s.buf, s.len);
}

void panic(const char *fmt, ...)
{
	char text[1024];
	struct strbuf s = STRBUF(text);
	va_list args;
	va_start(args, fmt);
	str_vprintf(&s, fmt, args);
	va_end(args);
	fprintf(stderr, "panic: %s\n", text);
	abort();
}

void trace_write(const char *who, const char *message, u32 len)
{
	str_printf(&trace_lines, "%s: %.*s\n", who, (int)len, message);
}

const char *host_trace(void)
{
	return trace_text;
}

void host_trace_clear(void)
{
	trace_lines = (struct strbuf)STRBUF(trace_text);
	trace_text[0] = 0;
}

u64 ktime_get_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

bool ktime_scale(struct ktime_scale *scale unused)
{
	return false;
}

/* Tests use several CPUs one after the other, so a lock that is taken is a lock held twice. */
void spin_lock(spinlock_t *lock)
{
	assert(!lock->locked);
	lock->locked = 1;
}

void spin_unlock(spinlock_t *lock)
{
	assert(lock->locked);
	lock->locked = 0;
}

uptr spin_lock_irqsave(spinlock_t *lock)
{
	spin_lock(lock);
	return 0;
}

void spin_unlock_irqrestore(spinlock_t *lock, uptr flags unused)
{
	spin_unlock(lock);
}

void mutex_init(struct mutex *m)
{
	m->owner = NULL;
}

void mutex_lock(struct mutex *m)
{
	assert(!m->owner);
	m->owner = current;
}

void mutex_unlock(struct mutex *m)
{
	assert(m->owner == current);
	m->owner = NULL;
}

void preempt_schedule(void) {}

void msleep(u32 ms)
{
	slept += ms;
}

u32 host_slept(void)
{
	return slept;
}

void smp_sync_cores(void) {}

struct task_struct init_task;

/* Of the kernel's symbols a few. */
bool sym_named(const char *name, struct sym *sym)
{
	static const struct sym functions[] = {
		{ (uptr)msleep, 1, "msleep", false },
		{ (uptr)bpf_session_cookie, 1, "bpf_session_cookie", false },
	};
	for (u32 i = 0; i < array_len(functions); i++) {
		*sym = functions[i];
		if (strcmp(sym->name, name) == 0)
			return true;
	}
	return false;
}

void sym_print(struct strbuf *s, uptr addr)
{
	struct sym sym;
	if (sym_named("msleep", &sym) && addr - sym.addr < 16)
		str_printf(s, "%s+0x%lx", sym.name, addr - sym.addr);
	else
		str_printf(s, "0x%lx", addr);
}

bool sym_variable(const char *name, uptr *addr)
{
	*addr = (uptr)&init_task;
	return strcmp(name, "init_task") == 0;
}

u32 cpu_count(void)
{
	return 4;
}

void host_set_cpu(u32 cpu)
{
	if (syscall(SYS_arch_prctl, ARCH_SET_GS, &cpus[cpu]))
		panic("arch_prctl(ARCH_SET_GS) failed");
}

void *host_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	void *data = NULL;
	if (!f)
		return NULL;
	fseek(f, 0, SEEK_END);
	*len = (size_t)ftell(f);
	rewind(f);
	data = kmalloc(max(*len, (size_t)1));
	if (data && fread(data, 1, *len, f) != *len) {
		kfree(data);
		data = NULL;
	}
	fclose(f);
	return data;
}

void host_init(void)
{
	for (u32 i = 0; i < MAX_CPUS; i++) {
		cpus[i].self = &cpus[i];
		cpus[i].id = i;
		*(struct task_struct **)((u8 *)&cpus[i] + CPU_CURRENT) = &host_task;
		cpus[i].preempt_count = 0x80000001; /* never 0: there is no task to switch to */
	}
	host_set_cpu(0);
	kfree(kmalloc(1)); /* the heap takes its place before libc's grows into it */
	host_text_init();
	compile_init();
}

bool host_kernel_btf(void)
{
	static struct btf btf;
	char text[128];
	struct strbuf log = STRBUF(text);
	size_t len;
	if (!btf.count) {
		void *blob = host_file("build/fivebyte.btf", &len);
		if (!blob || btf_open(&btf, blob, (u32)len, &log))
			return false;
	}
	vm_init(&btf);
	return true;
}
