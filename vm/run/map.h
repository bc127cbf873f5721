/* SPDX-License-Identifier: MIT */
/* Maps: where programs keep and share data. One interface, struct map_ops; each type is a file behind it. */
#pragma once
#include "kernel/lib/btf.h"
#include "kernel/lib/err.h"
#include "kernel/lib/mem.h"
#include "kernel/trace/uapi.h"

/* All of Linux's types that a program can ask for, in the order of their numbers, with their names in
 * bpftool. This kernel has those with a struct map_ops. */
/* clang-format off */
#define LINUX_MAP_TYPES(X) \
	X(UNSPEC, unspec) X(HASH, hash) X(ARRAY, array) X(PROG_ARRAY, prog_array) \
	X(PERF_EVENT_ARRAY, perf_event_array) X(PERCPU_HASH, percpu_hash) X(PERCPU_ARRAY, percpu_array) \
	X(STACK_TRACE, stack_trace) X(CGROUP_ARRAY, cgroup_array) X(LRU_HASH, lru_hash) \
	X(LRU_PERCPU_HASH, lru_percpu_hash) X(LPM_TRIE, lpm_trie) X(ARRAY_OF_MAPS, array_of_maps) \
	X(HASH_OF_MAPS, hash_of_maps) X(DEVMAP, devmap) X(SOCKMAP, sockmap) X(CPUMAP, cpumap) \
	X(XSKMAP, xskmap) X(SOCKHASH, sockhash) X(CGROUP_STORAGE, cgroup_storage) \
	X(REUSEPORT_SOCKARRAY, reuseport_sockarray) X(PERCPU_CGROUP_STORAGE, percpu_cgroup_storage) \
	X(QUEUE, queue) X(STACK, stack) X(SK_STORAGE, sk_storage) X(DEVMAP_HASH, devmap_hash) \
	X(STRUCT_OPS, struct_ops) X(RINGBUF, ringbuf) X(INODE_STORAGE, inode_storage) \
	X(TASK_STORAGE, task_storage) X(BLOOM_FILTER, bloom_filter) X(USER_RINGBUF, user_ringbuf) \
	X(CGRP_STORAGE, cgrp_storage) X(ARENA, arena)
/* clang-format on */

#define LINUX_MAP_TYPE(upper, lower) BPF_MAP_TYPE_##upper,
enum bpf_map_type { LINUX_MAP_TYPES(LINUX_MAP_TYPE) };
#undef LINUX_MAP_TYPE

struct map;
struct prog;

/* A walk over a map; at the start all 0. */
struct map_iter {
	const void *key;
	void *value;
	u32 index; /* key of an array */
	u32 at, bucket;
};

/* Operations on a map.
 * - update and remove return Linux's errors: EINVAL for unknown flags or an operation that the type does not
 *   have; E2BIG if the index does not exist or the map is full; EEXIST; ENOENT.
 * - lookup, update and remove run in any context; update and remove of a hash not in an NMI. Nothing that
 *   they call has a site.
 * - Keys and values can be read: the verifier has proven it, or the helper has checked it. */
struct map_ops {
	enum bpf_map_type type;
	const char *name; /* array, hash, percpu_array: as bpftool says */
	/* The flags that the type accepts: of a hash BPF_F_NO_PREALLOC, though it takes all memory at
	 * once; of an array BPF_F_RDONLY_PROG (programs cannot change it) and BPF_F_MMAPABLE (libbpf sets
	 * it on globals). */
	u32 flags;
	enum err (*init)(struct map *m, struct strbuf *log);
	void (*destroy)(struct map *m);
	/* Returns the value that a program sees, in a per-CPU map this CPU's. NULL if the map lacks the
	 * key. */
	void *(*lookup)(struct map *m, const void *key);
	enum err (*update)(struct map *m, const void *key, const void *value, u64 flags);
	enum err (*remove)(struct map *m, const void *key);
	/* Copies the key after *key to next; the first key if key is NULL or not in the map. ENOENT at the
	 * end. While other CPUs change the map, keys may come twice or not at all: stop after max_entries. */
	enum err (*next_key)(struct map *m, const void *key, void *next);
	/* Returns the length of the value that at points into, or of all values if they lie in a row, and
	 * sets *base to its begin. 0 if at points into no value. */
	u64 (*values_around)(const struct map *m, uptr at, const void **base);
	/* Returns that CPU's value. Maps that are not per CPU have one value, for cpu 0. */
	void *(*lookup_cpu)(struct map *m, const void *key, u32 cpu);
	/* Sets *it to the next element, with the value that a program sees; false at the end. The caller
	 * may remove or change an element that it has got. Elements that other CPUs add or remove
	 * meanwhile can be missed. Elements that it or another CPU replaces may come again: stop after
	 * max_entries. NULL: the type has no walk. */
	bool (*iterate)(struct map *m, struct map_iter *it);
};

struct map {
	const struct map_ops *ops;
	const char *name;
	u32 key_size, value_size, max_entries, flags;
	u32 key_type, value_type; /* BTF ids in btf, 0 if unknown */
	const struct btf *btf;    /* the object's */
	bool read_only;           /* BPF_F_RDONLY_PROG, as for .rodata */
	u32 lock_at, lock_size;   /* where a value has its lock: lock.h; lock_size 0: nowhere */

	/* array, percpu_array, prog_array: entries at values + index * stride (+ cpu * per_cpu_stride);
	 * the address is constant, so that the JIT can reach it without a call. */
	u8 *values;
	u32 stride;
	u64 per_cpu_stride;
	void *impl; /* the type's own */
};

/* Makes a map with all the memory that it will ever need. Copies the name. On failure log has a sentence:
 * EINVAL for bad sizes or flags; EOPNOTSUPP for the type; E2BIG above MAP_BYTES_MAX; ENOMEM. */
#define MAP_BYTES_MAX (32u << 20)
enum err map_create(struct map **out, const char *name, enum bpf_map_type type, u32 key_size, u32 value_size,
		    u32 max_entries, u32 flags, struct strbuf *log);
void map_free(struct map *m);

/* Returns the map at address value, if it is a map of the program's object; else NULL. notrace. */
struct map *prog_map(const struct prog *p, u64 value);

/* Returns OK if this kernel has maps of that type; else EOPNOTSUPP, with the sentence of map_create. */
enum err map_check_type(const char *name, u32 type, struct strbuf *log);

/* Copies a value that has a lock, but not the bytes of the lock. */
static inline notrace void map_copy_around_lock(const struct map *m, u8 *to, const u8 *from)
{
	u32 behind = m->lock_at + m->lock_size;
	memcpy(to, from, m->lock_at);
	memcpy(to + behind, from + behind, m->value_size - behind);
}

/* One per type. */
extern const struct map_ops map_array_ops, map_percpu_array_ops, map_hash_ops, map_prog_array_ops,
    map_ringbuf_ops;

/* The rest is for maps of type prog_array only.
 * The first program that is put into the map, or that tail-calls through it, decides the type and the mode of
 * all others, and whether they may sleep. The first whose context has types decides these. prog_array_claim returns
 * false if p differs from them. */
bool prog_array_claim(struct map *m, const struct prog *p);

/* Puts p into a slot. Call it before any program of the object runs; p must live as long as the map.
 * EINVAL: p differs from the first program. E2BIG: the slot does not exist. */
enum err prog_array_set(struct map *m, u32 index, const struct prog *p);

/* Returns the program in a slot; NULL if the slot is empty or does not exist. */
const struct prog *prog_array_get(const struct map *m, u32 index);
