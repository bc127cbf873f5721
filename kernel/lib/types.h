/* SPDX-License-Identifier: MIT */
/* The words in which every other file is written: integers, attributes, small macros. */
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char i8;
typedef short i16;
typedef int i32;
typedef long long i64;
typedef unsigned long uptr; /* an address; as wide as a pointer */

_Static_assert(sizeof(u64) == 8 && sizeof(uptr) == sizeof(void *), "integer widths");

/* clang-format off */
#define array_len(a)  (sizeof(a) / sizeof((a)[0]))
#define min(a, b)     ((a) < (b) ? (a) : (b))
#define max(a, b)     ((a) > (b) ? (a) : (b))
#define align_up(v, to)   (((v) + ((to) - 1)) & ~((to) - 1)) /* to: a power of two, as wide as v */
#define align_down(v, to) ((v) & ~((to) - 1))
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

#define packed     __attribute__((packed))
#define noreturn   __attribute__((noreturn))
#define unused     __attribute__((unused))
#define printf_like(fmt, args) __attribute__((format(printf, fmt, args)))
/* clang-format on */

/* A function without a site: nothing can be attached to it. For all that a poke, int3 or trampoline calls. */
#define notrace __attribute__((no_instrument_function))

/* A function that keeps its own body, arguments and name, so that to trace it means what the source says. For
 * functions that the optimiser would otherwise inline or change. */
#define traceable __attribute__((noipa))

/* Keeps the compiler from moving loads and stores across it. It does not order what the CPU does. */
#define compiler_barrier() __asm__ volatile("" ::: "memory")
#define read_once(x)       (*(const volatile __typeof__(x) *)&(x))
#define write_once(x, v)   (*(volatile __typeof__(x) *)&(x) = (v))
