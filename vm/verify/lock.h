/* SPDX-License-Identifier: MIT */
/* What a program does with spin locks; struct state has which one it holds. */
#pragma once
#include "vm/verify/walk.h"

/* Takes or releases the lock at the address in r1. */
enum err lock_called(struct walk *w, bool takes);

/* Refuses what may not be done while a lock is held: "a call of bpf_", "ktime_get_ns". */
enum err lock_check_free(struct walk *w, const char *what, const char *name);
