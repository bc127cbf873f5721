/* SPDX-License-Identifier: MIT */
/* The words of the programs in tests/bench/. Each program is compiled three times from one source: by
 * clang to eBPF, by gcc and by clang to machine code. Its result depends only on the memory, so all three
 * must agree. Its time depends on len, which no compiler knows, so no compiler can compute the result
 * itself. */
#pragma once
#include "kernel/lib/types.h"

#define CAT_(a, b) a##b
#define CAT(a, b)  CAT_(a, b)

/* A program: mem is 8-byte aligned, len a multiple of 8. BENCH_PREFIX is the compiler's name and _; then
 * all of them can be in one executable. */
#ifdef __bpf__
#define BENCH(name) __attribute__((section("bench"))) u64 name(u8 *mem, u64 len)
#else
#define BENCH(name)                                     \
	u64 CAT(BENCH_PREFIX, name)(u8 * mem, u64 len); \
	u64 CAT(BENCH_PREFIX, name)(u8 * mem, u64 len)
#endif

/* A function that stays one; helper 42, which is 0. */
#define local_call static __attribute__((noinline))
#ifdef __bpf__
static u64 (*helper_42)(void) = (void *)42;
#else
u64 helper_42(void);
#endif

/* Maps: on the native side an array is an array, which is the best that a JIT can make of it; and a hash
 * is our hash, called directly. */
#ifdef __bpf__
#define BENCH_MAP(name, kind, entries, key_t, value_t) \
	struct {                                       \
		int (*type)[kind];                     \
		int (*max_entries)[entries];           \
		key_t *key;                            \
		value_t *value;                        \
	} name __attribute__((section(".maps"), used));
#define HASH                                      1
#define ARRAY                                     2
#define BENCH_ARRAY(name, entries, value_t)       BENCH_MAP(name, ARRAY, entries, u32, value_t)
#define BENCH_HASH(name, entries, key_t, value_t) BENCH_MAP(name, HASH, entries, key_t, value_t)
static void *(*map_lookup)(void *map, const void *key) = (void *)1;
static long (*map_update)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
#define array_lookup map_lookup
#define hash_lookup  map_lookup
#define hash_update  map_update
#else
/* Weak, or a compiler could see that it is never written. */
#define BENCH_ARRAY(name, entries, value_t)       __attribute__((weak)) value_t name[entries];
#define array_lookup(map, key)                    (*(key) < array_len(*(map)) ? &(*(map))[*(key)] : NULL)
#define BENCH_HASH(name, entries, key_t, value_t) __attribute__((weak)) u8 name;
void *bench_hash_lookup(void *map, const void *key);
long bench_hash_update(void *map, const void *key, const void *value, u64 flags);
#define hash_lookup                               bench_hash_lookup
#define hash_update                               bench_hash_update
#endif

static inline u32 rol32(u32 x, u32 by)
{
	return x << by | x >> (32 - by);
}
static inline u64 rol64(u64 x, u32 by)
{
	return x << by | x >> (64 - by);
}
