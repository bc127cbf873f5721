// SPDX-License-Identifier: MIT
// A program of every kind, in every form that its section's name can have.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define PROGRAM(name, section) \
	SEC(section)           \
	int name(void *ctx)    \
	{                      \
		return 0;      \
	}

/* clang-format off */
PROGRAM(enter, "fentry/target")
PROGRAM(entry_anywhere, "fentry")
PROGRAM(entry_sleeps, "fentry.s/target")
PROGRAM(entry_multi, "fentry.multi/skb_*")
PROGRAM(entry_multi_sleeps, "fentry.multi.s/skb_*")
PROGRAM(leave, "fexit/target")
PROGRAM(exit_sleeps, "fexit.s/target")
PROGRAM(exit_multi, "fexit.multi/skb_*")
PROGRAM(modify, "fmod_ret/target")
PROGRAM(modify_sleeps, "fmod_ret.s/target")
PROGRAM(session, "fsession/target")
PROGRAM(session_sleeps, "fsession.s/target")
PROGRAM(session_multi, "fsession.multi/skb_*")
PROGRAM(raw_tp, "raw_tp/sched_switch")
PROGRAM(raw_tracepoint, "raw_tracepoint/sched_switch")
PROGRAM(tp_btf, "tp_btf/sched_switch")
PROGRAM(probe, "kprobe/target")
PROGRAM(probe_hex, "kprobe/target+0x1F")
PROGRAM(probe_decimal, "kprobe/target+31")
PROGRAM(probe_anywhere, "kprobe")
PROGRAM(probe_return, "kretprobe/target")
/* clang-format on */
