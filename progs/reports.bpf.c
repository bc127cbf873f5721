// SPDX-License-Identifier: MIT
// Reports each packet that is freed, as tools do that are written with libbpf: a record in a ring buffer, which a
// reader takes out. Here the reader is map dump reports.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>

struct report {
	__u32 pid, cpu, len;
	__u32 protocol; /* as in <linux/if_ether.h>: 2048 is IPv4 */
};

/* Keeps the struct's type in the BTF, where the reader looks for it: the program itself has only an address. */
const struct report *unused __attribute__((unused));

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096); /* bytes */
} reports SEC(".maps");

__u64 lost; /* the ring was full */

SEC("fentry/kfree_skb")
int BPF_PROG(report_skb, struct sk_buff *skb)
{
	struct report *r = bpf_ringbuf_reserve(&reports, sizeof(*r), 0);

	if (!r) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	r->pid = bpf_get_current_pid_tgid() >> 32;
	r->cpu = bpf_get_smp_processor_id();
	r->len = skb->len;
	r->protocol = bpf_ntohs(skb->protocol);
	if (skb->users.refs.counter == 1)
		bpf_ringbuf_submit(r, 0);
	else
		bpf_ringbuf_discard(r, 0); /* it has other users, so it is not freed yet */
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
