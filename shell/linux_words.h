/* SPDX-License-Identifier: MIT */
/* What people type who know Linux: bpftool's words are understood, and for those of other tools a sentence
 * says what to type here. Pure. */
#pragma once
#include "shell/parse.h"

/* Replaces bpftool's words for a command by this shell's. Leaves out `bpftool` and `sudo` in front. Makes
 * `help CMD` of `CMD --help`. w has at least one word. Any other command stays as it is. ENOENT: a command of
 * Linux that has another name here; log says which. */
enum err linux_words(struct words *w, struct strbuf *log);
