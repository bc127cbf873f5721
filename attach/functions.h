/* SPDX-License-Identifier: MIT */
/* Programs as hooks of functions and of tracepoints: two of attach.c's ways to attach. The caller holds its
 * lock. */
#pragma once
#include "attach/attach.h"

/* func: a function, a program, or a pattern. Sets l->sites and l->place. Returns what attach_progs says. */
enum err function_attach(struct link *l, const char *func, struct strbuf *log);
enum err function_detach(struct link *l, struct strbuf *log);

/* Likewise, with l->tracepoint. */
enum err tracepoint_attach(struct link *l, const char *name, struct strbuf *log);
enum err tracepoint_detach(struct link *l, struct strbuf *log);
