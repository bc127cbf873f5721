// SPDX-License-Identifier: MIT
// The kernel functions that programs may call, with arguments as in C.
#include "vm/kfunc.h"
#include "kernel/lib/mem.h"
#include "kernel/sched.h"
#include "vm/frame.h"

#define KFUNC(name)                                                                                        \
	static u64 kfunc_##name(u64 r1 unused, u64 r2 unused, u64 r3 unused, u64 r4 unused, u64 r5 unused, \
				const struct prog *p unused)

/* bool bpf_session_is_return(void *ctx): whether this is the program's run at the function's exit. */
notrace KFUNC(session_is_return)
{
	return frame_is_exit(r1);
}

/* u64 *bpf_session_cookie(void *ctx): what is written there at entry is there at exit. */
notrace KFUNC(session_cookie)
{
	return frame_cookie_addr(r1);
}

/* void msleep(unsigned int ms) */
KFUNC(msleep)
{
	msleep((u32)r1);
	return 0;
}

/* clang-format off */
static const struct helper table[] = {
	{ KFUNC_SESSION_IS_RETURN, "bpf_session_is_return", RET_SCALAR, { ARG_CTX }, HELPER_COUNT | HELPER_SESSION,
	  kfunc_session_is_return },
	{ KFUNC_SESSION_COOKIE, "bpf_session_cookie", RET_KERNEL_PTR, { ARG_CTX }, HELPER_COUNT | HELPER_SESSION,
	  kfunc_session_cookie },
	{ KFUNC_MSLEEP, "msleep", RET_SCALAR, { ARG_ANY }, HELPER_CALLS | HELPER_SLEEPS, kfunc_msleep },
};
/* clang-format on */

const struct helper *kfunc_find(u32 number)
{
	return number && number <= array_len(table) ? &table[number - 1] : NULL;
}

const struct helper *kfunc_named(const char *name)
{
	for (u32 i = 0; i < array_len(table); i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

void kfunc_print_names(struct strbuf *s)
{
	for (u32 i = 0; i < array_len(table); i++)
		str_printf(s, "%s%s", i ? ", " : "", table[i].name);
}
