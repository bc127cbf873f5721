// SPDX-License-Identifier: MIT
// The experiment of the questions: every arriving IPv4 packet is reported as dropped, and ip_rcv does not run.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("fmod_ret/ip_rcv")
int BPF_PROG(swallow, struct sk_buff *skb, struct net_device *dev, struct packet_type *pt,
	     struct net_device *orig_dev)
{
	return 1; /* NET_RX_DROP */
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
