/* SPDX-License-Identifier: MIT */
/* Programs on kprobes and kretprobes: two of attach.c's ways to attach. */
#pragma once
#include "attach/attach.h"

#define PROBE_SYMBOL_LEN 64

/* Reads FUNC or FUNC+OFFSET from place; the offset is decimal or 0x hexadecimal. Copies FUNC to symbol, sets
 * p->symbol to it, and p->offset. EINVAL: place is neither, or has an offset although the probe is at the
 * function's return; ENOENT: FUNC is longer than any function's name. */
enum err probe_parse(struct kprobe *p, char symbol[PROBE_SYMBOL_LEN], const char *place, bool at_return,
		     struct strbuf *log);

/* Attaches l->prog at place, which is as for probe_parse; if it is the program's own target, the target's own
 * offset counts. Sets l->probe and l->place. Refuses what register_kprobe and register_kretprobe refuse. */
enum err probe_attach(struct link *l, const char *place, struct strbuf *log);

/* Whether place, read by probe_parse, is where l's probe is. */
bool probe_is_at(const struct link *l, const char *place);

/* Removes the probe. Always returns OK. */
enum err probe_detach(struct link *l, struct strbuf *log);
