// SPDX-License-Identifier: MIT
// See match_kernel.bpf.c. The flavours that begin with yes match.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct known___x {
	char nothing_alike;
};
union either;
struct declared {
	int whatever;
};
struct declared_union {
	int whatever;
};

struct number___yes {
	unsigned int plain;
	int negative;
	long wide;
};
struct number___yes_fewer {
	int negative;
};
struct number___no_sign {
	int plain;
};
struct number___no_size {
	unsigned long plain;
};
struct number___no_name {
	long long wide;
};
struct number___no_member {
	int other;
};
struct number___no_more {
	unsigned int plain;
	int negative;
	long wide;
	int more;
};

struct list___yes {
	int four[4];
	int grid[2][3];
};
struct list___no_count {
	int four[3];
};
struct list___no_element {
	unsigned int four[4];
};
struct list___no_row {
	int grid[3][2];
};
struct list___no_pointer {
	int *four;
};

struct links___yes {
	struct known___x *known;
	union either *either;
	void *any;
	int *number;
	int **two;
};
struct links___yes_forward {
	struct declared *declared;
};
struct links___no_forward {
	struct declared_union *declared_union;
};
struct links___no_void {
	int *any;
};
struct links___no_target {
	unsigned int *number;
};
struct links___no_stars {
	int *two;
};
struct links___no_struct {
	struct either___struct *either;
};

struct calls___yes {
	int (*call)(struct known___x *k, int b);
};
struct calls___no_count {
	int (*call)(struct known___x *k);
};
struct calls___no_parameter {
	int (*call)(struct known___x *k, long b);
};
struct calls___no_result {
	long (*call)(struct known___x *k, int b);
};

struct nested___yes {
	struct {
		int in_first;
	};
	union {
		long in_second_too;
	};
};
struct nested___no_inside {
	struct known___x inside;
};
struct nested___no_flat {
	int in_first;
};
struct nested___no_anonymous {
	struct {
		int in_second;
	};
};

enum mood___yes { MOOD_GLAD___yes = 7 };
enum mood___no_name { MOOD_SAD };
enum mood___no_size { MOOD_CALM___wide = 1 } __attribute__((mode(byte)));
struct feels___yes {
	enum mood___yes mood;
};
struct feels___no_enum {
	enum mood___no_name mood;
};
struct feels___no_int {
	int mood;
};

union choice___yes {
	long two;
};
union choice___no_member {
	char one;
};

struct wrapped___yes_typedef {
	int a;
	const int b;
};

struct floats___no {
	double real;
};

struct {
	struct number___yes n1;
	struct number___yes_fewer n2;
	struct number___no_sign n3;
	struct number___no_size n4;
	struct number___no_name n5;
	struct number___no_member n6;
	struct number___no_more n7;
	struct list___yes l1;
	struct list___no_count l2;
	struct list___no_element l3;
	struct list___no_row l4;
	struct list___no_pointer l5;
	struct links___yes p1;
	struct links___yes_forward p2;
	struct links___no_forward p3;
	struct links___no_void p4;
	struct links___no_target p5;
	struct links___no_stars p6;
	struct links___no_struct p7;
	struct calls___yes c1;
	struct calls___no_count c2;
	struct calls___no_parameter c3;
	struct calls___no_result c4;
	struct nested___yes s1;
	struct nested___no_inside s2;
	struct nested___no_flat s3;
	struct nested___no_anonymous s4;
	enum mood___no_size e1;
	struct feels___yes e2;
	struct feels___no_enum e3;
	struct feels___no_int e4;
	union choice___yes u1;
	union choice___no_member u2;
	struct wrapped___yes_typedef w2;
	struct floats___no f1;
} all;
