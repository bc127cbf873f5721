// SPDX-License-Identifier: MIT
// Every kind of CO-RE relocation that clang 14 writes, on types that the kernel of
// tests/progs/kernel_types.bpf.c has elsewhere, otherwise or not at all.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define core __attribute__((preserve_access_index))

enum mood___local { MOOD_CALM = 1, MOOD_GLAD = 2, MOOD_NONE = 9 };
enum wide { WIDE_MINUS = 5 };

struct inner {
	int value;
} core;

struct thing___flavour {
	char comm[8];
	int first;
	int hidden;
	struct {
		unsigned int second;
	};
	unsigned int flags_high : 2;
	int minus : 8;
	unsigned short narrow;
	unsigned int grown;
	int numbers[2];
	struct inner in[1];
	struct inner *pointer;
	int no_such_field;
} core;

struct no_such_struct {
	int field;
} core;

struct results {
	int comm, first, hidden, second, high, minus, narrow, numbers, in, pointer;
	unsigned long long grown;
	int has_first, has_none, none, no_struct;
	unsigned int size, no_size, has_type, no_type, field_size;
	unsigned long long calm, glad, wide_minus;
	int has_calm, has_no_mood;
	long long stored;
};

struct results out;

SEC("fentry/target")
int relocated(unsigned long long *ctx)
{
	struct thing___flavour *t = (void *)ctx[0];
	out.comm = t->comm[1];
	out.first = t->first;
	out.hidden = t->hidden;
	out.second = t->second;
	out.high = (int)BPF_CORE_READ_BITFIELD(t, flags_high);
	out.minus = (int)BPF_CORE_READ_BITFIELD(t, minus);
	out.narrow = t->narrow;
	out.grown = t->grown;
	out.numbers = t->numbers[1];
	out.in = t->in[0].value;
	out.pointer = BPF_CORE_READ(t, pointer, value);
	return 0;
}

SEC("fentry/target")
int asked(unsigned long long *ctx)
{
	struct thing___flavour *t = (void *)ctx[0];
	struct no_such_struct *n = (void *)ctx[0];
	out.has_first = bpf_core_field_exists(t->first) + 1;
	out.has_none = bpf_core_field_exists(t->no_such_field) + 1;
	out.none = 77;
	if (bpf_core_field_exists(t->no_such_field))
		out.none = t->no_such_field;
	if (bpf_core_type_exists(struct no_such_struct))
		out.no_struct = n->field;
	out.size = bpf_core_type_size(struct thing___flavour);
	out.no_size = bpf_core_type_size(struct no_such_struct) + 1;
	out.has_type = bpf_core_type_exists(struct thing___flavour) + 1;
	out.no_type = bpf_core_type_exists(struct no_such_struct) + 1;
	out.field_size = bpf_core_field_size(t->comm);
	out.calm = bpf_core_enum_value(enum mood___local, MOOD_CALM);
	out.glad = bpf_core_enum_value(enum mood___local, MOOD_GLAD);
	out.wide_minus = bpf_core_enum_value(enum wide, WIDE_MINUS);
	out.has_calm = bpf_core_enum_value_exists(enum mood___local, MOOD_CALM) + 1;
	out.has_no_mood = bpf_core_enum_value_exists(enum mood___local, MOOD_NONE) + 1;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
