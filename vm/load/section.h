/* SPDX-License-Identifier: MIT */
/* What the name of a program's section means, in libbpf's words: fentry.s/kfree_skb. */
#pragma once
#include "vm/prog.h"

/* Sets p's type, target, target_offset, multi and sleepable from p->section. On failure log has one sentence.
 * EOPNOTSUPP: this kernel has no programs of that kind; the sentence says what to use instead. EINVAL: the
 * target is malformed. */
enum err section_parse(struct prog *p, struct strbuf *log);
