// SPDX-License-Identifier: MIT
// Every hundredth frame that the kernel wants to send fails, as if there were no memory for it: what a
// fmod_ret program returns, if it is not 0, the function returns, and does nothing.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("fmod_ret/send_frame")
int BPF_PROG(fail_frame, struct sock *sk, unsigned int i)
{
	return i % 100 == 99 ? FIVEBYTE_ENOMEM : FIVEBYTE_OK;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
