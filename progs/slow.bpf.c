// SPDX-License-Identifier: MIT
// Slows the senders of packets down: a program that sleeps, on a function that may. No other kind can.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

extern void msleep(unsigned int ms) __ksym;

SEC("fentry.s/sock_wait_for_wmem")
int BPF_PROG(slow_sender, struct sock *sk, int bytes)
{
	msleep(1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
