/* SPDX-License-Identifier: MIT */
/* The settings of the JIT that change its code, for tests that try each. */
#pragma once
#include "kernel/lib/types.h"

/* 0: the default; 1: without its tricks; 2: without BMI2, where the CPU has it; from 3 on: without
 * the trick of enum op_trick with bit number way - 3. */
#define JIT_WAYS      3
#define JIT_WAYS_MORE (JIT_WAYS + 16)

/* Sets the way. The caller must set it to 0 at the end. Returns its name, valid until the next call. */
const char *jit_way(u32 way);
