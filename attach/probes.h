/* SPDX-License-Identifier: MIT */
/* Programs on kprobes and kretprobes; attach.c's. */
#pragma once
#include "attach/attach.h"

/* place: FUNC or FUNC+OFFSET, the latter decimal or 0x hexadecimal; the program's own target also has an
 * offset of its own. Sets l->probe and l->place. What register_kprobe and register_kretprobe refuse. */
enum err probe_attach(struct link *l, const char *place, struct strbuf *log);

/* Gives OK: it cannot fail. */
enum err probe_detach(struct link *l, struct strbuf *log);
