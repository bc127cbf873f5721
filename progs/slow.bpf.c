// SPDX-License-Identifier: MIT
// Slows down the senders of packets: a program that sleeps. Only a sleepable program can do that.
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
