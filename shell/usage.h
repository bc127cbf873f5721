/* SPDX-License-Identifier: MIT */
/* What the usage of a command says about its words, as in "PROG [FUNC|PATTERN] [cookie N]". Pure.
 *
 *  - A space separates words, '|' separates the alternatives of a word.
 *  - Words in brackets may be left out.
 *  - "..." at the end allows any number of further words.
 *  - An alternative in capitals names a kind of word; any other stands for itself. */
#pragma once
#include "shell/command.h"

/* Counts the fewest and the most words that it allows; USAGE_ANY are more than a line can have. */
enum { USAGE_ANY = 1000 };
void usage_count(const char *usage, u32 *least, u32 *most);

/* Copies alternative i of the word with that index, without what stands in brackets behind it ("FUNC" of
 * "FUNC[+OFFSET]"). Returns false if there are no more than i. */
enum { USAGE_WORD = 32 };
bool usage_word(const char *usage, u32 index, u32 i, char word[USAGE_WORD]);

/* Whether word is among alternatives as in "|list|dump", where "" comes first; or these are "*". */
bool usage_lists(const char *alternatives, const char *word);

/* Whether an alternative names a kind of word. */
bool usage_is_kind(const char *alternative);

/* Whether the arguments may begin with word: it is an alternative, or a kind is among these. */
bool usage_begins(const char *usage, const char *word);

/* Refuses arguments with the usage of the command of that name, which family has: EINVAL. */
enum err refuse_usage(const struct command *family, const char *name, struct strbuf *log);
