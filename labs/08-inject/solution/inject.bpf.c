// SPDX-License-Identifier: MIT
// Drops every eighth IPv4 packet that arrives, as if its header had been damaged. The error is injected where
// the kernel asks a question, and not where it hands a packet over: so the kernel's own path frees the packet.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

enum { EVERY = 8 };

/* The answers. */
const volatile __u64 sent = 265, lost = 232;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} injected SEC(".maps");

__u64 arrived;

/* A sender calls it too, for a header whose checksum is still 0. */
SEC("fmod_ret/ip_fast_csum")
int BPF_PROG(inject, const void *header, unsigned int ihl)
{
	struct iphdr ip = {};
	__u64 *count;

	bpf_probe_read_kernel(&ip, sizeof(ip), header);
	if (!ip.check || (__sync_fetch_and_add(&arrived, 1) + 1) % EVERY)
		return 0;
	count = bpf_map_lookup_elem(&injected, &(__u32){ 0 });
	if (count)
		__sync_fetch_and_add(count, 1);
	return 1;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
