/* SPDX-License-Identifier: MIT */
/* What the name of a program's section means, in libbpf's words: fentry.s/kfree_skb. */
#pragma once
#include "vm/prog.h"

/* Sets p's type, target, target_offset, and how it is to run, from p->section. EOPNOTSUPP and a sentence if there are
 * no programs of that kind: it says what the kind is, and what is here in its place; EINVAL if the target is none. */
enum err section_parse(struct prog *p, struct strbuf *log);
