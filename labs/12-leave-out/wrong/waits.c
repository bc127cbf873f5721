// SPDX-License-Identifier: MIT
// replaces: save_arguments
// fails: an exit hook that reads nothing
// with: hang
static void save_arguments(struct planner *pl)
{
	struct plan *p = pl->p;
	u32 words = header_words(pl);

	while (pl->hooks[0].unread == ~0u)
		;
	for (u32 i = 0; i < pl->m->slot_count; i++)
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
