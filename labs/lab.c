// SPDX-License-Identifier: MIT
// The checks of labs: what is reported, the limit of time, and numbers from the seed.
#include "labs/lab.h"
#include "kernel/cpu/cpu.h"
#include "kernel/io/boot_info.h"
#include "kernel/io/power.h"
#include "kernel/io/print.h"
#include "kernel/lib/fmt.h"
#include "kernel/sched/timer.h"

static char did[300], want[300], got[300];
static bool failed;
static u64 seed;

static notrace void say(char *text, const char *fmt, va_list args)
{
	struct strbuf s = { .buf = text, .cap = sizeof(did) };
	str_vprintf(&s, fmt, args);
}

#define SAY(text)                     \
	do {                          \
		va_list args;         \
		va_start(args, fmt);  \
		say(text, fmt, args); \
		va_end(args);         \
	} while (0)

notrace void lab_did(const char *fmt, ...)
{
	if (!failed)
		SAY(did);
}

notrace void lab_want(const char *fmt, ...)
{
	if (!failed)
		SAY(want);
}

notrace void lab_got(const char *fmt, ...)
{
	if (!failed)
		SAY(got);
}

notrace bool lab_failed(void)
{
	return failed;
}

notrace void lab_fail(void)
{
	if (failed)
		return;
	failed = true;
	kprintf("lab: did %s\nlab: want %s\nlab: got %s\n", did, want, got);
	test_check(false, "what was wanted", __FILE__, __LINE__);
}

/* A number in both bases; an address or a mask only in the one that says something. */
static notrace void say_number(void (*say)(const char *, ...), const char *what, u64 v)
{
	if (v + (1 << 24) < 1 << 25)
		say("%s%s%#llx (%lld)", what, *what ? " " : "", v, v);
	else
		say("%s%s%#llx", what, *what ? " " : "", v);
}

notrace bool lab_eq(u64 wanted, u64 found, const char *what)
{
	if (wanted == found)
		return true;
	say_number(lab_want, what, wanted);
	say_number(lab_got, "", found);
	lab_fail();
	return false;
}

notrace bool lab_ok(bool ok, const char *wanted)
{
	if (ok)
		return true;
	lab_want("%s", wanted);
	lab_got("it is not so");
	lab_fail();
	return false;
}

notrace bool lab_bytes(const void *wanted, const void *found, u32 len)
{
	struct strbuf w = STRBUF(want), g = STRBUF(got);
	if (memcmp(wanted, found, len) == 0)
		return true;
	if (failed)
		return false;
	str_hex(&w, wanted, len, " ");
	str_hex(&g, found, len, " ");
	lab_fail();
	return false;
}

/* --- The limit ----------------------------------------------------------------------------------------- */

static struct timer_list watchdog;

static notrace void hang(struct timer_list *t unused)
{
	kprintf("lab: hang\nlab: did %s\n", did);
	machine_exit_stopped();
}

notrace void lab_begin(u32 limit_ms)
{
	const char *text = boot_option("seed");
	failed = false;
	did[0] = want[0] = got[0] = 0;
	if (!text || !parse_u64(text, &seed))
		seed = 1;
	watchdog.function = hang;
	watchdog.expires = ktime_get_ns() + limit_ms * 1000000ull;
	add_timer(&watchdog);
}

/* QEMU's debug console. */
enum { DEBUG_CONSOLE = 0xe9 };

static notrace void tell(const char *text)
{
	while (*text)
		outb(DEBUG_CONSOLE, (u8)*text++);
}

notrace void lab_end(const char *name)
{
	del_timer(&watchdog);
	tell(name);
	tell(failed ? " failed\n" : " passed\n");
}

/* --- Numbers: splitmix64 --------------------------------------------------------------------------------- */

notrace u64 lab_random(u64 below)
{
	u64 x = seed += 0x9e3779b97f4a7c15;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return (x ^ (x >> 31)) % below;
}
