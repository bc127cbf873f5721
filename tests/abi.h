/* SPDX-License-Identifier: MIT */
/* The ABI matrix: functions of many signatures, made by tests/abi/generate, called and traced by
 * tests/tramp/test_abi.c. Every function notes the arguments that C passes to it, one or two words each,
 * and computes its result from all their bits. */
#pragma once
#include "kernel/lib/types.h"

#define ABI_ARGS  12
#define ABI_WORDS (2 * ABI_ARGS)

/* A kind of value. */
struct abi_kind {
	u8 size, words;
	bool is_signed, is_struct;
	bool in_memory; /* returned through a hidden pointer */
	u64 mask[2];    /* the bits that carry the value; the rest of its bytes is padding */
};

/* A function. */
struct abi_row {
	void *fn;
	const char *name;
	const char *refusal; /* pattern of the reason for which it cannot be traced, or NULL */
	u8 ret, arg_count;   /* ret: a kind */
	u8 stack_words;
	u8 args[ABI_ARGS];   /* kinds */
	u8 place[ABI_WORDS]; /* of each word of the arguments: register 0 to 5, or 6 + word of the stack */
};

extern const struct abi_kind abi_kinds[];
extern const struct abi_row abi_rows[];
extern const u32 abi_row_count, abi_refused_count;

/* The call in progress, as the function sees it. */
struct abi_now {
	const struct abi_row *row;
	u64 seen[ABI_WORDS];
	u32 calls;
	uptr frame;
};
extern struct abi_now abi_now;

/* A number in which each bit of all that was seen counts; abi_fill makes len bytes from it. */
u64 abi_mix(void);
void abi_fill(void *out, size_t len);

/* clang-format off */
/* --- What the functions are written with ------------------------------------------------------- */

#define abi_enter() (abi_now.calls++, abi_now.frame = (uptr)__builtin_frame_address(0))
#define abi_see(n, v) (abi_now.seen[n] = (u64)(v))
#define abi_see_pointer(n, v) (abi_now.seen[n] = (uptr)(v))
#define abi_see_wide(n, v) \
	(abi_now.seen[n] = (u64)(v), abi_now.seen[(n) + 1] = (u64)((unsigned __int128)(v) >> 64))
#define abi_see_struct(n, v) __builtin_memcpy(&abi_now.seen[n], &(v), sizeof(v))
#define abi_made(type) ({ type made_; abi_fill(&made_, sizeof(made_)); made_; })

/* --- Their types ------------------------------------------------------------------------------- */

typedef long abi_link;
typedef const abi_link abi_chain;
typedef int (*abi_func)(int);
enum abi_plain { ABI_PLAIN = 1 };
enum abi_signed { ABI_SIGNED = -1 };
enum packed abi_byte { ABI_BYTE = -1 };
enum abi_long { ABI_LONG = 0x8000000000000000 };

struct abi_s1 { u8 a; };
struct abi_s2 { i16 a; };
struct abi_s3 { u8 a[3]; };
struct abi_s4 { i32 a; };
struct abi_s5 { u8 a[5]; };
struct abi_s6 { u16 a[3]; };
struct abi_s7 { u8 a[7]; };
struct abi_s8 { u64 a; };
struct abi_s9 { u8 a[9]; };
struct abi_s10 { u16 a[5]; };
struct abi_s11 { u8 a[11]; };
struct abi_s12 { u32 a[3]; };
struct abi_s13 { u8 a[13]; };
struct abi_s14 { i16 a[7]; };
struct abi_s15 { u8 a[15]; };
struct abi_s16 { u64 a, b; };
struct abi_mixed { u32 a; u8 b; u16 c; };
struct abi_nested { struct { u32 x; u8 y; } p; u64 q; };
union abi_union { u64 a; u8 b[16]; };
struct abi_bits { u32 a : 3; i32 b : 17; u64 c : 40; u32 d : 31; u8 e; };
struct abi_packed { u64 a; u8 b; } packed;
struct abi_wide { __int128 a; };
struct abi_pointers { void *a; abi_func b; };

/* In memory: too large, or packed so that a member is not aligned. */
struct abi_m17 { u8 a[17]; };
struct abi_m24 { u64 a[3]; };
struct abi_m64 { u32 a[16]; };
struct abi_odd3 { u8 a; u16 b; } packed;
struct abi_odd4 { u8 a; u16 b; u8 c; } packed;
struct abi_odd12 { u32 a; u64 b; } packed;

/* A second word that no member covers; nothing at all. */
struct abi_padded { u64 a; } __attribute__((aligned(16)));
struct abi_empty { };
