// SPDX-License-Identifier: MIT
// Uses bpf(2). Frees nothing: the kernel does that when the process ends.
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "tests/bench/linux.h"
#include <errno.h> /* last: its macros are the names of enum err */

#define HEAD       3 /* instructions before the program's own */
#define LOG_LEN    4096
#define LOG_BRIEF  4  /* the error and statistics, but no instructions */
#define PACKET_LEN 64 /* the socket buffer that it could see, and does not look at */
#define WIDE       (BPF_LD | BPF_DW | BPF_IMM)

static int bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static u64 pointer(const void *p)
{
	return (u64)(uptr)p;
}

static int create_map(const struct linux_map *m)
{
	union bpf_attr a = { .map_type = m->type,
			     .key_size = m->key_size,
			     .value_size = m->value_size,
			     .max_entries = m->max_entries,
			     .map_flags = m->flags };
	int fd = bpf(BPF_MAP_CREATE, &a);
	for (u32 i = 0; fd >= 0 && m->values && i < m->max_entries; i++) {
		union bpf_attr u = { .map_fd = (u32)fd,
				     .key = pointer(&i),
				     .value = pointer(m->values + (u64)i * m->stride) };
		if (bpf(BPF_MAP_UPDATE_ELEM, &u))
			return -1;
	}
	return fd;
}

/* The memory is the value of an array with one entry, which programs reach by a constant address. */
static int create_memory(struct linux_prog *l, u32 len)
{
	const struct linux_map m = { BPF_MAP_TYPE_ARRAY, sizeof(u32), len, 1, BPF_F_MMAPABLE, NULL, 0 };
	int fd = create_map(&m);
	if (fd < 0)
		return fd;
	void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	l->mem = at;
	return at == MAP_FAILED ? -1 : fd;
}

/* Where an immediate names map n, its descriptor. */
static void name_maps(struct insn *insns, u32 count, const int *fds)
{
	for (u32 i = 0; i < count; i++) {
		if (insns[i].op != WIDE)
			continue;
		if (insns[i].src == BPF_PSEUDO_MAP_FD || insns[i].src == BPF_PSEUDO_MAP_VALUE)
			insns[i].imm = fds[insns[i].imm];
		i++;
	}
}

/* The verifier's first line, or the error if it said nothing. What follows are statistics. */
static void say_why(char *log, struct strbuf *why)
{
	const char *line = strtok(log, "\n");
	str_printf(why, "%s", line ? line : strerror(errno));
}

static int load(const struct insn *insns, u32 count, struct strbuf *why)
{
	static char log[LOG_LEN];
	union bpf_attr a = { .prog_type = BPF_PROG_TYPE_SCHED_CLS,
			     .insns = pointer(insns),
			     .insn_cnt = count,
			     .license = pointer("GPL"),
			     .log_buf = pointer(log),
			     .log_size = sizeof(log),
			     .log_level = LOG_BRIEF };
	int fd = bpf(BPF_PROG_LOAD, &a);
	if (fd < 0)
		say_why(log, why);
	return fd;
}

static u32 code_bytes(int fd)
{
	struct bpf_prog_info info = { 0 };
	union bpf_attr a = { .info = {
				 .bpf_fd = (u32)fd, .info_len = sizeof(info), .info = pointer(&info) } };
	return bpf(BPF_OBJ_GET_INFO_BY_FD, &a) ? 0 : info.jited_prog_len;
}

bool linux_load(struct linux_prog *l, const struct insn *insns, u32 count, const struct linux_map *maps,
		u32 map_count, u32 mem_len, struct strbuf *why)
{
	int fds[LINUX_MAPS], mem = create_memory(l, mem_len);
	bool ok = mem >= 0 && map_count <= LINUX_MAPS;
	for (u32 i = 0; ok && i < map_count; i++) {
		fds[i] = create_map(&maps[i]);
		ok = fds[i] >= 0;
	}
	struct insn *all = malloc((count + HEAD) * sizeof(*all));
	if (!ok || !all) {
		str_printf(why, "%s", strerror(errno));
		free(all);
		return false;
	}
	all[0] = (struct insn){ .op = WIDE, .dst = BPF_R1, .src = BPF_PSEUDO_MAP_VALUE, .imm = mem };
	all[1] = (struct insn){ 0 };
	all[2] = (struct insn){ .op = BPF_ALU64 | BPF_MOV | BPF_K, .dst = BPF_R2, .imm = (i32)mem_len };
	memcpy(all + HEAD, insns, count * sizeof(*all));
	name_maps(all + HEAD, count, fds);
	l->fd = load(all, count + HEAD, why);
	free(all);
	if (l->fd < 0)
		return false;
	l->code = code_bytes(l->fd);
	return true;
}

double linux_time(const struct linux_prog *l, u64 runs, u64 *r0)
{
	static u8 packet[PACKET_LEN];
	union bpf_attr a = { .test = { .prog_fd = (u32)l->fd,
				       .data_size_in = sizeof(packet),
				       .data_in = pointer(packet),
				       .repeat = (u32)runs } };
	if (bpf(BPF_PROG_TEST_RUN, &a))
		return 0;
	*r0 = a.test.retval;
	return a.test.duration;
}
