/* SPDX-License-Identifier: MIT */
/* The host kernel's own eBPF machine: the same instructions through bpf(2), timed by BPF_PROG_TEST_RUN.
 * <linux/bpf.h> and vm/run/map.h name the same things, so nothing of either is here. */
#pragma once
#include "kernel/lib/fmt.h"
#include "vm/insn.h"

#define LINUX_MAPS 4

/* A map for bpf(2). values: of an array; NULL: the map is a hash, which starts empty. */
struct linux_map {
	u32 type, key_size, value_size, max_entries, flags;
	const u8 *values;
	u32 stride;
};

struct linux_prog {
	int fd;
	u8 *mem;  /* what the program sees as R1; shared with the kernel */
	u32 code; /* bytes; 0 if this kernel does not compile, or does not say it */
};

/* Loads instructions whose 64-bit immediates name maps by index, behind three that set R1 = l->mem and
 * R2 = mem_len. False if this host does not allow it or its verifier refuses; why then holds a phrase.
 * What they call must mean the same there. */
bool linux_load(struct linux_prog *l, const struct insn *insns, u32 count, const struct linux_map *maps,
		u32 map_count, u32 mem_len, struct strbuf *why);

/* The kernel's measure in whole ns per run; *r0 is the lower half of the last run's R0. 0 if it fails. */
double linux_time(const struct linux_prog *l, u64 runs, u64 *r0);
