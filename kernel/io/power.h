/* SPDX-License-Identifier: MIT */
/* Switches the machine off, and tells the program that started it whether all went well. */
#pragma once
#include "kernel/lib/types.h"

/* In QEMU: exits with status 33 if ok, else 35 (isa-debug-exit exits with 2 v + 1 when v is written);
 * tools/fivebyte turns these into 0 and 1. Elsewhere: powers off through an emulator's port, or stops. */
void machine_exit(bool ok) noreturn;

/* The same with exit status 37 in QEMU: Ctrl-C stopped what the machine was to do. */
void machine_exit_stopped(void) noreturn;
