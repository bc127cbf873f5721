/* SPDX-License-Identifier: MIT */
/* What people type who know Linux: bpftool's words are understood, and for those of other tools a sentence
 * says what to type here. Pure. */
#pragma once
#include "shell/parse.h"

/* Replaces bpftool's words for a command by this shell's; `bpftool` and `sudo` in front are left out. w has at
 * least one word. ENOENT: it is a command of Linux that is called otherwise here; log says how. Any other
 * command stays as it is. */
enum err linux_words(struct words *w, struct strbuf *log);
