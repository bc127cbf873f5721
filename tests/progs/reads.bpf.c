// SPDX-License-Identifier: MIT
// Programs that read some of their arguments.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

__u64 seen;

SEC("fmod_ret/target")
int BPF_PROG(none, void *a, void *b, void *c)
{
	__sync_fetch_and_add(&seen, 1);
	return 0;
}

SEC("fmod_ret/target")
int BPF_PROG(second_of_three, int a, int b, int c)
{
	return b;
}

/* The context waits in a register for the third. */
SEC("fmod_ret/target")
int BPF_PROG(across_calls, int a, int b, __u64 c)
{
	if (a > 5)
		seen = bpf_ktime_get_ns();
	return bpf_get_smp_processor_id() ? c : 0;
}

SEC("fexit/target")
int BPF_PROG(result, void *a, int ret)
{
	seen = ret;
	return 0;
}

SEC("fmod_ret/target")
int by_number(void *ctx)
{
	return bpf_get_func_arg(ctx, 4, &seen);
}
