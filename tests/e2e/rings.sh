# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Ring buffers as a reader sees them: what map dump prints of their records, and what it takes out.
. tests/e2e/lib.sh
plan 1

# Types are told apart by their sizes. A record of another size is bytes.
cat >"$work/sizes.bpf.c" <<'END'
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
struct small { __u32 a; };
struct large { __u64 b; char name[8]; };
const struct small *unused_small __attribute__((unused));
const struct large *unused_large __attribute__((unused));
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } ring SEC(".maps");
SEC("fentry/kfree_skb") int BPF_PROG(put, struct sk_buff *skb) {
	struct small s = { 7 };
	struct large l = { 9, "nine" };
	char other[3] = { 1, 2, 3 };
	bpf_ringbuf_output(&ring, &s, sizeof(s), 0);
	bpf_ringbuf_output(&ring, &l, sizeof(l), 0);
	bpf_ringbuf_output(&ring, other, sizeof(other), 0);
	return 0;
}
char LICENSE[] SEC("license") = "GPL";
END
compile "$work/sizes.bpf.c" "$work/sizes.bpf.o" || fail rings_compile 'clang failed'
fivebyte --load "$work/sizes.bpf.o" --exec 'attach put; work net 1; map dump ring'
wanted rings_types_by_size 0 '^  4 bytes: small \{ \.a = 7 \}$' '^  16 bytes: large \{ \.b = 9, \.name = "nine" \}$' '^  3 bytes: 01 02 03$'
