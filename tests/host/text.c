// SPDX-License-Identifier: MIT
// kernel/mem/text.h on the host. Text memory is one file mapped twice: read+execute below 2 GiB, where it
// runs, and read+write elsewhere, as in the kernel. For faults of compiled programs and of
// kernel/cpu/probe.h, a SIGSEGV handler does here what #PF does in the kernel.
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>
#include "kernel/layout.h"
#include "kernel/lib/code.h"
#include "kernel/lib/mem.h"
#include "kernel/cpu/panic.h"
#include "kernel/mem/text.h"
#include "tests/host/text.h"

#define TEXT_BASE 0x10000000ul
#define TEXT_LEN  (32ul << 20)

static u8 *writable;              /* the second mapping */
static struct text *blocks[4096]; /* by address */
static u32 block_count;
static struct sigaction old_segv, old_bus;
extern const struct row { /* an instruction, where to go on, whom it is told */
	u64 at, resume;
	void (*told)(const void *where, void *whose);
} __start___ex_table[], __stop___ex_table[];

enum err text_alloc(struct text *t, u32 len)
{
	uptr base = TEXT_BASE;
	u32 i = 0;
	if (!len || len > 16u << 20 || block_count == array_len(blocks))
		return ENOMEM;
	for (; i < block_count && blocks[i]->base - base < len; i++)
		base = align_up(blocks[i]->base + blocks[i]->len, (uptr)TEXT_ALIGN);
	if (len > TEXT_BASE + TEXT_LEN - base)
		return ENOMEM;
	memmove(blocks + i + 1, blocks + i, (block_count++ - i) * sizeof(blocks[0]));
	blocks[i] = t;
	t->base = base;
	t->len = len;
	return OK;
}

/* No GDB looks on. */
void text_ready(unused struct text *t) {}

void text_changed(void) {}

void text_free(struct text *t)
{
	u32 i = 0;
	while (i < block_count && blocks[i] != t)
		i++;
	assert(i < block_count);
	memmove(blocks + i, blocks + i + 1, (--block_count - i) * sizeof(blocks[0]));
	memset(writable + (t->base - TEXT_BASE), 0xcc, t->len);
}

/* Functions of the test binary itself are text too: a test may patch a site of its own. */
static void write_own_code(uptr at, const void *bytes, u32 len)
{
	uptr first = align_down(at, 4096ul), end = align_up(at + len, 4096ul);
	assert(mprotect((void *)first, end - first, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
	memcpy((void *)at, bytes, len);
	assert(mprotect((void *)first, end - first, PROT_READ | PROT_EXEC) == 0);
}

void text_write(uptr at, const void *bytes, u32 len)
{
	if (at >= TEXT_BASE && at + len <= TEXT_BASE + TEXT_LEN)
		memcpy(writable + (at - TEXT_BASE), bytes, len);
	else
		write_own_code(at, bytes, len);
}

struct text *text_find(uptr addr)
{
	for (u32 i = 0; i < block_count; i++)
		if (addr - blocks[i]->base < blocks[i]->len)
			return blocks[i];
	return NULL;
}

void text_usage(u32 *bytes, u32 *count)
{
	*bytes = 0;
	*count = block_count;
	for (u32 i = 0; i < block_count; i++)
		*bytes += blocks[i]->len;
}

enum err text_make(struct text *t, u32 max, text_writer *write, void *arg)
{
	enum err e = text_alloc(t, max);
	if (e)
		return e;
	struct code c = { .buf = writable + (t->base - TEXT_BASE), .base = t->base, .cap = max };
	e = write(&c, arg);
	if (e)
		text_free(t);
	else
		t->len = c.len;
	return e;
}

/* x86 register numbers to places in the signal's context. */
static const u8 reg_index[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
				  REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };

static bool apply_fixup(greg_t *regs)
{
	uptr ip = (uptr)regs[REG_RIP];
	const struct text *t = text_find(ip);
	for (u32 i = 0; t && i < t->fixup_count; i++) {
		const struct text_fixup *f = &t->fixups[i];
		if (t->base + f->at != ip)
			continue;
		if (f->dst_reg < 16)
			regs[reg_index[f->dst_reg]] = 0;
		if (t->faulted)
			t->faulted(t, f->at);
		regs[REG_RIP] = (greg_t)(t->base + f->resume);
		return true;
	}
	return false;
}

/* kernel/cpu/x86_64/probe.c's. */
static bool apply_ex_table(greg_t *regs)
{
	for (const struct row *row = __start___ex_table; row < __stop___ex_table; row++) {
		if (row->at != (u64)regs[REG_RIP])
			continue;
		regs[REG_RIP] = (greg_t)row->resume;
		if (row->told)
			row->told((const void *)regs[REG_RBX], (void *)regs[REG_R13]);
		return true;
	}
	return false;
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
	struct sigaction *old = signal == SIGSEGV ? &old_segv : &old_bus;
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	if (apply_ex_table(regs) || apply_fixup(regs))
		return;
	if (old->sa_flags & SA_SIGINFO) /* the sanitizer's report */
		old->sa_sigaction(signal, info, context);
	sigaction(signal, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
}

void host_text_init(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };
	int file = memfd_create("text", 0);
	assert(file >= 0 && ftruncate(file, (off_t)TEXT_LEN) == 0);
	writable = mmap(NULL, TEXT_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	assert(writable != MAP_FAILED);
	memset(writable, 0xcc, TEXT_LEN);
	void *at = mmap((void *)TEXT_BASE, TEXT_LEN, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED_NOREPLACE,
			file, 0);
	assert(at == (void *)TEXT_BASE);
	sigaction(SIGSEGV, &sa, &old_segv);
	sigaction(SIGBUS, &sa, &old_bus);
}
