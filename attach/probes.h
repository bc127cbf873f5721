/* SPDX-License-Identifier: MIT */
/* Programs on kprobes and kretprobes. */
#pragma once
#include "attach/attach.h"

#define PROBE_SYMBOL_LEN 64

/* Reads FUNC or FUNC+OFFSET, the latter decimal or 0x hexadecimal: FUNC goes into symbol, which p then points
 * to, and the offset into p. EINVAL: it is neither, or has an offset although the probe is at the function's
 * return; ENOENT: FUNC is longer than any function's name. */
enum err probe_parse(struct kprobe *p, char symbol[PROBE_SYMBOL_LEN], const char *place, bool at_return,
		     struct strbuf *log);

/* place is as for probe_parse; the program's own target also has an offset of its own. Sets l->probe and
 * l->place. Refuses what register_kprobe and register_kretprobe refuse. */
enum err probe_attach(struct link *l, const char *place, struct strbuf *log);

/* Returns OK: it cannot fail. */
enum err probe_detach(struct link *l, struct strbuf *log);
