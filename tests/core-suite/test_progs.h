/* SPDX-License-Identifier: MIT */
/* The part of Linux's test runner that the table of cases in prog_tests/core_reloc.c and their setup need. */
#pragma once
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARRAY_SIZE(a)               (sizeof(a) / sizeof((a)[0]))
#define CHECK(condition, tag, ...)  ((condition) ? (fprintf(stderr, __VA_ARGS__), true) : false)
#define CHECK_FAIL(condition)       CHECK(condition, "", "failed: %s\n", #condition)
#define ASSERT_OK_PTR(pointer, tag) ((pointer) != NULL)
#define ASSERT_OK(error, tag)       ((error) == 0)
#define ASSERT_GE(a, b, tag)        ((a) >= (b))
#define ASSERT_FALSE(value, tag)    (!(value))

static struct {
	bool has_testmod;
} env;

static inline bool test__start_subtest(const char *name)
{
	return name != NULL;
}

static inline void test__skip(void) {}

static inline int trigger_module_test_read(int len)
{
	return len;
}
