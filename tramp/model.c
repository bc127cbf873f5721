// SPDX-License-Identifier: MIT
// Reads a function's prototype from BTF: sizes and signs here; classes and places come from abi.h.
#include "tramp/model.h"
#include "tramp/abi.h"

enum { WORD = 8 };

static bool is_aggregate(enum btf_kind kind)
{
	return kind == BTF_STRUCT || kind == BTF_UNION;
}

static const char *const refusals[] = {
	[ABI_LARGE] = "by value on the stack: it is too large for registers",
	[ABI_MISALIGNED] = "by value on the stack: it has a member that is not aligned",
	[ABI_PADDED] = "with a word of nothing but padding, for which BTF shows no register",
};

/* For an argument of type id that is not passed in integer registers. */
static enum err refuse_argument(enum abi_class class, const struct btf *b, const char *func, u32 arg, u32 id,
				struct strbuf *log)
{
	str_printf(log, "%s: argument %u is ", func, arg + 1);
	if (class == ABI_OTHER) {
		str_puts(log, "of a type that no trampoline passes on: ");
		btf_print_type(log, b, id);
	} else {
		str_printf(log, "a struct of %u bytes %s", btf_size(b, id), refusals[class]);
	}
	return EOPNOTSUPP;
}

/* Argument arg (0 is the first) of type id becomes one or more slots. Stores in out how many. */
static enum err add_argument(struct model *m, const struct btf *b, const char *func, u32 arg, u32 id,
			     struct abi_arg *out, struct strbuf *log)
{
	enum btf_kind kind = btf_kind(btf_type(b, btf_strip(b, id)));
	u32 size = btf_size(b, id);
	enum abi_class class = size ? abi_classify(b, id) : ABI_OTHER;

	if (class != ABI_INTEGER)
		return refuse_argument(class, b, func, arg, id, log);
	out->is_aggregate = is_aggregate(kind);
	out->words = (size + WORD - 1) / WORD;
	for (u32 w = 0; w < out->words; w++) {
		struct slot *slot = &m->slots[m->slot_count++];
		/* A struct is not widened: no program reads the bytes behind its last one as its value. */
		slot->size = (u8)(out->is_aggregate ? WORD : min(size, (u32)WORD));
		slot->is_signed = btf_is_signed(b, id);
		slot->arg = (u8)arg;
	}
	return OK;
}

/* Padding in a result is allowed: both words of the result are saved and restored. */
static enum err set_return(struct model *m, const struct btf *b, const char *func, u32 id, struct strbuf *log)
{
	enum abi_class class;

	m->ret_size = btf_size(b, id);
	if (!m->ret_size)
		return OK;
	class = abi_classify(b, id);
	if (class == ABI_OTHER) {
		str_printf(log, "%s: returns a type that no trampoline passes on: ", func);
		btf_print_type(log, b, id);
		return EOPNOTSUPP;
	}
	m->ret_signed = btf_is_signed(b, id);
	m->ret_hidden = class == ABI_LARGE || class == ABI_MISALIGNED;
	return OK;
}

enum err model_from_btf(struct model *m, const struct btf *b, u32 func_id, struct strbuf *log)
{
	const char *func = btf_type_name(b, func_id);
	const struct btf_type *proto = btf_type(b, btf_type(b, func_id)->size_or_type);
	const struct btf_param *params = btf_params(proto);
	u32 count = btf_vlen(proto);
	struct abi_arg args[MODEL_ARGS];
	enum err e;

	*m = (struct model){ 0 };
	if (count && params[count - 1].type == 0)
		return str_refuse(log, EOPNOTSUPP,
				  "%s: is variadic, so what its caller has passed is unknown", func);
	if (count > MODEL_ARGS)
		return str_refuse(log, EOPNOTSUPP, "%s: has %u arguments; at most %u are supported", func,
				  count, MODEL_ARGS);
	e = set_return(m, b, func, proto->size_or_type, log);
	for (u32 i = 0; i < count && !e; i++)
		e = add_argument(m, b, func, i, params[i].type, &args[i], log);
	if (e)
		return e;
	m->arg_count = count;
	return abi_place(m, args, func, log);
}
