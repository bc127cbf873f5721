// SPDX-License-Identifier: MIT
// tramp/text/audit.c: it names each byte that it cannot explain, and no other.
#include "tests/test.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/mem.h"
#include "kernel/cpu/cpu.h"
#include "kernel/mem/paging.h"
#include "kernel/io/print.h"
#include "kernel/mem/text.h"
#include "tests/audited.h"
#include "tramp/text/audit.h"
#include "tramp/text/tracepoint.h"
#include "tramp/tramp.h"

static char said[1000];

static void say(const char *line)
{
	struct strbuf s = STRBUF(said);
	s.len = (u32)strlen(said);
	str_printf(&s, "%s\n", line);
}

static u32 audit_now(void)
{
	said[0] = 0;
	tramp_lock();
	u32 bad = audit(say);
	tramp_unlock();
	return bad;
}

void check_audit_clean(void)
{
	if (!check_eq(0, audit_now()))
		kputs(said, (u32)strlen(said));
}

traceable u64 tv_audited(u64 a)
{
	return a + 1;
}

static u64 nothing(unused const u64 *context)
{
	return 0;
}

static u32 users;
static const struct hook hook = {
	.kind = HOOK_FENTRY, .code = (uptr)nothing, .name = "nothing", .owner = &users, .users = &users
};

static void attach(void)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	tramp_lock();
	check_eq(OK, tramp_add(&(struct site *){ site_named("tv_audited") }, 1, &hook, 1, &log));
	tramp_unlock();
}

static void detach(void)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	tramp_lock();
	check_eq(OK, tramp_remove(&(struct site *){ site_named("tv_audited") }, 1, hook.owner, &log));
	tramp_unlock();
}

TEST(audit_is_clean_at_boot_and_under_a_live_link)
{
	check_audit_clean();
	check(str_matches(said, "audit clean: * bytes of text, * sites, 0 changed by live links\n"));
	attach();
	check_audit_clean();
	check(str_matches(said, "audit clean: * bytes of text, * sites, 1 changed by live links\n"));
	check_eq(8, tv_audited(7));
	detach();
	check_audit_clean();
}

TEST(audit_knows_the_branches_of_a_tracepoint)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	struct tracepoint *tp = tracepoint_nth(0);
	tramp_lock();
	check_eq(OK, tracepoint_enable(tp, &log));
	tramp_unlock();
	check_audit_clean();
	check(!str_matches(said, "*, 0 changed by live links\n"));
	tramp_lock();
	check_eq(OK, tracepoint_disable(tp, &log));
	tramp_unlock();
	check_audit_clean();
}

/* Without text_patch, which refuses memory that no block owns. No other CPU writes text now. */
static void scribble(uptr addr, u8 byte)
{
	uptr flags = irq_save();
	u8 *window = paging_window_open(virt_to_phys((void *)align_down(addr, (uptr)PAGE_SIZE)), 1);
	window[addr % PAGE_SIZE] = byte;
	paging_window_close(1);
	irq_restore(flags);
}

/* Changes the byte at addr, checks the message of the auditor, and repairs the byte. */
static void corrupt(uptr addr, const char *expected)
{
	u8 was = *(const u8 *)addr;
	scribble(addr, was ^ 0x41);
	check_eq(1, audit_now());
	scribble(addr, was);
	if (!check(str_matches(said, expected)))
		kputs(said, (u32)strlen(said));
	check_audit_clean();
}

TEST(audit_names_a_wrong_byte_of_kernel_text)
{
	corrupt(
	    (uptr)tv_audited + 2,
	    "ffffffff* tv_audited+0x2: expected 44 but found 05\naudit: 1 place is not as it should be\n");
}

TEST(audit_names_a_wrong_byte_of_a_site_in_use)
{
	attach();
	corrupt((uptr)tv_audited, "ffffffff* tv_audited*: expected e8 but found a9\n*");
	detach();
}

TEST(audit_names_a_wrong_byte_of_an_image)
{
	attach();
	corrupt(site_named("tv_audited")->tramp->image->text.base + 1,
		"ffffffff* bpf_trampoline_tv_audited+0x1: expected * but found *\n*");
	detach();
}

/* Not in memory only: what was written. */
TEST(audit_knows_what_an_image_should_have_been)
{
	attach();
	uptr at = site_named("tv_audited")->tramp->image->text.base + 2;
	u8 was = *(const u8 *)at, wrong = was ^ 0x41;
	text_write(at, &wrong, 1);
	check_eq(1, audit_now());
	check(str_matches(said, "bpf_trampoline_tv_audited+0x2: what was written is not*"));
	text_write(at, &was, 1);
	check_audit_clean();
	detach();
}

TEST(audit_names_a_wrong_byte_of_free_memory_and_of_a_block_s_slack)
{
	struct text t = { .name = "slack" };
	require(text_alloc(&t, 33) == OK);
	uptr slack = t.base + 33;
	corrupt(slack, "ffffffff*: expected cc but found 8d\n*");
	text_free(&t);
	corrupt(slack, "ffffffff*: expected cc but found 8d\n*");
}

static void test_nothing_is_left_behind(void)
{
	check_audit_clean();
}

const struct test test_at_the_end = { "audit_is_clean_at_the_end", test_nothing_is_left_behind };
