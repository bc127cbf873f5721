// SPDX-License-Identifier: MIT
// Links the displacement fields of each label into a chain, and fills them.
#include "kernel/lib/code.h"

static notrace i32 get32(const u8 *p)
{
	return (i32)(p[0] | p[1] << 8 | p[2] << 16 | (u32)p[3] << 24);
}

static notrace void set32(u8 *p, i32 value)
{
	u32 v = (u32)value;
	for (int i = 0; i < 4; i++, v >>= 8)
		p[i] = (u8)v;
}

static notrace void set_short(struct code *c, i32 use, i32 rel)
{
	if (rel != (i8)rel)
		code_fail(c, ERANGE);
	else
		c->buf[use] = (u8)rel;
}

notrace void code_to(struct code *c, uptr target)
{
	i64 rel = (i64)(target - code_here(c));
	if (c->err)
		return;
	if (rel != (i32)rel)
		code_fail(c, ERANGE);
	else
		set32(c->buf + c->len - 4, (i32)rel);
}

notrace void code_to_label(struct code *c, struct label *l)
{
	if (c->err)
		return;
	i32 use = (i32)c->len - 4;
	if (l->at >= 0) {
		set32(c->buf + use, l->at - (i32)c->len);
		return;
	}
	set32(c->buf + use, l->uses);
	l->uses = use;
}

// Two short jumps to one label are less than 128 bytes apart, or one of them cannot reach it. So the distance
// back to the previous use always fits the byte, and 0 can mean that no use comes before.
notrace void code_to_label_short(struct code *c, struct label *l)
{
	if (c->err)
		return;
	i32 use = (i32)c->len - 1;
	if (l->at >= 0) {
		set_short(c, use, l->at - (i32)c->len);
		return;
	}
	set_short(c, use, l->short_uses >= 0 ? use - l->short_uses : 0);
	l->short_uses = use;
}

notrace void bind(struct code *c, struct label *l)
{
	if (c->err)
		return;
	l->at = (i32)c->len;
	for (i32 use = l->uses, next; use >= 0; use = next) {
		next = get32(c->buf + use);
		set32(c->buf + use, l->at - (use + 4));
	}
	for (i32 use = l->short_uses, back; use >= 0; use = back ? use - back : -1) {
		back = c->buf[use];
		set_short(c, use, l->at - (use + 1));
	}
}
