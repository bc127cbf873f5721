/* SPDX-License-Identifier: MIT */
/* Programs as hooks of functions and of tracepoints: two of attach.c's ways to attach. The caller holds its
 * lock. */
#pragma once
#include "attach/attach.h"
#include "tramp/text/misnamed.h"

/* function_attach: func is a function, a program, or a pattern. Sets l->sites and l->place. Fails as
 * attach_progs does. function_detach fails as tramp_remove does. */
enum err function_attach(struct link *l, const char *func, struct strbuf *log);
enum err function_detach(struct link *l, struct strbuf *log);

/* Calls visit for each function that the pattern matches and function_attach leaves out. Needs no lock. */
void function_left_out(struct prog *p, const char *pattern, site_visitor *visit, void *arg);

/* As function_attach and function_detach, for the tracepoint called name. tracepoint_attach sets
 * l->tracepoint too. ENOENT: no tracepoint has the name. */
enum err tracepoint_attach(struct link *l, const char *name, struct strbuf *log);
enum err tracepoint_detach(struct link *l, struct strbuf *log);
