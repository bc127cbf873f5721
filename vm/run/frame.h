/* SPDX-License-Identifier: MIT */
/* What the caller of a tracing program puts around its context: enum prog_header in vm/prog.h has the
 * layout. A program can pass any number as its context, so each access can hit a bad address. */
#pragma once
#include "kernel/cpu/probe.h"
#include "kernel/cpu/smp.h"
#include "kernel/lib/mem.h"
#include "vm/prog.h"

/* Returns context[index]; 0 if it cannot be read. */
static inline notrace u64 frame_word(u64 ctx, i32 index)
{
	u64 value;
	return probe_read(&value, (uptr)(ctx + (u64)(8 * (i64)index)), sizeof(value)) ? 0 : value;
}

static inline notrace u32 frame_arg_count(u64 ctx)
{
	return (u8)frame_word(ctx, -HEADER_COUNT);
}

static inline notrace bool frame_is_exit(u64 ctx)
{
	return frame_word(ctx, -HEADER_COUNT) >> 63;
}

static inline notrace u64 frame_cookie_addr(u64 ctx)
{
	return ctx - 8 * (u8)(frame_word(ctx, -HEADER_COUNT) >> 8);
}

/* Whether the context is a struct pt_regs. It has no header; this CPU's prog_ip and prog_cookie hold the
 * function's address and the cookie. */
static inline notrace bool frame_is_regs(const struct prog *p)
{
	return p->type == PROG_KPROBE || p->type == PROG_KRETPROBE;
}

/* Whether the context holds a tracepoint's arguments as numbers. */
static inline bool frame_is_raw(const struct prog *p)
{
	return p->type == PROG_RAW_TP && strncmp(p->section, "tp_btf", 6);
}

/* Whether the context holds arguments with the types of the program's target, and not just numbers. */
static inline bool frame_is_typed(const struct prog *p)
{
	return !frame_is_regs(p) && !frame_is_raw(p) && *p->target;
}

/* Whether context[count] is the return value. In fmod_ret programs and at the entry of a session the
 * function has not run yet: then it is 0, or the result of the fmod_ret program before. */
static inline notrace bool frame_has_ret(const struct prog *p)
{
	return p->type == PROG_FEXIT || p->type == PROG_FMOD_RET || p->type == PROG_FSESSION ||
	       p->type == PROG_RAW;
}
