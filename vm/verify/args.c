// SPDX-License-Identifier: MIT
// Of the walk: the arguments of a call. What each must be stands in the row of the helper or kernel function.
#include "kernel/lib/mem.h"
#include "vm/run/map.h"
#include "vm/run/printk.h"
#include "vm/verify/iter.h"
#include "vm/verify/lock.h"
#include "vm/verify/call.h"

static enum err refuse_arg(struct walk *w, const struct call *c, u32 n, const char *needs)
{
	return walk_refuse_arg(w, n, c->prefix, c->h->name, needs);
}

static enum err check_arg_size(struct walk *w, const struct call *c, u32 n, bool may_be_zero, u64 *size)
{
	const struct reg *r = walk_reg(w, n);
	if (r->kind != REG_NUMBER)
		return refuse_arg(w, c, n, "a size");
	if (r->at.whole.smin < (may_be_zero ? 0 : 1) || r->at.whole.smax >= (i64)MAP_BYTES_MAX)
		return refuse_arg(
		    w, c, n,
		    may_be_zero
			? "a size that is small and not negative; test it before, or mask it as in n & 63"
			: "a size above 0 that is not large; test it before, or mask it as in n & 63");
	*size = r->at.whole.umax;
	return OK;
}

/* what: "key", of the map among the arguments; NULL: it is of no map. */
static enum err check_arg_memory(struct walk *w, const struct call *c, u32 n, u64 size, enum access how,
				 const char *what)
{
	char who[128] = "";
	struct strbuf s = STRBUF(who);
	str_printf(&s, "argument %u of %s%s", n, c->prefix, c->h->name);
	if (what)
		str_printf(&s, " (a %s of map %s)", what, c->m->name);
	return access_check(w, n, 0, size, how, who);
}

/* Of a size that is no constant, only what may be written is known. */
static enum access access_of(enum helper_arg arg, const struct reg *size)
{
	if (arg != ARG_MEM_WRITE)
		return ACCESS_READ;
	return range_is_const(&size->at) ? ACCESS_WRITE : ACCESS_MAY_WRITE;
}

/* Memory, and behind it its size. NULL may stand in place of no bytes. */
static enum err check_arg_sized(struct walk *w, struct call *c, u32 n)
{
	enum helper_arg arg = c->h->args[n - BPF_R1], next = c->h->args[n - BPF_R1 + 1];
	const struct reg *r = walk_reg(w, n);
	bool none = arg == ARG_MEM_READ_OR_NULL && reg_is_zero(r);
	enum err e = walk_check_read(w, n + 1)
			 ?: (none || reg_is_address(r) ? OK : refuse_arg(w, c, n, "an address of memory"))
			 ?: check_arg_size(w, c, n + 1, none || next == ARG_SIZE_OR_ZERO, &c->bytes);
	if (e || (none && !c->bytes))
		return e;
	if (none)
		return refuse_arg(w, c, n, "an address of memory, because the size can be more than 0");
	return check_arg_memory(w, c, n, c->bytes, access_of(arg, walk_reg(w, n + 1)), NULL);
}

static enum err check_map_arg(struct walk *w, struct call *c, u32 n, bool wants_ring)
{
	const struct reg *r = walk_reg(w, n);
	if (r->kind != REG_MAP || r->may_be_null)
		return refuse_arg(w, c, n, "a map of this object");
	c->map = r->what;
	c->m = w->p->object->maps[r->what];
	if ((c->m->ops->type == BPF_MAP_TYPE_RINGBUF) != wants_ring)
		return refuse_arg(w, c, n,
				  wants_ring ? "a ring buffer" : "a map of values; a ring buffer has none");
	if (c->m->ops->type == BPF_MAP_TYPE_PROG_ARRAY && !(c->h->flags & HELPER_TAIL_CALL))
		return refuse_arg(w, c, n, "a map of values; one of programs is only for bpf_tail_call");
	return OK;
}

static enum err check_begin(struct walk *w, const struct call *c, u32 n, enum reg_kind kind,
			    const char *needs)
{
	const struct reg *r = walk_reg(w, n);
	if (r->kind == kind && reg_is_at_begin(r))
		return OK;
	return refuse_arg(w, c, n, r->kind == kind ? "its begin" : needs);
}

static enum err check_record(struct walk *w, struct call *c, u32 n)
{
	const struct reg *r = walk_reg(w, n);
	enum err e =
	    check_begin(w, c, n, REG_RECORD,
			"a record from bpf_ringbuf_reserve, which is not submitted or discarded yet");
	if (e)
		return e;
	if (r->may_be_null)
		return refuse_arg(w, c, n, "a record; test it against NULL first");
	if (r->id <= state_top(&w->now)->last_before)
		return refuse_arg(w, c, n, "a record that this callback has reserved");
	c->closes = r->id;
	return OK;
}

enum err call_check_arg(struct walk *w, struct call *c, u32 i)
{
	enum helper_arg arg = c->h->args[i];
	u32 n = BPF_R1 + i;
	const struct reg *r = walk_reg(w, n);
	/* What a format does not ask for may be missing. */
	bool optional = arg == ARG_NONE || (c->h->id == BPF_FUNC_trace_printk && arg == ARG_ANY);
	enum err e = optional ? OK : walk_check_read(w, n);
	if (e)
		return e;
	if (arg != ARG_NONE && (arg != ARG_CTX || c->h->flags & HELPER_TAIL_CALL))
		context_escapes(w, r);
	switch (arg) {
	case ARG_NONE:
	case ARG_ANY:
	case ARG_SIZE:
	case ARG_SIZE_OR_ZERO: return OK; /* a size is checked with its memory */
	case ARG_MAP:
	case ARG_PROG_ARRAY: return check_map_arg(w, c, n, false);
	case ARG_RINGBUF: return check_map_arg(w, c, n, true);
	case ARG_RECORD: return check_record(w, c, n);
	case ARG_RECORD_SIZE:
		c->size = (u32)r->at.bits.value;
		return r->kind == REG_NUMBER && range_is_const(&r->at) && r->at.bits.value < MAP_BYTES_MAX
			   ? OK
			   : refuse_arg(w, c, n,
					"a constant: the size of the record; bpf_ringbuf_output takes any");
	case ARG_MAP_KEY: return check_arg_memory(w, c, n, c->m->key_size, ACCESS_READ, "key");
	case ARG_MAP_VALUE: return check_arg_memory(w, c, n, c->m->value_size, ACCESS_READ, "value");
	case ARG_VALUE_WRITE: return check_arg_memory(w, c, n, 8, ACCESS_WRITE, NULL);
	case ARG_NUMBER: return r->kind == REG_NUMBER ? OK : refuse_arg(w, c, n, "a number");
	case ARG_STACK_OR_NULL:
		return r->kind == REG_STACK || reg_is_zero(r)
			   ? OK
			   : refuse_arg(w, c, n, "an address of the stack, or NULL; put the value there");
	case ARG_LOCK: return lock_called(w, c->h->id == BPF_FUNC_spin_lock);
	case ARG_ITER_NEW:
	case ARG_ITER:
	case ARG_ITER_END:
		c->iter_arg = arg;
		return iter_argument(w, n, arg == ARG_ITER_NEW, c->h->name, &c->iter);
	case ARG_CTX: return check_begin(w, c, n, REG_CONTEXT, "the context");
	case ARG_FUNC:
		if (r->kind != REG_FUNC)
			return refuse_arg(w, c, n, "a function of this program");
		c->func = r->what;
		c->calls_back = true;
		return OK;
	case ARG_MEM_READ_OR_NULL:
	case ARG_MEM_READ:
	case ARG_MEM_WRITE: return check_arg_sized(w, c, n);
	}
	return OK;
}

enum err call_check_format(struct walk *w, const struct call *c)
{
	const struct reg *fmt = walk_reg(w, BPF_R1), *size = walk_reg(w, BPF_R2);
	const struct map *m = fmt->kind == REG_VALUE ? w->p->object->maps[fmt->what] : NULL;
	char text[256] = "";
	struct strbuf why = STRBUF(text);
	u32 set = 0;
	if (!m || !m->read_only || !m->values || !range_is_const(&fmt->at) || !range_is_const(&size->at))
		return OK;
	while (set < 3 && walk_reg(w, BPF_R3 + set)->kind != REG_NONE)
		set++;
	if (c->h->id == BPF_FUNC_trace_vprintk)
		set = (u32)(walk_reg(w, BPF_R4)->at.whole.umin / 8); /* of sizes that vary, the least */
	const char *begin = (const char *)m->values + fmt->at.bits.value;
	if (printk_check(begin, (u32)size->at.bits.value, set, &why))
		return OK;
	why = (struct strbuf)STRBUF(text);
	if (c->h->id == BPF_FUNC_trace_printk && set < 3 &&
	    printk_check(begin, (u32)size->at.bits.value, 3, &why))
		return walk_refuse(
		    w, "value %u that bpf_printk prints has no value here; set the variable first", set + 1);
	return walk_refuse(w, "%s", text);
}
