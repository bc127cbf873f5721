// SPDX-License-Identifier: MIT
// Where a kprobe is: what it finds in the register rip, and the function that the kernel names.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("kprobe/alloc_skb")
int address_entry(struct pt_regs *ctx)
{
	bpf_printk("rip is %pS, the function is %ps", PT_REGS_IP(ctx), bpf_get_func_ip(ctx));
	return 0;
}

SEC("kprobe/alloc_skb+5")
int address_inside(struct pt_regs *ctx)
{
	bpf_printk("rip is %pS, the function is %ps", PT_REGS_IP(ctx), bpf_get_func_ip(ctx));
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
