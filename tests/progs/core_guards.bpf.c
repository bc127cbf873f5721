// SPDX-License-Identifier: MIT
// Reads of what the kernel of kernel_types.bpf.c does not have, behind a question whether it has it, in every form in
// which people write that. All of it loads, at every optimisation level of clang.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define core     __attribute__((preserve_access_index))
#define noinline __attribute__((noinline))

enum mood___local { MOOD_CALM = 1, MOOD_NONE = 9 };

struct thing___new {
	int first;
	int missing;
	struct {
		int deep;
	} nested;
	int wide : 3;
	short became_signed;
} core;

struct thing___wide {
	int became_signed;
} core;

struct no_such_struct {
	int field;
	struct no_such_struct *next;
} core;

struct thing {
	int first;
} core;

int seen;
const volatile int wanted = 0;

#define HAS(t)  bpf_core_field_exists((t)->missing)
#define READ(t) BPF_CORE_READ(t, missing)

SEC("fmod_ret/target")
int conditional(unsigned long long *ctx)
{
	struct thing___new *t = (void *)ctx[0];
	seen = HAS(t) ? READ(t) : 4242;
	return 0;
}

SEC("fmod_ret/target")
int block(unsigned long long *ctx)
{
	struct thing___new *t = (void *)ctx[0];
	if (HAS(t)) {
		seen += t->missing;
		t->missing = 7;
		bpf_printk("%d", READ(t));
	}
	return seen;
}

SEC("fmod_ret/target")
int early_return(unsigned long long *ctx)
{
	struct thing___new *t = (void *)ctx[0];
	if (!HAS(t))
		return 1;
	seen = t->missing;
	return 0;
}

SEC("fmod_ret/target")
int in_a_variable(unsigned long long *ctx)
{
	struct thing___new *t = (void *)ctx[0];
	_Bool has = HAS(t);
	seen = bpf_get_smp_processor_id();
	if (has)
		seen += READ(t);
	bpf_printk("%d", seen);
	return has ? t->missing : 5;
}

SEC("fmod_ret/target")
int with_another(unsigned long long *ctx)
{
	struct thing___new *t = (void *)ctx[0];
	_Bool both = ctx[1] > 5 && HAS(t) && ctx[2];
	if (both || (HAS(t) && ctx[3]))
		seen = READ(t);
	return !both;
}

SEC("fmod_ret/target")
int negated(unsigned long long *ctx)
{
	struct thing___new *t = (void *)ctx[0];
	_Bool lacks = !HAS(t) || ctx[1] == 3;
	if (lacks)
		seen = 1;
	else
		seen = READ(t);
	return 0;
}

SEC("fmod_ret/target")
int in_a_loop(unsigned long long *ctx)
{
	struct thing___new *t = (void *)ctx[0];
	int sum = 0;
	for (int i = 0; i < 10; i++) {
		sum += bpf_ktime_get_ns();
		if (HAS(t))
			sum += t->missing;
	}
	return sum;
}

static noinline int guarded_by_argument(struct thing___new *t, _Bool has)
{
	if (has)
		return READ(t);
	return 17;
}

static noinline _Bool knows(struct thing___new *t)
{
	bpf_printk("asked");
	return HAS(t);
}

SEC("fmod_ret/target")
int in_subprograms(unsigned long long *ctx)
{
	struct thing___new *t = (void *)ctx[0];
	seen = guarded_by_argument(t, HAS(t));
	return knows(t) ? t->missing : 3;
}

static long callback(unsigned int i, void *data)
{
	struct thing___new *t = *(struct thing___new **)data;
	if (HAS(t))
		seen = READ(t);
	return 0;
}

SEC("fmod_ret/target")
int in_a_callback(unsigned long long *ctx)
{
	void *t = (void *)ctx[0];
	bpf_loop(3, callback, &t, 0);
	return 0;
}

/* One of several ways, chosen once and kept across calls. */
SEC("fmod_ret/target")
int by_version(unsigned long long *ctx)
{
	struct thing___new *t = (void *)ctx[0];
	struct no_such_struct *n = (void *)ctx[0];
	struct thing *plain = (void *)ctx[0];
	int way = bpf_core_type_exists(struct no_such_struct) ? 1 : HAS(t) ? 2 : 3;
	bpf_printk("way %d", way);
	switch (way) {
	case 1: return BPF_CORE_READ(n, next, field);
	case 2: return READ(t);
	case 3: return plain->first;
	}
	return 0;
}

/* More that lives across calls than there are registers for. */
SEC("fmod_ret/target")
int in_a_spill(unsigned long long *ctx)
{
	struct thing___new *t = (void *)ctx[0];
	unsigned long long a = ctx[1], b = ctx[2], c = ctx[3], d = ctx[4], e = bpf_ktime_get_ns();
	unsigned long long f = bpf_ktime_get_ns();
	int has = HAS(t);
	bpf_printk("%d", 1);
	a += bpf_ktime_get_ns() * has;
	b ^= bpf_ktime_get_ns() + a;
	c += bpf_ktime_get_ns() + b;
	d ^= bpf_ktime_get_ns() + c;
	e += bpf_ktime_get_ns() + d;
	f ^= bpf_ktime_get_ns() + e;
	if (has)
		a += READ(t);
	bpf_printk("%d", 2);
	return a + b + c + d + e + f;
}

SEC("fmod_ret/target")
int others(unsigned long long *ctx)
{
	struct thing___new *t = (void *)ctx[0];
	struct thing___wide *w = (void *)ctx[0];
	if (bpf_core_enum_value_exists(enum mood___local, MOOD_NONE))
		seen = bpf_core_enum_value(enum mood___local, MOOD_NONE);
	if (bpf_core_field_exists(t->nested.deep))
		seen = t->nested.deep;
	if (bpf_core_field_exists(t->wide))
		seen = BPF_CORE_READ_BITFIELD(t, wide);
	if (bpf_core_field_exists(t->nested))
		seen = bpf_core_field_size(t->nested);
	if (bpf_core_field_size(w->became_signed) == 4)
		seen = w->became_signed;
	return bpf_core_type_size(struct no_such_struct);
}

/* Read only, so that it is known. */
SEC("fmod_ret/target")
int not_wanted(unsigned long long *ctx)
{
	struct thing___new *t = (void *)ctx[0];
	return wanted ? READ(t) : 0;
}

char LICENSE[] SEC("license") = "GPL";
