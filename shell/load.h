/* SPDX-License-Identifier: MIT */
/* The programs that are there when the shell starts. */
#pragma once
#include "kernel/lib/err.h"

/* Loads the objects that are built into the kernel and those that came as boot modules. A malformed
 * one gets its sentence, the others are loaded all the same; returns the first error. */
enum err load_all(void);
