/* SPDX-License-Identifier: MIT */
/* A command's usage, as help shows it, says what its words may be: "PROG [FUNC|PATTERN] [cookie N]".
 *
 * A space separates words, '|' separates the alternatives of a word. What stands in brackets may be left out. An
 * alternative in capitals names a kind; any other stands for itself. Pure. */
#pragma once
#include "kernel/lib/types.h"

/* The fewest and the most words that it allows. */
void usage_count(const char *usage, u32 *least, u32 *most);

/* Copies alternative i of the word with that index, without what stands in brackets behind it ("FUNC" of
 * "FUNC[+OFFSET]"). Returns false if there are no more than i. */
enum { USAGE_WORD = 32 };
bool usage_word(const char *usage, u32 index, u32 i, char word[USAGE_WORD]);

/* Whether an alternative names a kind of word. */
bool usage_is_kind(const char *alternative);

/* Whether the first word of the arguments is an alternative, or may be one because a kind is among them. */
bool usage_begins(const char *usage, const char *word);
