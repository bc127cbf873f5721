/* SPDX-License-Identifier: MIT */
/* Switches the machine off, with a verdict for the program that started it. */
#pragma once
#include "kernel/lib/types.h"

/* In QEMU: exit status 33 if ok, else 35, by isa-debug-exit (which makes 2 v + 1 of v); tools/fivebyte
 * makes 0 and 1 of them. Elsewhere: power off as the emulators offer it, or stop. */
void machine_exit(bool ok) noreturn;

/* The same with exit status 37 in QEMU: Ctrl-C stopped what the machine was to do. */
void machine_exit_stopped(void) noreturn;
