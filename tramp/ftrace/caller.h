/* SPDX-License-Identifier: MIT */
/* Writes the code that a site calls on behalf of ftrace. One file per architecture: caller_x86_64.c. */
#pragma once
#include "kernel/lib/code.h"

struct ftrace_ops;

struct ftrace_gen {
	bool regs; /* the full-register caller: all of pt_regs; the function goes on at a changed ip */
	uptr func; /* the function that it calls: func(ip, parent_ip, ops, regs) */
	struct ftrace_ops *ops; /* a constant in the code; NULL for the common callers */
};

enum { FTRACE_CALLER_MAX = 512 };

/* Writes a caller to c and returns c->err. The length does not depend on c->base. */
enum err ftrace_gen_caller(struct code *c, const struct ftrace_gen *g);

/* For `compare`: what a caller costs, without the functions that it calls. */
struct ftrace_caller_info {
	u32 stack;     /* bytes below the site's return address */
	u32 pt_regs;   /* of them the pt_regs; the rest are the two frames for frame pointers */
	u32 registers; /* registers whose value is stored, the flags among them */
};
struct ftrace_caller_info ftrace_caller_info(bool regs);
