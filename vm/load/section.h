/* SPDX-License-Identifier: MIT */
/* The meaning of the name of a program's section, in libbpf's words: fentry.s/kfree_skb. */
#pragma once
#include "vm/prog.h"

/* Sets p's type, target, target_offset, multi and sleepable from p->section. EOPNOTSUPP and a sentence if
 * this kernel has no programs of that kind: it names the kind, and what to use instead. EINVAL if the target
 * is malformed. */
enum err section_parse(struct prog *p, struct strbuf *log);
