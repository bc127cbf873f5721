/* SPDX-License-Identifier: MIT */
/* Maps: what programs keep and share. One small interface; one file a type behind it. */
#pragma once
#include "kernel/lib/btf.h"
#include "kernel/lib/err.h"

/* Linux's numbers. */
enum bpf_map_type {
	BPF_MAP_TYPE_UNSPEC = 0,
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
};

/* Flags of map_update. */
enum { BPF_ANY = 0, BPF_NOEXIST = 1, BPF_EXIST = 2 };

struct map;

struct map_ops {
	enum bpf_map_type type;
	const char *name; /* array, hash, percpu_array: as bpftool says */
	enum err (*init)(struct map *m, struct strbuf *log);
	void (*destroy)(struct map *m);
	/* What a program sees: NULL if there is no such key; on a per-CPU map this CPU's value. */
	void *(*lookup)(struct map *m, const void *key);
	enum err (*update)(struct map *m, const void *key, const void *value, u64 flags);
	enum err (*remove)(struct map *m, const void *key);
	/* The key after *key (NULL: the first) into next; ENOENT at the end. For people and iteration. */
	enum err (*next_key)(struct map *m, const void *key, void *next);
	/* A given CPU's value; on other maps the one value for cpu 0. */
	void *(*lookup_cpu)(struct map *m, const void *key, u32 cpu);
};

struct map {
	const struct map_ops *ops;
	char name[32];
	u32 key_size, value_size, max_entries, flags;
	u32 key_type, value_type; /* BTF ids in btf, 0 if unknown */
	const struct btf *btf;	  /* the object's */
	bool read_only;		  /* .rodata */
	u32 refs;

	/* array, percpu_array: entries at values + index * stride (+ cpu * per_cpu_stride);
	 * a constant address, so that the JIT can reach it without a call. */
	u8 *values;
	u32 stride;
	u64 per_cpu_stride;
	void *impl; /* the type's own */
};

/* Makes a map; log says in a sentence why not: EINVAL bad sizes or flags, EOPNOTSUPP the type,
 * E2BIG, ENOMEM. */
enum err map_create(struct map **out, const char *name, enum bpf_map_type type, u32 key_size,
		    u32 value_size, u32 max_entries, u32 flags, struct strbuf *log);
void map_free(struct map *m);
