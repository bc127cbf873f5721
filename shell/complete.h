/* SPDX-License-Identifier: MIT */
/* What Tab offers for a word of a kind; for the completers of commands. */
#pragma once
#include "shell/edit.h"

void complete_functions(struct edit_matches *m); /* those with a site */
void complete_programs(struct edit_matches *m);  /* and objects */
void complete_maps(struct edit_matches *m);
