// SPDX-License-Identifier: MIT
// Of the walk: spin locks in map values. Two values are the same if the same look-up returned them, or if they are the
// variables of one section.
#include "vm/verify/lock.h"
#include "vm/run/map.h"

enum err lock_check_free(struct walk *w, const char *what, const char *name)
{
	char line[32] = "";
	if (!w->now.locked)
		return OK;
	walk_print_line(&STRBUF(line), w, w->now.locked_at);
	return walk_refuse(w, "%s%s while the lock that %s took is held; %s", what, name, line,
			   insn_is_exit(walk_insn(w))
			       ? "call bpf_spin_unlock before, on every path"
			       : "do it before bpf_spin_lock, or after bpf_spin_unlock");
}

static enum err refuse_lock(struct walk *w, const char *why)
{
	char text[160] = "";
	struct strbuf s = STRBUF(text);
	reg_print(&s, w, walk_reg(w, BPF_R1));
	return walk_refuse(w, "r1 is %s; %s", text, why);
}

enum err lock_called(struct walk *w, bool takes)
{
	const struct reg *r = walk_reg(w, BPF_R1);
	const struct map *m = r->kind == REG_VALUE ? w->p->object->maps[r->what] : NULL;
	struct state *s = &w->now;
	char line[32] = "";
	if (!m || !m->lock_size)
		return refuse_lock(w,
				   "it must be the address of a struct bpf_spin_lock in the value of a map "
				   "whose type says so");
	if (r->may_be_null)
		return refuse_lock(w, "test it against NULL before it is used");
	if (!range_is_const(&r->at) || r->at.bits.value != m->lock_at)
		return walk_refuse(
		    w, "r1 leads to another place than the lock, which is at byte %u of the value",
		    m->lock_at);
	if (!takes && !s->locked)
		return walk_refuse(w, "no lock is held here; call bpf_spin_lock before, on every path");
	if (!takes && (s->lock_map != r->what || s->lock_id != r->id)) {
		walk_print_line(&STRBUF(line), w, s->locked_at);
		return walk_refuse(
		    w, "this is not the lock that %s took; release that one, at the same address", line);
	}
	s->locked = takes;
	s->lock_map = takes ? r->what : 0;
	s->lock_id = takes ? r->id : 0;
	s->locked_at = takes ? w->idx : 0;
	return OK;
}
