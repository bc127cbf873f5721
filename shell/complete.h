/* SPDX-License-Identifier: MIT */
/* What Tab offers for each kind of word that a usage names. Each function offers all candidates. */
#pragma once
#include "shell/edit.h"

void complete_functions(struct edit_matches *m);     /* those with a site */
void complete_programs(struct edit_matches *m);      /* and objects */
void complete_maps(struct edit_matches *m);          /* of all objects */
void complete_tracepoints(struct edit_matches *m);   /* by name */
void complete_kinds_of_code(struct edit_matches *m); /* that prog dump prints */
void complete_ways_to_probe(struct edit_matches *m); /* int3, jump, ftrace */
