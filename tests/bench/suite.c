// SPDX-License-Identifier: MIT
// The table, the memory, and the clock.
#include "tests/bench/suite.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/timer.h"
#include "tests/host/vm_run.h"
#include "vm/run/map.h"

#define SLICES   7
#define SLICE_NS 200000 /* short, so that one of many is not interrupted */
#define RUNS_MAX 100000

/* X(name, what is in memory, counted) */
/* clang-format off */
#define BENCHES(X)                  \
	X(alu64, RANDOM, true)      \
	X(alu32, RANDOM, true)      \
	X(mem64, RANDOM, true)      \
	X(mem8, RANDOM, true)       \
	X(sieve, RANDOM, true)      \
	X(collatz, RANDOM, true)    \
	X(gcd, RANDOM, true)        \
	X(divconst, RANDOM, true)   \
	X(divreg, RANDOM, true)     \
	X(jhash, RANDOM, true)      \
	X(siphash, RANDOM, true)    \
	X(xxh64, RANDOM, true)      \
	X(chacha, RANDOM, true)     \
	X(crc32, RANDOM, true)      \
	X(inetsum, RANDOM, true)    \
	X(textscan, TEXT, true)     \
	X(sort, RANDOM, true)       \
	X(matrix, RANDOM, true)     \
	X(bits, RANDOM, true)       \
	X(parse, TEXT, true)        \
	X(base64, RANDOM, true)     \
	X(signs, RANDOM, true)      \
	X(search, RANDOM, true)     \
	X(atomic, RANDOM, true)     \
	X(helper, RANDOM, true)     \
	X(local, RANDOM, true)      \
	X(maparray, RANDOM, true)   \
	X(maphash, RANDOM, true)    \
	X(filter, PACKET, false)    \
	X(empty, RANDOM, false)

#define DECLARE(name, memory, counted) bench_fn gcc_##name, clang_##name;
BENCHES(DECLARE)

#define ROW(name, memory, counted) { #name, MEM_##memory, counted, gcc_##name, clang_##name },
const struct bench benches[] = { BENCHES(ROW) };
const u32 bench_count = array_len(benches);
/* clang-format on */

static struct map *native_hash;

/* What natively compiled programs call. */
u64 helper_42(void);
void *bench_hash_lookup(void *map, const void *key);
long bench_hash_update(void *map, const void *key, const void *value, u64 flags);

u64 helper_42(void)
{
	return 0;
}

void *bench_hash_lookup(void *map unused, const void *key)
{
	return native_hash->ops->lookup(native_hash, key);
}

long bench_hash_update(void *map unused, const void *key, const void *value, u64 flags)
{
	return native_hash->ops->update(native_hash, key, value, flags);
}

void bench_use_hash(struct map *m)
{
	native_hash = m;
}

static u64 next_random(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void fill_random(u8 *mem)
{
	u64 state = 88172645463325252ull;
	for (u32 i = 0; i < BENCH_MEM; i += sizeof(u64)) {
		u64 v = next_random(&state);
		memcpy(mem + i, &v, sizeof(v));
	}
}

/* Lines of some ten words each, of which one in eight is a number. */
static void fill_text(u8 *mem)
{
	u64 state = 88172645463325252ull;
	for (u32 i = 0; i < BENCH_MEM;) {
		u64 v = next_random(&state);
		u32 len = 1 + (u32)(v % 9);
		bool number = v >> 8 & 7 ? false : true;
		for (u32 k = 0; k < len && i < BENCH_MEM; k++, v >>= 5)
			mem[i++] = (u8)(number ? '0' + (v >> 10) % 10 : 'a' + (v >> 10) % 26);
		if (i < BENCH_MEM)
			mem[i++] = next_random(&state) % 10 ? ' ' : '\n';
	}
}

/* Ethernet, IPv4, TCP to port 443. */
static void fill_packet(u8 *mem)
{
	static const u8 head[] = {
		[12] = 0x08, [14] = 0x45, [16] = 0x0f, 0xf2, [22] = 64, 6, [36] = 1, 443 - 256,
	};
	memset(mem, 0, BENCH_MEM);
	memcpy(mem, head, sizeof(head));
}

void bench_fill(u8 *mem, enum bench_memory memory)
{
	static void (*const fill[])(u8 *) = { fill_random, fill_text, fill_packet };
	fill[memory](mem);
}

/* What all run on. */
static u8 work[BENCH_MEM] __attribute__((aligned(4096)));

static double time_calls(const struct subject *s, u64 *r0)
{
	u64 start = ktime_get_ns();
	for (u64 i = 0; i < s->runs; i++)
		*r0 = s->fn(work, BENCH_MEM);
	return (double)(ktime_get_ns() - start) / (double)s->runs;
}

/* With its checks: bounds, and a limit that no program comes near. */
static double time_interpreter(const struct subject *s, u64 *r0)
{
	char text[256];
	struct strbuf log = STRBUF(text);
	u64 start = ktime_get_ns();
	for (u64 i = 0; i < s->runs; i++)
		vm_call_limited(s->interpreted, work, BENCH_MEM, 1ull << 40, r0, &log);
	return (double)(ktime_get_ns() - start) / (double)s->runs;
}

/* One slice of s->runs; ns per run. */
static double slice(const struct subject *s, enum bench_memory memory, u64 *r0)
{
	bench_fill(s->on_linux ? s->on_linux->mem : work, memory);
	if (s->fn)
		return time_calls(s, r0);
	return s->interpreted ? time_interpreter(s, r0) : linux_time(s->on_linux, s->runs, r0);
}

static bool exists(const struct subject *s)
{
	return s->fn || s->interpreted || s->on_linux;
}

void subject_first(struct subject *s, enum bench_memory memory)
{
	if (!exists(s))
		return;
	s->runs = 1;
	s->ns = slice(s, memory, &s->r0);
}

/* How often it runs in a slice. The first run paid for cold caches, so another one is asked. */
static void choose_runs(struct subject *s, enum bench_memory memory)
{
	u64 r0;
	s->runs = 10;
	s->ns = slice(s, memory, &r0);
	s->runs = (u64)((double)SLICE_NS / max(s->ns, 1.0));
	s->runs = max(1ull, min(s->runs, (u64)RUNS_MAX));
}

void subjects_round(struct subject *s, u32 count, enum bench_memory memory)
{
	u64 r0;
	for (u32 i = 0; i < count; i++) {
		if (exists(&s[i]) && s[i].runs <= 1)
			choose_runs(&s[i], memory);
		for (u32 k = 0; k < SLICES && exists(&s[i]); k++) {
			double ns = slice(&s[i], memory, &r0);
			s[i].ns = min(s[i].ns, ns);
		}
	}
}
