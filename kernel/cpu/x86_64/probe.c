// SPDX-License-Identifier: MIT
// Loads and stores that may fault: each has a row in __ex_table, which the trap code looks up. notrace,
// because helpers of programs call them.
#include "kernel/cpu/probe.h"
#include "kernel/lib/mem.h"
#include "kernel/cpu/trap.h"

/* clang-format off */
/* One access of this width. Returns false if it faulted. */
/* ORDER EX_ROW */
#define FAULT_ROW                                 \
	".pushsection __ex_table, \"a\"\n\t"      \
	".balign 8\n\t"                           \
	".quad 1b, %l[fault], 0\n\t"              \
	".popsection"

#define DEFINE_ACCESS(type, suffix)                                                                   \
	static inline notrace bool load_##type(type *value, uptr at)                                  \
	{                                                                                             \
		type v;                                                                               \
		__asm__ goto("1: mov" suffix " (%1), %0\n\t" FAULT_ROW                                \
			     : "=q"(v) : "r"(at) : "memory" : fault);                                 \
		*value = v;                                                                           \
		return true;                                                                          \
	fault:                                                                                        \
		return false;                                                                         \
	}                                                                                             \
	static inline notrace bool store_##type(type value, uptr at)                                  \
	{                                                                                             \
		__asm__ goto("1: mov" suffix " %0, (%1)\n\t" FAULT_ROW                                \
			     : : "q"(value), "r"(at) : "memory" : fault);                             \
		return true;                                                                          \
	fault:                                                                                        \
		return false;                                                                         \
	}

#define DEFINE_CMPXCHG(type, suffix)                                                                   \
	static inline notrace bool cmpxchg_##type(uptr at, u64 *old, type new)                        \
	{                                                                                             \
		type v = (type)*old;                                                                  \
		__asm__ goto("1: lock cmpxchg" suffix " %1, (%2)\n\t" FAULT_ROW                       \
			     : "+a"(v) : "r"(new), "r"(at) : "memory", "cc" : fault);                 \
		*old = v;                                                                             \
		return true;                                                                          \
	fault:                                                                                        \
		return false;                                                                         \
	}

/* clang-format on */
DEFINE_ACCESS(u64, "q")
DEFINE_ACCESS(u8, "b")
DEFINE_CMPXCHG(u64, "q")
DEFINE_CMPXCHG(u32, "l")

notrace enum err probe_read(void *dst, uptr src, u32 len)
{
	u8 *d = dst;
	u32 at = 0;
	for (u64 v; len - at >= sizeof(v); at += sizeof(v)) {
		if (!load_u64(&v, src + at))
			goto fault;
		memcpy(d + at, &v, sizeof(v));
	}
	for (; at < len; at++)
		if (!load_u8(d + at, src + at))
			goto fault;
	return OK;
fault:
	memset(dst, 0, len);
	return EFAULT;
}

notrace enum err probe_write(uptr dst, const void *src, u32 len)
{
	const u8 *s = src;
	u32 at = 0;
	for (u64 v; len - at >= sizeof(v); at += sizeof(v)) {
		memcpy(&v, s + at, sizeof(v));
		if (!store_u64(v, dst + at))
			return EFAULT;
	}
	for (; at < len; at++)
		if (!store_u8(s[at], dst + at))
			return EFAULT;
	return OK;
}

notrace enum err probe_cmpxchg(uptr addr, u64 *old, u64 new, u32 size)
{
	bool ok = size == sizeof(u64) ? cmpxchg_u64(addr, old, new) : cmpxchg_u32(addr, old, (u32) new);
	return ok ? OK : EFAULT;
}

notrace u32 probe_read_str(char *dst, uptr src, u32 size)
{
	for (u32 at = 0; at < size - 1; at++) {
		u8 ch;
		if (!load_u8(&ch, src + at)) {
			dst[0] = 0;
			return 0;
		}
		dst[at] = (char)ch;
		if (!ch)
			return at + 1;
	}
	dst[size - 1] = 0;
	return size;
}
