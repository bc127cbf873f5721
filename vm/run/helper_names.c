// SPDX-License-Identifier: MIT
// The names of all helpers, and a hint for some of those that this kernel lacks.
#include "vm/run/helper_names.h"
#include "kernel/trace/uapi.h"

#define NAME(name) #name,
static const char *const names[] = { "unspec", LINUX_HELPERS(NAME) };

static const char no_user[] = "there are no user programs, so no memory of theirs";

/* Equivalents, or the reason why this kernel has none. */
static const char *const instead[array_len(names)] = {
	[BPF_FUNC_perf_event_output] = "bpf_ringbuf_output writes a record into a ring buffer",
	[BPF_FUNC_seq_printf] = "bpf_printk writes a line",
	[BPF_FUNC_snprintf] = "bpf_printk formats",
	[BPF_FUNC_ktime_get_coarse_ns] = "bpf_ktime_get_ns is here",
	[BPF_FUNC_ktime_get_tai_ns] = "bpf_ktime_get_ns is here",
	[BPF_FUNC_jiffies64] = "bpf_ktime_get_ns is here",
	[BPF_FUNC_get_numa_node_id] = "bpf_get_smp_processor_id is here",
	[BPF_FUNC_task_pt_regs] = "a kprobe's context is a struct pt_regs",
	[BPF_FUNC_override_return] = "a fmod_ret program replaces what a function returns",
	[BPF_FUNC_probe_read_user] = no_user,
	[BPF_FUNC_probe_read_user_str] = no_user,
	[BPF_FUNC_probe_write_user] = no_user,
	[BPF_FUNC_copy_from_user] = no_user,
	[BPF_FUNC_copy_from_user_task] = no_user,
	[BPF_FUNC_get_current_uid_gid] = "there are no users",
	[BPF_FUNC_get_current_cgroup_id] = "there are no control groups",
	[BPF_FUNC_current_task_under_cgroup] = "there are no control groups",
};

void helper_print_name(struct strbuf *s, u32 id)
{
	if (id && id < array_len(names))
		str_printf(s, "bpf_%s (%u)", names[id], id);
	else
		str_printf(s, "%d", (i32)id);
}

void helper_print_instead(struct strbuf *s, u32 id)
{
	if (id < array_len(names) && instead[id])
		str_printf(s, "; %s", instead[id]);
}
