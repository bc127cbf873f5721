// SPDX-License-Identifier: MIT
// What is said of helpers that are not here.
#include "vm/run/helper_names.h"

#define NAME(name) #name,
static const char *const names[] = { "unspec", LINUX_HELPERS(NAME) };

#define NUMBER(name) ID_##name,
enum { ID_unspec, LINUX_HELPERS(NUMBER) };

static const char no_user[] = "there are no user programs, so no memory of theirs";
static const char print_or_count[] = "bpf_printk writes a line, and maps keep what is counted";

/* Equivalents, and reasons for which there is none. */
static const char *const instead[array_len(names)] = {
	[ID_perf_event_output] = print_or_count,
	[ID_ringbuf_output] = print_or_count,
	[ID_ringbuf_reserve] = print_or_count,
	[ID_ringbuf_submit] = print_or_count,
	[ID_seq_printf] = "bpf_printk writes a line",
	[ID_snprintf] = "bpf_printk formats",
	[ID_ktime_get_coarse_ns] = "bpf_ktime_get_ns is here",
	[ID_ktime_get_tai_ns] = "bpf_ktime_get_ns is here",
	[ID_jiffies64] = "bpf_ktime_get_ns is here",
	[ID_get_numa_node_id] = "bpf_get_smp_processor_id is here",
	[ID_task_pt_regs] = "a kprobe's context is a struct pt_regs",
	[ID_override_return] = "a fmod_ret program replaces what a function returns",
	[ID_probe_read_user] = no_user,
	[ID_probe_read_user_str] = no_user,
	[ID_probe_write_user] = no_user,
	[ID_copy_from_user] = no_user,
	[ID_copy_from_user_task] = no_user,
	[ID_get_current_uid_gid] = "there are no users",
	[ID_get_current_cgroup_id] = "there are no control groups",
	[ID_current_task_under_cgroup] = "there are no control groups",
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
