// SPDX-License-Identifier: MIT
// Reads a function's prototype from BTF: sizes and signs here, places from abi.h.
#include "tramp/model.h"
#include "tramp/abi.h"

enum { WORD = 8, WIDEST_IN_REGISTERS = 16 };

static const char *func_name(const struct btf *b, u32 func_id)
{
	return btf_type_name(b, func_id);
}

static bool is_aggregate(enum btf_kind kind)
{
	return kind == BTF_STRUCT || kind == BTF_UNION;
}

/* Argument arg (0 is the first) of type id becomes one or two slots; words says how many. */
static enum err add_argument(struct model *m, const struct btf *b, const char *func, u32 arg, u32 id,
			     u8 *words, struct strbuf *log)
{
	u32 stripped = btf_strip(b, id);
	enum btf_kind kind = btf_kind(btf_type(b, stripped));
	u32 size = btf_size(b, stripped);

	if (kind == BTF_VOID || kind == BTF_FLOAT || size == 0) {
		str_printf(log, "%s: argument %u is of a type that no trampoline passes on: ", func, arg + 1);
		btf_print_type(log, b, id);
		return EOPNOTSUPP;
	}
	if (size > WIDEST_IN_REGISTERS) {
		str_printf(log,
			   "%s: argument %u is a struct of %u bytes by value on the stack; at most %u fit "
			   "into registers",
			   func, arg + 1, size, WIDEST_IN_REGISTERS);
		return EOPNOTSUPP;
	}
	*words = (u8)((size + WORD - 1) / WORD);
	for (u32 w = 0; w < *words; w++) {
		struct slot *slot = &m->slots[m->slot_count++];
		/* A struct's last word carries its tail: 12 bytes are 8 and 4; odd tails keep the word. */
		u32 bytes = min(size - w * WORD, (u32)WORD);
		bool whole = is_aggregate(kind) || (bytes & (bytes - 1));
		slot->size = whole ? WORD : (u8)bytes;
		slot->is_signed = btf_is_signed(b, stripped);
	}
	return OK;
}

static enum err set_return(struct model *m, const struct btf *b, const char *func, u32 id, struct strbuf *log)
{
	u32 stripped = btf_strip(b, id);
	enum btf_kind kind = btf_kind(btf_type(b, stripped));

	if (kind == BTF_FLOAT) {
		str_printf(log, "%s: returns a floating-point number", func);
		return EOPNOTSUPP;
	}
	m->ret_size = stripped ? btf_size(b, stripped) : 0;
	m->ret_signed = m->ret_size && btf_is_signed(b, stripped);
	m->ret_hidden = m->ret_size > WIDEST_IN_REGISTERS;
	return OK;
}

enum err model_from_btf(struct model *m, const struct btf *b, u32 func_id, struct strbuf *log)
{
	const char *func = func_name(b, func_id);
	const struct btf_type *proto = btf_type(b, btf_type(b, func_id)->size_or_type);
	const struct btf_param *params = btf_params(proto);
	u32 count = btf_vlen(proto);
	u8 words[MODEL_ARGS];
	enum err e;

	*m = (struct model){ 0 };
	if (count && params[count - 1].type == 0) {
		str_printf(log, "%s: is variadic, so nobody knows what its caller has passed", func);
		return EOPNOTSUPP;
	}
	if (count > MODEL_ARGS) {
		str_printf(log, "%s: has %u arguments; at most %u are supported", func, count, MODEL_ARGS);
		return EOPNOTSUPP;
	}
	e = set_return(m, b, func, proto->size_or_type, log);
	for (u32 i = 0; i < count && !e; i++)
		e = add_argument(m, b, func, i, params[i].type, &words[i], log);
	if (e)
		return e;
	m->arg_count = count;
	return abi_place(m, words, log);
}
