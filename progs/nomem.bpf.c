// SPDX-License-Identifier: MIT
// Lets every hundredth frame that the kernel sends fail, as if memory had run out. If a fmod_ret program
// returns a number other than 0, the function does not run, and its caller gets that number.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("fmod_ret/send_frame")
int BPF_PROG(fail_frame, struct sock *sk, unsigned int i)
{
	return i % 100 == 99 ? FIVEBYTE_ENOMEM : FIVEBYTE_OK;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
