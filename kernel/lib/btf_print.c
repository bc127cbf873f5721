// SPDX-License-Identifier: MIT
// BTF types and values as text. Pointers may form cycles, so types are printed to a fixed depth; what
// nests by value is bounded by the check in btf_open. Loops end when the buffer is full.
#include "kernel/lib/btf.h"
#include "kernel/lib/mem.h"

#define TYPE_DEPTH 16

static void print_type(struct strbuf *s, const struct btf *b, u32 id, u32 depth);

static void print_tagged(struct strbuf *s, const char *keyword, const char *name)
{
	str_puts(s, keyword);
	str_puts(s, *name ? name : "{...}");
}

/* Stars stand together: "char **". */
static void print_star(struct strbuf *s)
{
	if (s->len && s->buf[s->len - 1] != '*')
		str_putc(s, ' ');
	str_putc(s, '*');
}

static void print_params(struct strbuf *s, const struct btf *b, const struct btf_type *proto, bool names,
			 u32 depth)
{
	const struct btf_param *p = btf_params(proto);
	if (!btf_vlen(proto))
		str_puts(s, "void");
	for (u32 i = 0; i < btf_vlen(proto) && !s->cut; i++, p++) {
		if (i)
			str_puts(s, ", ");
		if (!p->type) {
			str_puts(s, "...");
			continue;
		}
		print_type(s, b, p->type, depth + 1);
		if (names && *btf_name(b, p->name_off))
			str_printf(s, " %s", btf_name(b, p->name_off));
	}
}

static void print_proto(struct strbuf *s, const struct btf *b, const struct btf_type *proto,
			const char *middle, u32 depth)
{
	print_type(s, b, proto->size_or_type, depth + 1);
	str_printf(s, " %s(", middle);
	print_params(s, b, proto, false, depth);
	str_putc(s, ')');
}

/* int a[2][3] is an array of 2 arrays of 3. */
static void print_array(struct strbuf *s, const struct btf *b, u32 id, u32 depth)
{
	u32 element = id;
	while (btf_kind(btf_type(b, element)) == BTF_ARRAY)
		element = btf_array(btf_type(b, element))->type;
	print_type(s, b, element, depth + 1);
	for (; id != element; id = btf_array(btf_type(b, id))->type)
		str_printf(s, "[%u]", btf_array(btf_type(b, id))->count);
}

static void print_pointer(struct strbuf *s, const struct btf *b, u32 target, u32 depth)
{
	const struct btf_type *t = btf_type(b, target);
	if (btf_kind(t) == BTF_FUNC_PROTO) {
		print_proto(s, b, t, "(*)", depth);
		return;
	}
	print_type(s, b, target, depth + 1);
	print_star(s);
}

/* A qualifier of a pointer stands behind the star, any other one in front. */
static void print_qualified(struct strbuf *s, const struct btf *b, const char *word, u32 target, u32 depth)
{
	bool behind = btf_kind(btf_type(b, target)) == BTF_PTR;
	if (!behind)
		str_printf(s, "%s ", word);
	print_type(s, b, target, depth + 1);
	if (behind)
		str_puts(s, word);
}

static void print_type(struct strbuf *s, const struct btf *b, u32 id, u32 depth)
{
	const struct btf_type *t = btf_type(b, id);
	const char *name = btf_type_name(b, id);
	if (depth > TYPE_DEPTH) {
		str_puts(s, "...");
		return;
	}
	switch (btf_kind(t)) {
	case BTF_VOID: str_puts(s, "void"); break;
	case BTF_PTR: print_pointer(s, b, t->size_or_type, depth); break;
	case BTF_ARRAY: print_array(s, b, id, depth); break;
	case BTF_STRUCT: print_tagged(s, "struct ", name); break;
	case BTF_UNION: print_tagged(s, "union ", name); break;
	case BTF_ENUM:
	case BTF_ENUM64: print_tagged(s, "enum ", name); break;
	case BTF_FWD: print_tagged(s, btf_kind_flag(t) ? "union " : "struct ", name); break;
	case BTF_VOLATILE: print_qualified(s, b, "volatile", t->size_or_type, depth); break;
	case BTF_CONST: print_qualified(s, b, "const", t->size_or_type, depth); break;
	case BTF_RESTRICT: print_qualified(s, b, "restrict", t->size_or_type, depth); break;
	case BTF_FUNC_PROTO: print_proto(s, b, t, "", depth); break;
	case BTF_TYPE_TAG: print_type(s, b, t->size_or_type, depth + 1); break;
	default: str_puts(s, name); break;
	}
}

void btf_print_type(struct strbuf *s, const struct btf *b, u32 id)
{
	print_type(s, b, id, 0);
}

void btf_print_func(struct strbuf *s, const struct btf *b, u32 func_id)
{
	const struct btf_type *proto = btf_type(b, btf_type(b, func_id)->size_or_type);
	print_type(s, b, proto->size_or_type, 0);
	str_printf(s, " %s(", btf_type_name(b, func_id));
	print_params(s, b, proto, true, 0);
	str_putc(s, ')');
}

/* Reads `bits` bits (1 .. 64) of memory from bit `first` on, little endian. Widens them by is_signed. */
static u64 read_bits(const u8 *data, u32 first, u32 bits, bool is_signed)
{
	u64 value = 0;
	for (u32 i = 0; i < bits; i++)
		value |= (u64)(data[(first + i) / 8] >> (first + i) % 8 & 1) << i;
	if (is_signed && bits && bits < 64 && value >> (bits - 1))
		value |= ~0ull << bits;
	return value;
}

static void print_enum(struct strbuf *s, const struct btf *b, const struct btf_type *t, u64 value)
{
	for (u32 i = 0; i < btf_vlen(t); i++) {
		u32 name_off;
		if (btf_enum_value(t, i, &name_off) == value) {
			str_puts(s, btf_name(b, name_off));
			return;
		}
	}
	str_printf(s, btf_kind_flag(t) ? "%lld" : "%llu", value);
}

/* Prints an integer, enum or pointer of `bits` bits. */
static void print_scalar(struct strbuf *s, const struct btf *b, u32 id, const u8 *data, u32 first, u32 bits)
{
	const struct btf_type *t = btf_type(b, id);
	u64 value = read_bits(data, first, bits, btf_is_signed(b, id));
	switch (btf_kind(t)) {
	case BTF_ENUM:
	case BTF_ENUM64: print_enum(s, b, t, value); break;
	case BTF_INT:
		if (btf_int_encoding(t) & BTF_INT_BOOL)
			str_puts(s, value ? "true" : "false");
		else
			str_printf(s, btf_is_signed(b, id) ? "%lld" : "%llu", value);
		break;
	default: str_printf(s, "0x%llx", value);
	}
}

/* Whether the bytes are text: printable up to a 0 or the end. An empty text is zero throughout. */
static bool is_text(const u8 *data, u32 len)
{
	u32 i = 0;
	while (i < len && ((data[i] >= ' ' && data[i] <= '~') || data[i] == '\n' || data[i] == '\t'))
		i++;
	if (i)
		return i == len || !data[i];
	while (i < len && !data[i])
		i++;
	return i == len;
}

static void print_text(struct strbuf *s, const u8 *data, u32 len)
{
	str_putc(s, '"');
	for (u32 i = 0; i < len && data[i] && !s->cut; i++) {
		if (data[i] == '"' || data[i] == '\\')
			str_putc(s, '\\');
		if (data[i] == '\n' || data[i] == '\t')
			str_puts(s, data[i] == '\n' ? "\\n" : "\\t");
		else
			str_putc(s, (char)data[i]);
	}
	str_putc(s, '"');
}

static void print_elements(struct strbuf *s, const struct btf *b, const struct btf_array *a, const u8 *data)
{
	const struct btf_type *element = btf_type(b, btf_strip(b, a->type));
	u32 size = btf_size(b, a->type);
	bool is_char = btf_kind(element) == BTF_INT && strcmp(btf_name(b, element->name_off), "char") == 0;
	if (is_char && is_text(data, a->count)) {
		print_text(s, data, a->count);
		return;
	}
	str_putc(s, '[');
	for (u32 i = 0; i < a->count && !s->cut; i++) {
		if (i)
			str_putc(s, ',');
		btf_print_value(s, b, a->type, data + (size_t)i * size);
	}
	str_putc(s, ']');
}

static void print_members(struct strbuf *s, const struct btf *b, const struct btf_type *t, const u8 *data)
{
	const struct btf_member *m = btf_members(t);
	str_putc(s, '{');
	for (u32 i = 0; i < btf_vlen(t) && !s->cut; i++, m++) {
		u32 at = btf_member_bit_offset(t, m), bits = btf_member_bit_size(t, m);
		str_puts(s, i ? ", " : " ");
		if (*btf_name(b, m->name_off))
			str_printf(s, ".%s = ", btf_name(b, m->name_off));
		if (bits)
			print_scalar(s, b, btf_strip(b, m->type), data, at, bits);
		else
			btf_print_value(s, b, m->type, data + at / 8);
	}
	str_puts(s, btf_vlen(t) ? " }" : "}");
}

static void print_section(struct strbuf *s, const struct btf *b, const struct btf_type *t, const u8 *data)
{
	const struct btf_var_secinfo *v = btf_vars(t);
	u32 count = t->size_or_type ? btf_vlen(t) : 0; /* size 0: where they lie is not known */
	const char *before = " ";
	str_putc(s, '{');
	for (u32 i = 0; i < count && !s->cut; i++, v++) {
		if (v->offset == BTF_UNPLACED)
			continue;
		str_printf(s, "%s.%s = ", before, btf_type_name(b, v->type));
		before = ", ";
		btf_print_value(s, b, v->type, data + v->offset);
	}
	str_puts(s, " }");
}

static void print_bytes(struct strbuf *s, const u8 *data, u32 len)
{
	str_puts(s, "0x");
	while (len--)
		str_printf(s, "%02x", data[len]);
}

void btf_print_value(struct strbuf *s, const struct btf *b, u32 id, const void *data)
{
	id = btf_strip(b, id);
	const struct btf_type *t = btf_type(b, id);
	switch (btf_kind(t)) {
	case BTF_ARRAY: print_elements(s, b, btf_array(t), data); break;
	case BTF_STRUCT:
	case BTF_UNION: print_members(s, b, t, data); break;
	case BTF_DATASEC: print_section(s, b, t, data); break;
	case BTF_VAR: btf_print_value(s, b, t->size_or_type, data); break;
	case BTF_INT:
	case BTF_ENUM:
	case BTF_ENUM64:
	case BTF_PTR:
		if (btf_size(b, id) <= 8)
			print_scalar(s, b, id, data, 0, btf_size(b, id) * 8);
		else
			print_bytes(s, data, btf_size(b, id));
		break;
	case BTF_FLOAT: print_bytes(s, data, t->size_or_type); break;
	default: str_putc(s, '?');
	}
}
