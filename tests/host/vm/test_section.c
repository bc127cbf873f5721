// SPDX-License-Identifier: MIT
// vm/load/section.c: the messages for kinds of programs that we do not have; those that we have are in
// test_load.c.
#include "vm/load/section.h"
#include "vm/compile.h"
#include "kernel/lib/mem.h"
#include "tests/test.h"

#define KINDS "there are fentry, fexit, fmod_ret, fsession, raw_tp, raw_tracepoint, tp_btf, kprobe, kretprobe"

static const struct {
	const char *section, *why;
} missing[] = {
	{ "tracepoint/sched/sched_switch",
	  "there are no tracepoint programs: *; write SEC(\"raw_tp/sched_switch\")" },
	{ "tp/sched/sched_switch", "there are no tp programs: *; write SEC(\"raw_tp/sched_switch\")" },
	{ "tracepoint", "there are no tracepoint programs: *; write SEC(\"raw_tp/NAME\")" },
	{ "tracepoint/syscalls/sys_enter_openat",
	  "there are no tracepoint/syscalls programs: there are no system calls" },
	{ "raw_tp.w/sched_switch", "there are no raw_tp.w programs: *; write SEC(\"raw_tp/sched_switch\")" },
	{ "kprobe.multi/skb_*", "there are no kprobe.multi programs: *; write SEC(\"fentry.multi/skb_*\")" },
	{ "kretprobe.multi/skb_*",
	  "there are no kretprobe.multi programs: *; write SEC(\"fexit.multi/skb_*\")" },
	{ "ksyscall/openat", "there are no ksyscall programs: there are no system calls" },
	{ "uprobe.s//bin/sh:main", "there are no uprobe programs: there are no user programs to probe" },
	{ "usdt", "there are no usdt programs: *" },
	{ "lsm.s/file_open", "there are no lsm programs: *fmod_ret*" },
	{ "iter/task", "there are no iter programs: *" },
	{ "perf_event", "there are no perf_event programs: *" },
	{ "struct_ops/init", "there are no struct_ops programs: *" },
	{ "xdp", "there are no xdp programs: *fentry/netif_receive_skb*" },
	{ "xdp.frags/devmap", "there are no xdp programs: *" },
	{ "tc", "there are no tc programs: *" },
	{ "tc/ingress", "there are no tc programs: *" },
	{ "cgroup/connect4", "there are no cgroup programs: there are no control groups" },
	{ "freplace/function", "there are no freplace programs: *" },
	{ "tcp", "there is no such kind of program; " KINDS },
	{ "kprobe.s/function", "there is no such kind of program; " KINDS },
	{ "", "there is no such kind of program; " KINDS },
};

TEST(section_of_a_missing_kind_says_what_is_here_instead)
{
	for (u32 i = 0; i < array_len(missing); i++) {
		char why[256] = "";
		struct strbuf log = STRBUF(why), start = STRBUF((char[64]){ 0 });
		struct prog *p;
		require(prog_new(&p, "program", missing[i].section, &log) == OK);
		check_eq(EOPNOTSUPP, section_parse(p, &log));
		str_printf(&start, "section %s: ", missing[i].section);
		check(strncmp(why, start.buf, start.len) == 0);
		if (!str_matches(why + start.len, missing[i].why))
			check_str(missing[i].why, why);
		prog_free(p);
	}
}
