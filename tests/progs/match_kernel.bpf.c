// SPDX-License-Identifier: MIT
// The kernel's side of tests/host/vm/test_core_types.c: each type of match_local.bpf.c is compared with the one here
// that has its name up to the flavour.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct known {
	int a;
};
union either {
	int a;
};
struct declared;
union declared_union;

struct number {
	unsigned int plain;
	int negative;
	long wide;
};
struct list {
	int four[4];
	int grid[2][3];
};
struct links {
	struct known *known;
	union either *either;
	struct declared *declared;
	union declared_union *declared_union;
	void *any;
	int *number;
	int **two;
};
struct calls {
	int (*call)(struct known *known, int a);
};
struct nested {
	struct known inside;
	struct {
		int in_first;
	};
	union {
		int in_second;
		long in_second_too;
	};
};
enum mood { MOOD_CALM = 1, MOOD_GLAD = 2 };
struct feels {
	enum mood mood;
};
union choice {
	int one;
	long two;
};
struct kind_of {
	int a;
};
typedef int word;
typedef struct known alias;
struct wrapped {
	const volatile int a;
	word b;
	alias c;
};
struct floats {
	double real;
};

struct {
	struct number number;
	struct list list;
	struct links links;
	struct calls calls;
	struct nested nested;
	struct feels feels;
	union choice choice;
	struct kind_of kind_of;
	struct wrapped wrapped;
	struct floats floats;
} all;
