# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# --load: a program that is not in this repository, compiled as its author would.
. tests/e2e/lib.sh
plan 5

cat >"$work/my.bpf.c" <<'END'
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

struct event {
	int pid;
	char comm[16];
	u64 count;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, int);
	__type(value, struct event);
} events SEC(".maps");

int total;
const volatile int step = 3;

/* Names that vmlinux.h must have, and such as it must leave to programs. */
bool flag = true;
s64 wide = -1;
enum letter { A, B, E, G, L, P, S } letter = S;

SEC("fentry/wake_up_process")
int BPF_PROG(my_event, struct task_struct *p)
{
	struct event first = { .pid = BPF_CORE_READ(p, pid) };
	struct event *e;

	bpf_probe_read_kernel_str(first.comm, sizeof(first.comm), p->comm);
	bpf_map_update_elem(&events, &first.pid, &first, BPF_NOEXIST);
	e = bpf_map_lookup_elem(&events, &first.pid);
	if (e)
		__sync_fetch_and_add(&e->count, 1);
	__sync_fetch_and_add(&total, step);
	return 0;
}

SEC("fexit/wake_up_process")
int BPF_PROG(my_result, struct task_struct *p, int ret)
{
	if (ret)
		bpf_printk("woke %s whose parent is %d", p->comm, BPF_CORE_READ(p, real_parent, pid));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
END
if compile "$work/my.bpf.c" "$work/my.bpf.o"; then
	pass load_compiles_with_plain_clang
else
	fail load_compiles_with_plain_clang 'clang failed'
	exit 0
fi

commands='prog list; attach my; work wake 300; map dump events; map dump my.bss; trace 3; tramp wake_up_process; detach all; site wake_up_process'
for how in '' --iso; do
	# shellcheck disable=SC2086
	fivebyte --smp 4 $how --load "$work/my.bpf.o" --exec "$commands"
	wanted "load_runs_foreign_program${how:+_iso}" 0 '^my_event +my +fentry +wake_up_process' \
		'^  [0-9]+: \{ .*comm = "rcu_preempt"' 'total = [0-9]+' 'my_result: woke [^ ]+ whose parent is [0-9]+' \
		'call wake_up_process\+0x5' '^  0f 1f 44 00 00   nop'
done
sum=$(grep -oE 'count = [0-9]+' "$out" | awk '{ n += $3 } END { print n + 0 }')
total=$(grep -oE 'total = [0-9]+' "$out" | awk '{ print $3 }')
[ "$sum" -ge 300 ] && [ "${total:-0}" -ge $((3 * 300)) ] && pass load_counts || fail load_counts "sum $sum, total $total"

# A place in a function is that, though a program has the function's name.
cat >"$work/named.bpf.c" <<'END'
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
SEC("fentry/kfree_skb")
int schedule(void *context)
{
	return 0;
}
char LICENSE[] SEC("license") = "GPL";
END
compile "$work/named.bpf.c" "$work/named.bpf.o"
fivebyte --load "$work/named.bpf.o" --exec 'site schedule+0x5; prog show schedule'
wanted load_leaves_places_to_functions 0 '^[0-9a-f]{16} is schedule\+0x5$' '^schedule at ' '^schedule: fentry program'
