// SPDX-License-Identifier: MIT
// One program in every kind: it counts its runs. Use it to compare what the kinds cost. The command names the
// function: attach count_fexit kfree_skb. A session runs twice for each call.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

__u64 counts[1];

#define COUNTING(kind)                               \
	SEC(#kind)                                   \
	int count_##kind(void *ctx)                  \
	{                                            \
		__sync_fetch_and_add(&counts[0], 1); \
		return 0;                            \
	}

COUNTING(fentry)
COUNTING(fexit)
COUNTING(fmod_ret)
COUNTING(fsession)
COUNTING(kprobe)
COUNTING(kretprobe)
COUNTING(raw_tp)

char LICENSE[] SEC("license") = "Dual MIT/GPL";
