// SPDX-License-Identifier: MIT
// A program's own types may have the names of the kernel's types; vmlinux.h has what Linux's vmlinux.h has.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct map {
	u64 n;
};
struct prog {
	struct map map;
};
struct value {
	struct prog prog;
};
enum op { ADD_OP = 5, INSN_BAD };
enum err { OK = 1, ENOMEM };
typedef u64 word;
struct counter {
	word word;
};

static volatile uint8_t u8_of_linux = sizeof(uintptr_t) + sizeof(uid_t) + sizeof(gid_t) + sizeof(dev_t);
static volatile uint64_t sector = sizeof(sector_t) + sizeof(uint16_t) + sizeof(uint32_t);
static volatile int numbers = BPF_MAP_TYPE_RINGBUF + BPF_MAP_TYPE_USER_RINGBUF +
			      BPF_LOCAL_STORAGE_GET_F_CREATE + BPF_F_USER_STACK + BPF_ANY +
			      BPF_FUNC_user_ringbuf_drain;
static volatile u64 cpu = BPF_F_CURRENT_CPU;
static volatile enum bpf_func_id id = BPF_FUNC_map_lookup_elem;
char comm[TASK_COMM_LEN];

SEC("fmod_ret/target")
int own_names(void *ctx)
{
	struct value v = { { { numbers } } };
	struct counter c = { v.prog.map.n + u8_of_linux + sector + cpu + id };
	return c.word > ADD_OP ? OK : ENOMEM;
}
