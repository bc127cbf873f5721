# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Ring buffers as a reader sees them: what map dump prints of their records, and what it takes out.
. tests/e2e/lib.sh
plan 5

fivebyte --smp 1 --exec 'attach reports; work net 3; map dump reports; map dump reports'
record='^  16 bytes: report \{ \.pid = [1-9][0-9]*, \.cpu = 0, \.len = 64, \.protocol = 2048 \}$'
wanted rings_records_are_taken_out 0 '^  \(empty\)$'
[ "$(grep -cE "$record" "$out")" = 3 ] && pass rings_records_have_fields || fail rings_records_have_fields 'not 3 such records'

# 4096 bytes hold 170 records of 8 and 16 bytes.
fivebyte --smp 1 --quiet --exec 'attach reports; work net 200; map dump reports.bss; map dump reports -j'
grep '^\[' "$out" >"$work/records"
python3 - "$work/records" <<'END' && wanted rings_full_ring_takes_no_more 0 '\.lost = 30 \}$' || fail rings_full_ring_takes_no_more 'not 170 rows'
import json, sys
rows = json.load(open(sys.argv[1]))
sys.exit(not (len(rows) == 170 and all(r['bytes'] == 16 and r['data'].startswith('report { .pid = ') for r in rows)))
END

# cost takes a second user of a packet off 32 times, then the last one; then 64 times, and so on: of 170 records 167 are
# discarded.
fivebyte --smp 1 --quiet --exec 'cost report_skb kfree_skb; map dump reports'
[ "$(grep -c '^  16 bytes: report ' "$out")" = 3 ] && wanted rings_discarded_records_are_skipped 0 '^reports: ringbuf$' ||
	fail rings_discarded_records_are_skipped 'not 3 records'

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
