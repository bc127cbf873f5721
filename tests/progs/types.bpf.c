// SPDX-License-Identifier: MIT
// Types and values of every sort, as clang describes them, for the BTF tests.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum color { RED, GREEN = 5, BLUE = -1 };
union word {
	int i;
	unsigned char b[4];
};
struct point {
	int x, y;
};
struct everything {
	_Bool yes;
	char name[8];
	unsigned int low : 3, high : 5;
	int minus : 4;
	enum color color;
	struct point at[2];
	union {
		long anonymous;
		void *where;
	};
	union word word;
	const volatile char *text;
	int (*call)(struct everything *self, ...);
	int grid[2][3];
};

struct everything whole = {
	.yes = 1,
	.name = "eth\"0",
	.low = 5,
	.high = 17,
	.minus = -3,
	.color = BLUE,
	.at = { { 1, -2 }, { 3, 4 } },
	.anonymous = 0x1234,
	.word = { .i = 0x04030201 },
	.grid = { { 1, 2, 3 }, { 4, 5, 6 } },
};
const volatile unsigned long long limit = 18446744073709551615ull;
int counter;
static char hidden __attribute__((used)) = 'x';

SEC("raw")
int touch(struct everything *e, const char *why)
{
	return e->low + why[0];
}

char LICENSE[] SEC("license") = "MIT";
