// SPDX-License-Identifier: MIT
// replaces: save_arguments
// fails: the body gets its arguments
/* Whether a hook reads the slot, or load_arguments does. */
static bool is_needed(const struct planner *pl, u32 slot)
{
	for (u32 i = 0; i < pl->count; i++)
		if (!(pl->hooks[i].unread >> slot & 1))
			return true;
	return false;
}

static void save_arguments(struct planner *pl)
{
	struct plan *p = pl->p;
	u32 words = header_words(pl);

	for (u32 i = 0; i < pl->m->slot_count; i++)
		if (is_needed(pl, i))
			add(p, STEP_SAVE_SLOT, i);
	if (pl->m->ret_hidden)
		add(p, STEP_SAVE_HIDDEN, 0);
	if (words >= BELOW_COUNT)
		add(p, STEP_SAVE_COUNT, pl->m->slot_count);
	if (words >= BELOW_IP)
		add(p, STEP_SAVE_IP, 0);
	for (u32 i = 0; i < session_count(pl); i++)
		add(p, STEP_CLEAR_SESSION, i);
	if (shows_ret_early(pl))
		add(p, STEP_CLEAR_RET, 0);
}
