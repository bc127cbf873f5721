/* SPDX-License-Identifier: MIT */
/* Bytes and strings: the C library's functions that the compiler expects, and few more.
 * All of them are notrace: the patcher and the trampolines run through them. */
#pragma once
#include "kernel/lib/types.h"

void *memcpy(void *dst, const void *src, size_t len);
void *memmove(void *dst, const void *src, size_t len);
void *memset(void *dst, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);

/* The compiler replaces these by instructions where the size is a small constant, and calls them elsewhere.
 * Not in files that define MEM_FUNCTIONS: they define the functions, or test them. */
#ifndef MEM_FUNCTIONS
#define memcpy __builtin_memcpy
#define memset __builtin_memset
#define memcmp __builtin_memcmp
#endif

size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t max);

/* How many characters stand in front of the first ch; all if s has none. */
u32 str_until(const char *s, char ch);

/* Copies src into dst[size], cut to fit, always ended by 0. size >= 1. */
void str_copy(char *dst, const char *src, size_t size);

/* The part of a path behind its last '/'; the whole path if it has none. */
const char *str_base(const char *path);

/* Whether s matches a pattern in which '*' stands for any run of characters and '?' for one. */
bool str_matches(const char *s, const char *pattern);

/* Whether s contains '*' or '?'. */
bool str_is_pattern(const char *s);
