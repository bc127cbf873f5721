// SPDX-License-Identifier: MIT
// tramp/model.c and abi_x86_64.c: from BTF to slots, for types that this kernel's own functions do not have.
// The types are made by hand; each place is what the System V ABI says and gcc does.
#include "kernel/lib/mem.h"
#include "tests/test.h"
#include "tramp/model.h"

/* --- BTF made by hand -------------------------------------------------------------------------- */

static u32 blob[4096];
static u32 word_count, last_id;

#define KIND_FLAG    0x80000000u
#define BIT_FIELD(n) ((u32)(n) << 24)

static void word(u32 w)
{
	blob[6 + word_count++] = w;
}

static u32 type(enum btf_kind kind, u32 flag_and_vlen, u32 size_or_type)
{
	word(0);
	word((u32)kind << 24 | flag_and_vlen);
	word(size_or_type);
	return ++last_id;
}

static void begin(void)
{
	word_count = last_id = 0;
}

static u32 integer(u32 size, u32 encoding)
{
	u32 id = type(BTF_INT, 0, size);
	word(encoding << 24 | size * 8);
	return id;
}

static u32 array(u32 of, u32 count)
{
	u32 id = type(BTF_ARRAY, 0, 0);
	word(of);
	word(of);
	word(count);
	return id;
}

/* A struct or union; more members with member() at once behind it. */
static u32 aggregate(enum btf_kind kind, u32 size, u32 members, u32 flag)
{
	return type(kind, flag | members, size);
}

static void member(u32 id, u32 bit)
{
	word(0);
	word(id);
	word(bit);
}

static u32 pair(u32 size, u32 a, u32 b, u32 b_at)
{
	u32 id = aggregate(BTF_STRUCT, size, 2, 0);
	member(a, 0);
	member(b, b_at * 8);
	return id;
}

static u32 single(u32 size, u32 a)
{
	u32 id = aggregate(BTF_STRUCT, size, 1, 0);
	member(a, 0);
	return id;
}

/* The model of a function with these parameters, ended by 0 (a void parameter: the dots). */
static struct model m;
static char reason[256];

/* The blob as it is; the function is the last type. */
static enum err model_of_blob(void)
{
	struct strbuf log = STRBUF(reason);
	struct btf b;
	enum err e = btf_open(&b, blob, 24 + word_count * 4 + 4, &log);

	if (e)
		return e;
	if (btf_kind(btf_type(&b, b.count)) == BTF_FUNC)
		e = model_from_btf(&m, &b, b.count, &log);
	btf_close(&b);
	return e;
}

static enum err model(u32 ret, const u32 *params, u32 count)
{
	reason[0] = 0;
	type(BTF_FUNC_PROTO, count, ret);
	for (u32 i = 0; i < count; i++) {
		word(0);
		word(params[i]);
	}
	type(BTF_FUNC, 0, last_id);
	memcpy(blob, (u32[]){ 0x0001eb9f, 24, 0, word_count * 4, word_count * 4, 4 }, 24);
	blob[6 + word_count] = 0;
	return model_of_blob();
}

#define model_of(ret, ...) model(ret, (const u32[]){ __VA_ARGS__ }, array_len(((const u32[]){ __VA_ARGS__ })))

/* "0 1 s0 2": registers, and stack words behind an s. */
static const char *places(void)
{
	static char text[200];
	struct strbuf s = STRBUF(text);
	text[0] = 0;
	for (u32 i = 0; i < m.slot_count; i++)
		str_printf(&s, "%s%s%u", i ? " " : "", m.slots[i].on_stack ? "s" : "", m.slots[i].place);
	return text;
}

static void refused(const char *pattern)
{
	if (!check(str_matches(reason, pattern)))
		check_str(pattern, reason);
}

/* --- Single values ----------------------------------------------------------------------------- */

TEST(model_of_integers_has_their_size_and_sign)
{
	begin();
	u32 u = integer(1, 0), s = integer(2, BTF_INT_SIGNED), b = integer(1, BTF_INT_BOOL);
	u32 pointer = type(BTF_PTR, 0, 0), e = type(BTF_ENUM, KIND_FLAG, 4), e64 = type(BTF_ENUM64, 0, 8);
	u32 chain = type(BTF_CONST, 0, type(BTF_VOLATILE, 0, type(BTF_TYPEDEF, 0, s)));
	require(model_of(chain, u, s, b, pointer, e, e64, chain) == OK);
	static const u8 sizes[] = { 1, 2, 1, 8, 4, 8, 2 };
	static const bool is_signed[] = { false, true, false, false, true, false, true };
	require(m.slot_count == 7);
	for (u32 i = 0; i < 7; i++) {
		check_eq(sizes[i], m.slots[i].size);
		check_eq(is_signed[i], m.slots[i].is_signed);
	}
	check_str("0 1 2 3 4 5 s0", places());
	check_eq(2, m.ret_size);
	check(m.ret_signed);
}

TEST(model_takes_12_arguments_and_refuses_13)
{
	u32 params[13];
	for (u32 count = 12; count <= 13; count++) {
		begin();
		for (u32 i = 0; i < 13; i++)
			params[i] = 1;
		integer(8, 0);
		check_eq(count == 12 ? OK : EOPNOTSUPP, model(0, params, count));
	}
	refused(": has 13 arguments; at most 12 are supported");
}

TEST(model_refuses_what_has_no_size_or_no_integer_register)
{
	begin();
	u32 u = integer(8, 0), f = type(BTF_FLOAT, 0, 8);
	check_eq(EOPNOTSUPP, model_of(u, u, f));
	refused(": argument 2 is of a type that no trampoline passes on: *");
	begin();
	f = type(BTF_FLOAT, 0, 8);
	check_eq(EOPNOTSUPP, model(f, NULL, 0));
	refused(": returns a type that no trampoline passes on: *");
	begin();
	check_eq(EOPNOTSUPP, model_of(0, aggregate(BTF_STRUCT, 0, 0, 0)));
	refused(": argument 1 is of a type that no trampoline passes on: *");
	begin();
	check_eq(EOPNOTSUPP, model_of(0, type(BTF_FWD, 0, 0)));
	refused(": argument 1 is of a type that no trampoline passes on: *");
}

/* An array as C has it comes as a pointer; what BTF calls an array here travels in xmm0. */
TEST(model_refuses_vectors)
{
	begin();
	check_eq(EOPNOTSUPP, model_of(0, array(integer(4, 0), 4)));
	refused(": argument 1 is of a type that no trampoline passes on: *");
	begin();
	check_eq(EOPNOTSUPP, model(array(integer(4, 0), 4), NULL, 0));
	refused(": returns a type that no trampoline passes on: *");
}

TEST(model_refuses_variadic_functions)
{
	begin();
	u32 u = integer(8, 0);
	check_eq(EOPNOTSUPP, model_of(u, u, 0));
	refused(": is variadic*");
}

/* --- 128 bits ---------------------------------------------------------------------------------- */

TEST(model_wide_integer_with_one_register_left_goes_to_the_stack_whole)
{
	begin();
	u32 u = integer(8, 0), w = integer(16, BTF_INT_SIGNED);
	require(model_of(w, u, u, u, u, u, w, u) == OK);
	check_str("0 1 2 3 4 s0 s1 5", places());
	check_eq(2, m.stack_words);
	check_eq(16, m.ret_size);
	check(!m.ret_hidden);
	check_eq(8, m.slots[5].size);
	check_eq(8, m.slots[6].size);
}

TEST(model_wide_integer_is_aligned_to_16_on_the_stack)
{
	begin();
	u32 u = integer(8, 0), w = integer(16, 0);
	require(model_of(0, w, w, w, u, w, u, w) == OK);
	check_str("0 1 2 3 4 5 s0 s2 s3 s4 s6 s7", places());
	check_eq(8, m.stack_words);
}

/* --- Structs ----------------------------------------------------------------------------------- */

TEST(model_struct_takes_a_register_for_each_word)
{
	begin();
	u32 c = integer(1, 0), u = integer(8, 0), w = integer(16, 0);
	u32 three = single(3, array(c, 3)), nine = single(9, array(c, 9)), wide = single(16, w);
	require(model_of(three, three, nine, u, wide) == OK);
	check_str("0 1 2 3 4 5", places());
	for (u32 i = 0; i < m.slot_count; i++)
		check_eq(8, m.slots[i].size);
	check_eq(3, m.ret_size);
	check(!m.ret_hidden);
}

TEST(model_refuses_any_struct_on_the_stack)
{
	begin();
	u32 u = integer(8, 0), one = single(8, u);
	check_eq(EOPNOTSUPP, model_of(0, u, u, u, u, u, u, one));
	refused(": argument 7 is a struct by value on the stack: too few registers*");
	begin();
	u = integer(8, 0);
	u32 two = pair(16, u, u, 8);
	check_eq(EOPNOTSUPP, model_of(0, u, u, u, u, u, two));
	refused(": argument 6 is a struct by value on the stack: too few registers*");
	begin();
	u = integer(8, 0);
	check_eq(EOPNOTSUPP, model_of(0, single(24, array(u, 3))));
	refused(": argument 1 is a struct of 24 bytes by value on the stack: it is too large*");
}

/* The hidden pointer takes the first register, so a struct that would just fit does not. */
TEST(model_counts_the_hidden_pointer)
{
	begin();
	u32 u = integer(8, 0), two = pair(16, u, u, 8), big = single(24, array(u, 3));
	require(model_of(big, u, u, u, two) == OK);
	check_str("1 2 3 4 5", places());
	check(m.ret_hidden);
	begin();
	u = integer(8, 0);
	two = pair(16, u, u, 8);
	big = single(24, array(u, 3));
	check_eq(EOPNOTSUPP, model_of(big, u, u, u, u, two));
}

TEST(model_packed_struct_with_misaligned_members_lives_in_memory)
{
	begin();
	u32 c = integer(1, 0), h = integer(2, 0), four = aggregate(BTF_STRUCT, 4, 3, 0);
	member(c, 0);
	member(h, 8);
	member(c, 24);
	check_eq(EOPNOTSUPP, model_of(0, four));
	refused(": argument 1 is a struct of 4 bytes by value on the stack: it has a member*");
	begin();
	c = integer(1, 0);
	h = integer(2, 0);
	u32 packed_pair = pair(3, c, h, 1);
	require(model_of(packed_pair, c) == OK);
	check(m.ret_hidden);
	check_eq(3, m.ret_size);
	check_str("1", places());
	begin(); /* one level down */
	c = integer(1, 0);
	h = integer(2, 0);
	packed_pair = pair(5, h, h, 3);
	check_eq(EOPNOTSUPP, model_of(0, single(5, single(5, packed_pair))));
}

TEST(model_bit_fields_are_integers_wherever_they_lie)
{
	begin();
	u32 c = integer(1, 0), u = integer(8, 0), s = aggregate(BTF_STRUCT, 10, 3, KIND_FLAG);
	member(c, 0);
	member(u, BIT_FIELD(50) | 8);
	member(u, BIT_FIELD(20) | 58);
	require(model_of(s, s, u) == OK);
	check_str("0 1 2", places());
	check(!m.ret_hidden);
}

TEST(model_union_is_the_sum_of_its_members)
{
	begin();
	u32 c = integer(1, 0), u = integer(8, 0), bytes = array(c, 12), un = aggregate(BTF_UNION, 16, 2, 0);
	member(u, 0);
	member(bytes, 0);
	require(model_of(un, un) == OK);
	check_str("0 1", places());
	begin();
	u = integer(8, 0);
	u32 f = type(BTF_FLOAT, 0, 4);
	un = aggregate(BTF_UNION, 8, 2, 0);
	member(u, 0);
	member(f, 0);
	check_eq(EOPNOTSUPP, model_of(0, un)); /* INTEGER by the ABI; no function here has one */
}

TEST(model_refuses_floating_point_inside_structs)
{
	begin();
	u32 u = integer(8, 0), f = type(BTF_FLOAT, 0, 4);
	check_eq(EOPNOTSUPP, model_of(u, pair(16, u, single(8, array(f, 2)), 8)));
	begin();
	u = integer(8, 0);
	f = type(BTF_FLOAT, 0, 8);
	check_eq(EOPNOTSUPP, model(pair(16, u, f, 8), NULL, 0));
	begin(); /* in memory it does not matter what it is */
	f = type(BTF_FLOAT, 0, 8);
	require(model(single(24, array(f, 3)), NULL, 0) == OK);
	check(m.ret_hidden);
}

/* gcc uses no register for a word of padding, but one for a word that an unnamed bit field fills; BTF has
 * neither. As a result both words are kept whatever is in them. */
TEST(model_refuses_a_word_of_padding_as_argument)
{
	for (u32 second = 0; second < 2; second++) {
		begin();
		u32 u = integer(8, 0), s = aggregate(BTF_STRUCT, 16, 1, 0);
		member(u, second * 64);
		check_eq(EOPNOTSUPP, model_of(0, s, u));
		refused(": argument 1 is a struct of 16 bytes with a word of nothing but padding*");
	}
	begin();
	u32 u = integer(8, 0);
	require(model(single(16, u), NULL, 0) == OK);
	check_eq(16, m.ret_size);
	check(!m.ret_hidden);
}

TEST(model_empty_members_do_not_count)
{
	begin();
	u32 u = integer(8, 0), s = aggregate(BTF_STRUCT, 8, 3, 0);
	member(u, 0);
	member(u + 2, 64);
	member(u + 3, 64);
	aggregate(BTF_STRUCT, 0, 0, 0);
	array(u, 0);
	require(model_of(s, s, u) == OK);
	check_str("0 1", places());
}

/* 2 to the power of 60 paths lead through it. */
TEST(model_unions_within_unions_do_not_take_forever)
{
	begin();
	u32 id = integer(8, 0);
	for (u32 i = 0; i < 60; i++) {
		u32 inner = id;
		id = aggregate(BTF_UNION, 8, 2, 0);
		member(inner, 0);
		member(inner, 0);
	}
	check_eq(EOPNOTSUPP, model_of(0, id));
}

TEST(model_of_flipped_bits_never_leads_outside)
{
	u32 accepted = 0, refusals = 0;
	begin();
	u32 c = integer(1, 0), u = integer(8, 0), w = integer(16, 0), f = type(BTF_FLOAT, 0, 4);
	u32 bits = aggregate(BTF_STRUCT, 10, 3, KIND_FLAG);
	member(c, 0);
	member(u, BIT_FIELD(50) | 8);
	member(u, BIT_FIELD(20) | 58);
	u32 nested = pair(16, pair(8, f, integer(4, 0), 4) - 1, array(integer(2, 0), 3), 8);
	require(model_of(single(16, array(c, 16)), u, w, bits, nested - 2) == OK);
	for (u32 bit = 0; bit < word_count * 32; bit++) {
		((u8 *)(blob + 6))[bit / 8] ^= (u8)(1u << bit % 8);
		*(model_of_blob() == OK ? &accepted : &refusals) += 1;
		((u8 *)(blob + 6))[bit / 8] ^= (u8)(1u << bit % 8);
	}
	check(accepted > 100 && refusals > 100);
}
