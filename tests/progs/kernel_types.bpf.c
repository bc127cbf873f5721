// SPDX-License-Identifier: MIT
// The types of an imaginary kernel: what tests/progs/core.bpf.c relocates against.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum mood { MOOD_CALM = 3, MOOD_GLAD = 70000 };
enum wide { WIDE_MINUS = -7, WIDE_ONE = 1 };

struct inner {
	int unrelated;
	int value;
};

struct thing {
	long long moved_everything;
	char comm[16];
	struct {
		int hidden;
		union {
			int first;
			unsigned int second;
		};
	};
	unsigned int flags_low : 3;
	unsigned int flags_high : 9;
	int minus : 4;
	unsigned char narrow;
	unsigned long long grown;
	int numbers[4];
	struct inner in[3];
	struct inner *pointer;
	enum mood mood;
	short became_signed;
};

/* Two of one name: they agree on same, not on differs. */
struct twice {
	int same;
	int differs;
};
struct twice___b {
	int same, between, differs;
};

/* Two of one name, each with half of it. */
struct half___a {
	int left;
};
struct half___b {
	int right;
};

struct thing thing;
struct half___a half_a;
struct half___b half_b;
enum wide wide;
struct twice twice;
struct twice___b other;

/* What the programs trace: it has their parameters. */
int target(struct thing *t, long a, long b, long c, long d)
{
	return t->moved_everything && a && b && c && d;
}

int take_half(struct half___a *half)
{
	return half->left;
}
