// SPDX-License-Identifier: MIT
// The kinds of programs that this kernel has, and those that only Linux has.
#include "vm/load/section.h"
#include "kernel/lib/mem.h"

/* What the first part of a section's name means, without the endings .multi and .s. */
struct attach_type {
	const char *prefix;
	enum prog_type type;
	bool may_sleep, may_be_multi;
};

static const struct attach_type attach_types[] = {
	{ "fentry", PROG_FENTRY, true, true },         { "fexit", PROG_FEXIT, true, true },
	{ "fmod_ret", PROG_FMOD_RET, true, false },    { "fsession", PROG_FSESSION, true, true },
	{ "raw_tp", PROG_RAW_TP, false, false },       { "raw_tracepoint", PROG_RAW_TP, false, false },
	{ "tp_btf", PROG_RAW_TP, false, false },       { "kprobe", PROG_KPROBE, false, false },
	{ "kretprobe", PROG_KRETPROBE, false, false },
};

/* A kind that only Linux has: the reason, and the section to use instead, before the last part of the
 * target. */
struct missing_type {
	const char *prefix, *why, *instead;
};

static const char is_for_users[] = "there are no user programs to probe";
static const char is_for_syscalls[] = "there are no system calls";
static const char is_for_packets[] =
    "no program decides about packets; fentry/netif_receive_skb sees each one";
static const char is_for_sockets[] = "no program decides about sockets; fentry sees the functions of UDP";
static const char is_for_cgroups[] = "there are no control groups";

/* clang-format off */
static const struct missing_type missing_types[] = {
	{ "tracepoint/syscalls", is_for_syscalls, NULL },
	{ "tp/syscalls", is_for_syscalls, NULL },
	{ "tracepoint", "a tracepoint's arguments are here, but no record of them", "raw_tp/" },
	{ "tp", "a tracepoint's arguments are here, but no record of them", "raw_tp/" },
	{ "raw_tp.w", "no tracepoint can be written to", "raw_tp/" },
	{ "raw_tracepoint.w", "no tracepoint can be written to", "raw_tp/" },
	{ "kprobe.multi", "a kprobe is at one place", "fentry.multi/" },
	{ "kretprobe.multi", "a kretprobe is of one function", "fexit.multi/" },
	{ "kprobe.session", "a kprobe is at one place", "fsession.multi/" },
	{ "ksyscall", is_for_syscalls, NULL },
	{ "kretsyscall", is_for_syscalls, NULL },
	{ "syscall", "there is no bpf system call", NULL },
	{ "uprobe", is_for_users, NULL },
	{ "uretprobe", is_for_users, NULL },
	{ "usdt", is_for_users, NULL },
	{ "freplace", "no program takes another's place; fentry, fexit or fsession trace it", NULL },
	{ "lsm", "there are no security hooks; fmod_ret replaces what a function returns", NULL },
	{ "lsm_cgroup", is_for_cgroups, NULL },
	{ "iter", "there are no iterators; map dump and ps list what they would", NULL },
	{ "perf_event", "there are no performance events", NULL },
	{ "struct_ops", "the kernel has no structure of functions that programs can fill", NULL },
	{ "xdp", is_for_packets, NULL },
	{ "tc", is_for_packets, NULL },
	{ "tcx", is_for_packets, NULL },
	{ "netkit", is_for_packets, NULL },
	{ "classifier", is_for_packets, NULL },
	{ "action", is_for_packets, NULL },
	{ "netfilter", is_for_packets, NULL },
	{ "flow_dissector", is_for_packets, NULL },
	{ "lwt_in", is_for_packets, NULL },
	{ "lwt_out", is_for_packets, NULL },
	{ "lwt_xmit", is_for_packets, NULL },
	{ "lwt_seg6local", is_for_packets, NULL },
	{ "socket", is_for_sockets, NULL },
	{ "sockops", is_for_sockets, NULL },
	{ "sk_skb", is_for_sockets, NULL },
	{ "sk_msg", is_for_sockets, NULL },
	{ "sk_lookup", is_for_sockets, NULL },
	{ "sk_reuseport", is_for_sockets, NULL },
	{ "cgroup", is_for_cgroups, NULL },
	{ "cgroup_skb", is_for_cgroups, NULL },
	{ "lirc_mode2", "there are no infrared devices", NULL },
};
/* clang-format on */

/* If the text begins with `part`, skips it and returns true. */
static bool skip(const char **text, const char *part)
{
	size_t len = strlen(part);
	if (strncmp(*text, part, len))
		return false;
	*text += len;
	return true;
}

/* Whether a name is of that type: its prefix, endings that it allows, then the target or nothing. */
static bool match_type(struct prog *p, const struct attach_type *a, const char *name)
{
	if (!skip(&name, a->prefix))
		return false;
	p->multi = a->may_be_multi && skip(&name, ".multi");
	p->sleepable = a->may_sleep && skip(&name, ".s");
	if (*name && !skip(&name, "/"))
		return false;
	p->type = a->type;
	str_copy(p->target, name, strlen(p->section) + 1);
	return true;
}

/* kprobe/FUNCTION+0x10: moves the number to target_offset. A kretprobe cannot have one. */
static enum err take_offset(struct prog *p, struct strbuf *log)
{
	char *plus = p->target + str_until(p->target, '+');
	u64 offset;
	if (!*plus)
		return OK;
	if (p->type != PROG_KPROBE)
		return str_refuse(log, EINVAL, "section %s: only a kprobe can be at an offset in a function",
				  p->section);
	if (!parse_u64(plus + 1, &offset) || offset > 0x7fffffff)
		return str_refuse(log, EINVAL, "section %s: %s is no offset; one is written +0x1f or +31",
				  p->section, plus);
	p->target_offset = (u32)offset;
	*plus = 0;
	return OK;
}

/* Returns the row of the longest prefix of name. The prefix is all of it, or a target or an ending (.s,
 * .multi) follows. */
static const struct missing_type *find_missing(const char *name)
{
	const struct missing_type *found = NULL;
	for (u32 i = 0; i < array_len(missing_types); i++) {
		const struct missing_type *m = &missing_types[i];
		const char *rest = name;
		if (!skip(&rest, m->prefix) || (*rest && *rest != '/' && *rest != '.'))
			continue;
		if (!found || strlen(m->prefix) > strlen(found->prefix))
			found = m;
	}
	return found;
}

static enum err refuse_section(const char *name, struct strbuf *log)
{
	const struct missing_type *m = find_missing(name);
	if (!m) {
		str_printf(log, "section %s: there is no such kind of program; there are", name);
		for (u32 i = 0; i < array_len(attach_types); i++)
			str_printf(log, "%s %s", i ? "," : "", attach_types[i].prefix);
		return EOPNOTSUPP;
	}
	str_printf(log, "section %s: there are no %s programs: %s", name, m->prefix, m->why);
	const char *target = str_base(name);
	if (m->instead)
		str_printf(log, "; write SEC(\"%s%s\")", m->instead, target == name ? "NAME" : target);
	return EOPNOTSUPP;
}

enum err section_parse(struct prog *p, struct strbuf *log)
{
	for (u32 i = 0; i < array_len(attach_types); i++)
		if (match_type(p, &attach_types[i], p->section))
			return take_offset(p, log);
	return refuse_section(p->section, log);
}
