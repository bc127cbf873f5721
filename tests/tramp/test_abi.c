// SPDX-License-Identifier: MIT
// The ABI matrix: hundreds of functions of generated signatures (tests/abi/generate), each called as it is,
// then traced in each way. Arguments have junk wherever the ABI allows it. The functions themselves, so
// the C compiler and never tramp/model.c, say what their arguments are and what they return.
#include "tests/abi.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "tests/test.h"
#include "tramp/tramp.h"

/* --- What the functions call ------------------------------------------------------------------- */

struct abi_now abi_now;

static notrace u64 scramble(u64 h)
{
	h = (h ^ h >> 31) * 0x7fb5d329728ea185;
	return h ^ h >> 27;
}

/* How many words the arguments of row take; kinds[word] and of[word] say which argument's, and which word
 * of it. */
static notrace u32 words_of(const struct abi_row *row, const struct abi_kind *kinds[ABI_WORDS],
			    u8 of[ABI_WORDS])
{
	u32 count = 0;
	for (u32 i = 0; i < row->arg_count; i++)
		for (u32 w = 0; w < abi_kinds[row->args[i]].words; w++, count++) {
			kinds[count] = &abi_kinds[row->args[i]];
			of[count] = (u8)w;
		}
	return count;
}

notrace u64 abi_mix(void)
{
	const struct abi_kind *kinds[ABI_WORDS];
	u8 of[ABI_WORDS];
	u32 count = words_of(abi_now.row, kinds, of);
	u64 h = (uptr)abi_now.row->fn;
	for (u32 i = 0; i < count; i++)
		h = scramble(
		    h ^ (kinds[i]->is_struct ? abi_now.seen[i] & kinds[i]->mask[of[i]] : abi_now.seen[i]));
	return h;
}

notrace void abi_fill(void *out, size_t len)
{
	u64 h = abi_mix();
	for (size_t i = 0; i < len; i++, h = scramble(h))
		((u8 *)out)[i] = (u8)(h >> 16);
}

/* --- A call ------------------------------------------------------------------------------------ */

/* ORDER ABI_CALL: tests/tramp/abi_x86_64.asm. */
struct abi_call {
	uptr fn;
	u64 regs[6];
	const u64 *stack;
	u64 stack_words;
	u64 kept[5]; /* what the registers that a function must keep hold before */
	u64 rbp, rsp;
	u64 ret[2];
	u64 changed; /* not 0: one of them was not kept */
};
_Static_assert(offsetof(struct abi_call, stack) == 56 && offsetof(struct abi_call, kept) == 72, "asm");
_Static_assert(offsetof(struct abi_call, ret) == 128 && offsetof(struct abi_call, changed) == 144, "asm");

void abi_call(struct abi_call *c);

/* What a function returned. */
struct result {
	u64 ret[2];
	u8 memory[64];
};

static u64 junk_state, words[ABI_WORDS];
static u64 stack_words[32];

static notrace u64 junk(void)
{
	return junk_state = scramble(junk_state + 0x9e3779b97f4a7c15);
}

static notrace u64 low_bytes(u32 count)
{
	return count >= 8 ? ~0ull : (1ull << count * 8) - 1;
}

static notrace u64 widen(u64 v, u32 size, bool is_signed)
{
	u32 shift = size < 8 ? 64 - size * 8 : 0;
	return is_signed ? (u64)((i64)(v << shift) >> shift) : v << shift >> shift;
}

/* The argument words of row, always the same for the same salt, as C will have them, into words[]; into c
 * the same with junk in all bits that mean nothing, in free registers and in gaps of the stack. */
static notrace void prepare(struct abi_call *c, const struct abi_row *row, u64 salt, struct result *r)
{
	const struct abi_kind *kinds[ABI_WORDS];
	u8 of[ABI_WORDS];
	u32 count = words_of(row, kinds, of);

	*c = (struct abi_call){ .fn = (uptr)row->fn, .stack = stack_words, .stack_words = row->stack_words };
	for (u32 i = 0; i < array_len(c->regs); i++)
		c->regs[i] = junk();
	for (u32 i = 0; i < array_len(c->kept); i++)
		c->kept[i] = junk();
	for (u32 i = 0; i < array_len(stack_words); i++)
		stack_words[i] = junk();
	if (abi_kinds[row->ret].in_memory)
		c->regs[0] = (uptr)r->memory;
	for (u32 i = 0; i < count; i++) {
		const struct abi_kind *k = kinds[i];
		u32 bytes = k->size - of[i] * 8;
		u64 value = scramble((uptr)row->fn * 31 + i + salt) & k->mask[of[i]];
		u64 free = ~(k->is_struct ? k->mask[of[i]] : low_bytes(bytes));
		u64 passed = value | (junk() & free);
		u8 place = row->place[i];
		words[i] = k->is_struct ? value : widen(value, min(bytes, 8u), k->is_signed);
		*(place < 6 ? &c->regs[place] : &stack_words[place - 6]) = passed;
	}
}

/* --- What is wrong with a call: the first thing, in words -------------------------------------- */

static char why_text[200];
static struct strbuf why = STRBUF(why_text);

static notrace bool differs(const char *what, u32 i, u64 want, u64 got)
{
	if (want == got)
		return false;
	if (!why.len)
		str_printf(&why, "%s %u: want 0x%llx got 0x%llx", what, i, want, got);
	return true;
}

static notrace void compare_words(const char *what, const struct abi_row *row, const u64 *got)
{
	const struct abi_kind *kinds[ABI_WORDS];
	u8 of[ABI_WORDS];
	u32 count = words_of(row, kinds, of);
	for (u32 i = 0; i < count; i++)
		differs(what, i, words[i], kinds[i]->is_struct ? got[i] & kinds[i]->mask[of[i]] : got[i]);
}

/* The bytes of a result that have a value. */
static notrace void compare_results(const struct abi_row *row, const struct result *want,
				    const struct result *got)
{
	const struct abi_kind *k = &abi_kinds[row->ret];
	if (k->in_memory) {
		differs("returned pointer", 0, (uptr)got->memory, got->ret[0]);
		differs("result in memory", 0, 0, memcmp(want->memory, got->memory, k->size));
		return;
	}
	for (u32 w = 0; w < k->words; w++)
		differs("returned word", w, want->ret[w] & k->mask[w], got->ret[w] & k->mask[w]);
}

/* Calls the function of row; its body must run that many times. */
static notrace void call_row(const struct abi_row *row, u64 salt, u32 calls, struct result *r)
{
	struct abi_call c;

	memset(r, 0xa5, sizeof(*r));
	prepare(&c, row, salt, r);
	abi_now = (struct abi_now){ .row = row };
	abi_call(&c);
	memcpy(r->ret, c.ret, sizeof(r->ret));
	differs("registers that were not kept", 0, 0, c.changed);
	differs("runs of the body", 0, calls, abi_now.calls);
	if (calls) {
		compare_words("the body's argument word", row, abi_now.seen);
		differs("frame of the body modulo", 16, 0, abi_now.frame % 16);
	}
}

/* Prints what was wrong with row. Returns 1 if anything was, else 0. */
static u32 report_row(const struct abi_row *row, const char *how)
{
	char text[300];
	struct strbuf s = STRBUF(text);
	struct site *site = site_at((uptr)row->fn);

	if (!why.len)
		return 0;
	btf_print_func(&s, site->btf, site->btf_id);
	kprintf("     %s, %s: %s\n", text, how, why_text);
	why = (struct strbuf)STRBUF(why_text);
	return 1;
}

/* --- Hooks ------------------------------------------------------------------------------------- */

enum { ENTRY, MODIFY, EXIT, HOOKS };

static struct seen_by_hook {
	u64 context[ABI_WORDS + 2];
	u32 runs;
} seen[HOOKS];
static u32 context_words, misaligned;
static u32 users[HOOKS];
static u64 modify_by; /* what the second returns */

/* Notes the context and overwrites all that a hook may. */
static notrace u64 note(struct seen_by_hook *s, const u64 *context)
{
	for (u32 i = 0; i < context_words; i++)
		s->context[i] = context[i];
	s->runs++;
	misaligned += ((uptr)__builtin_frame_address(0) & 15) != 0;
	__asm__ volatile("mov $-1, %%rax; mov %%rax, %%rcx; mov %%rax, %%rdx; mov %%rax, %%rsi;"
			 "mov %%rax, %%rdi; mov %%rax, %%r8; mov %%rax, %%r9; mov %%rax, %%r10;"
			 "mov %%rax, %%r11" ::
			     : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "cc");
	return 0xdead;
}

static notrace u64 on_entry(const u64 *context)
{
	return note(&seen[ENTRY], context);
}

static notrace u64 on_exit(const u64 *context)
{
	return note(&seen[EXIT], context);
}

static notrace u64 on_modify(const u64 *context)
{
	note(&seen[MODIFY], context);
	return modify_by;
}

static const struct hook hooks[HOOKS] = {
	[ENTRY] = { .kind = HOOK_FENTRY, .code = (uptr)on_entry, .name = "on_entry" },
	[MODIFY] = { .kind = HOOK_FMOD_RET, .code = (uptr)on_modify, .name = "on_modify" },
	[EXIT] = { .kind = HOOK_FEXIT, .code = (uptr)on_exit, .name = "on_exit" },
};

static struct hook hook_of(u32 which)
{
	struct hook h = hooks[which];
	h.owner = h.users = &users[which];
	return h;
}

static enum err add_hook(struct site *const *sites, u32 count, u32 which, struct strbuf *log)
{
	struct hook h = hook_of(which);
	tramp_lock();
	enum err e = tramp_add(sites, count, &h, 1, log);
	tramp_unlock();
	return e;
}

static enum err take_hook(struct site *const *sites, u32 count, u32 which, struct strbuf *log)
{
	tramp_lock();
	enum err e = tramp_remove(sites, count, &users[which], log);
	tramp_unlock();
	return e;
}

static void enter_by_jmp(bool by_jmp)
{
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	tramp_lock();
	struct plan_options options = tramp_options();
	options.by_jmp = by_jmp;
	check_eq(OK, tramp_set_options(options, &log));
	tramp_unlock();
}

/* --- All rows, or those that a claim is about -------------------------------------------------- */

typedef bool (*row_filter)(const struct abi_row *row);

struct way {
	const char *name;
	u32 hooks;   /* bits */
	bool by_jmp; /* how images that call the body are entered */
};

#define BIT(hook) (1u << (hook))

static const struct way ways[] = {
	{ "fentry", BIT(ENTRY), false },
	{ "fexit by call", BIT(EXIT), false },
	{ "fexit by jmp", BIT(EXIT), true },
	{ "fmod_ret by jmp", BIT(MODIFY), true },
	{ "fentry and fexit by jmp", BIT(ENTRY) | BIT(EXIT), true },
	{ "all by call", BIT(ENTRY) | BIT(MODIFY) | BIT(EXIT), false },
	{ "all by jmp", BIT(ENTRY) | BIT(MODIFY) | BIT(EXIT), true },
};

static notrace bool is_chosen(const struct abi_row *row, row_filter filter)
{
	return !row->refusal && (!filter || filter(row));
}

/* A result in memory cannot be replaced by a number. */
static notrace u32 hooks_for(const struct abi_row *row, const struct way *way)
{
	return abi_kinds[row->ret].in_memory ? way->hooks & ~BIT(MODIFY) : way->hooks;
}

/* The sites of the chosen rows that get the hook, in one batch. */
static u32 sites_for(struct site **sites, row_filter filter, const struct way *way, u32 which)
{
	u32 count = 0;
	for (u32 i = 0; i < abi_row_count; i++)
		if (is_chosen(&abi_rows[i], filter) && (hooks_for(&abi_rows[i], way) & BIT(which)))
			sites[count++] = site_at((uptr)abi_rows[i].fn);
	return count;
}

typedef enum err (*hook_change)(struct site *const *sites, u32 count, u32 which, struct strbuf *log);

static void change_hooks(struct site **sites, row_filter filter, const struct way *way, hook_change change)
{
	for (u32 h = 0; h < HOOKS; h++) {
		char text[200] = "";
		struct strbuf log = STRBUF(text);
		u32 count = sites_for(sites, filter, way, h);
		if (count && !check_eq(OK, change(sites, count, h, &log)))
			kprintf("     %s: %s\n", way->name, text);
	}
}

static const char *const argument_of[HOOKS] = { "fentry's argument word", "fmod_ret's argument word",
						"fexit's argument word" };

static notrace void compare_hooks(const struct abi_row *row, u32 set)
{
	for (u32 h = 0; h < HOOKS; h++) {
		differs("runs of hook", h, set >> h & 1, seen[h].runs);
		if (set >> h & 1)
			compare_words(argument_of[h], row, seen[h].context);
	}
	differs("misaligned frames", 0, 0, misaligned);
}

/* What the exit hook has seen of the result, in the words behind the arguments. */
static notrace void compare_exit(const struct abi_row *row, const struct result *want,
				 const struct result *got)
{
	const struct abi_kind *k = &abi_kinds[row->ret];
	const u64 *ret = &seen[EXIT].context[context_words - 2];

	if (k->in_memory) {
		differs("fexit's return value", 0, (uptr)got->memory, ret[0]);
		return;
	}
	if (k->size && !k->is_struct)
		differs("fexit's return value", 0, widen(want->ret[0], min(k->size, 8), k->is_signed),
			ret[0]);
	for (u32 w = 0; w < k->words; w++)
		differs("fexit's return word", w, want->ret[w] & k->mask[w], ret[w] & k->mask[w]);
}

static notrace void call_hooked(const struct abi_row *row, u32 set, u32 calls, const struct result *want)
{
	const struct abi_kind *kinds[ABI_WORDS];
	struct result r;
	u8 of[ABI_WORDS];

	memset(seen, 0, sizeof(seen));
	misaligned = 0;
	context_words = words_of(row, kinds, of) + 2;
	call_row(row, 7, calls, &r);
	compare_results(row, want, &r);
	compare_hooks(row, set);
	if (set & BIT(EXIT))
		compare_exit(row, want, &r);
}

/* Calls row twice, with different junk; then with a result that takes the place of its body's. */
static notrace u32 call_traced(const struct abi_row *row, const struct way *way, const struct result *want)
{
	const struct abi_kind *k = &abi_kinds[row->ret];
	u32 set = hooks_for(row, way);
	struct result other = { 0 };

	modify_by = 0;
	call_hooked(row, set, 1, want);
	call_hooked(row, set, 1, want);
	if (set & BIT(MODIFY)) {
		modify_by = junk() | 1;
		if (k->size && !k->is_struct)
			modify_by = widen(modify_by, min(k->size, 8), k->is_signed);
		other.ret[0] = modify_by;
		call_hooked(row, set, 0, &other);
	}
	return report_row(row, way->name);
}

/* Traces the chosen rows in one way. Returns how many are wrong. */
static u32 run_way(row_filter filter, const struct way *way, struct site **sites, const struct result *want)
{
	u32 wrong = 0;
	enter_by_jmp(way->by_jmp);
	change_hooks(sites, filter, way, add_hook);
	for (u32 i = 0; i < abi_row_count; i++)
		if (is_chosen(&abi_rows[i], filter))
			wrong += call_traced(&abi_rows[i], way, &want[i]);
	change_hooks(sites, filter, way, take_hook);
	return wrong;
}

/* Calls every chosen row, untraced and then in each way. Returns the count of rows. */
static u32 run_matrix(row_filter filter)
{
	struct result *want = kzalloc(abi_row_count * sizeof(*want));
	struct site **sites = kzalloc(abi_row_count * sizeof(*sites));
	bool by_jmp = tramp_options().by_jmp;
	u32 rows = 0, wrong = 0;

	if (!check(want && sites))
		return 0;
	for (u32 i = 0; i < abi_row_count; i++)
		if (is_chosen(&abi_rows[i], filter)) {
			rows++;
			call_row(&abi_rows[i], 7, 1, &want[i]);
			wrong += report_row(&abi_rows[i], "untraced");
		}
	for (u32 i = 0; i < array_len(ways) && !wrong; i++)
		wrong += run_way(filter, &ways[i], sites, want);
	enter_by_jmp(by_jmp);
	check_eq(0, wrong);
	check_eq(0, image_reap());
	for (u32 h = 0; h < HOOKS; h++)
		check_eq(0, users[h]);
	kfree(sites);
	kfree(want);
	return rows;
}

/* Checks that adding the hook to row is refused, for a reason like this, and changes nothing. */
static void check_refused(const struct abi_row *row, u32 which, const char *reason)
{
	char text[300] = "";
	struct strbuf log = STRBUF(text);
	struct site *site = site_at((uptr)row->fn);

	if (!check_eq(EOPNOTSUPP, add_hook(&site, 1, which, &log)) || !check(str_matches(text, reason)))
		kprintf("     it says: %s\n", text);
	check(!site->tramp);
	check_eq(0, users[which]);
}

/* Checks every row that must be refused for a reason like pattern. Returns their count. */
static u32 run_refusals(const char *pattern)
{
	u32 rows = 0;
	for (u32 i = 0; i < abi_row_count; i++)
		if (abi_rows[i].refusal && str_matches(abi_rows[i].refusal, pattern)) {
			rows++;
			check_refused(&abi_rows[i], ENTRY, abi_rows[i].refusal);
		}
	return rows;
}

/* --- The claims -------------------------------------------------------------------------------- */

static u32 narrow_args(const struct abi_row *row)
{
	u32 count = 0;
	for (u32 i = 0; i < row->arg_count; i++)
		count += !abi_kinds[row->args[i]].is_struct && abi_kinds[row->args[i]].size < 8;
	return count;
}

static bool is_narrow(const struct abi_row *row)
{
	return narrow_args(row) >= 3;
}

static bool has_seven_to_twelve(const struct abi_row *row)
{
	return row->arg_count >= 7;
}

/* Whether a 128-bit argument came too late for two registers. */
static bool has_wide_on_stack(const struct abi_row *row)
{
	for (u32 i = 0, w = 0; i < row->arg_count; w += abi_kinds[row->args[i++]].words)
		if (abi_kinds[row->args[i]].size == 16 && row->place[w] >= 6)
			return true;
	return false;
}

static bool has_struct(const struct abi_row *row)
{
	for (u32 i = 0; i < row->arg_count; i++)
		if (abi_kinds[row->args[i]].is_struct)
			return true;
	return false;
}

TEST(abi_matrix_is_traced_like_it_is_called)
{
	u32 traced = run_matrix(NULL), refused = run_refusals("*");
	check(traced >= 500);
	check_eq(abi_row_count, traced + refused);
	check_eq(abi_refused_count, refused);
	kprintf("     abi: %u signatures, %u traced, %u refused\n", abi_row_count, traced, refused);
}

/* Of Linux's history: the upper halves of narrow arguments were shown to programs as they came. */
TEST(narrow_arguments_with_dirty_upper_bits)
{
	check(run_matrix(is_narrow) > 100);
}

/* Linux 473e3150e30a: functions of 7 to 12 arguments came later, and their stack has to be copied. */
TEST(seven_to_twelve_arguments)
{
	check(run_matrix(has_seven_to_twelve) > 100);
}

TEST(wide_arguments_on_the_stack_are_aligned)
{
	check(run_matrix(has_wide_on_stack) > 20);
}

TEST(structs_in_registers_keep_their_words)
{
	check(run_matrix(has_struct) > 50);
}

/* Of Linux's history (2021): a variadic function's frame was taken for one of its named arguments. */
TEST(variadic_functions_are_refused)
{
	check_eq(4, run_refusals("*is variadic*"));
}

TEST(structs_on_the_stack_are_refused)
{
	check(run_refusals("*by value on the stack*") >= 20);
}

TEST(fmod_ret_of_a_result_in_memory_is_refused)
{
	u32 rows = 0;
	for (u32 i = 0; i < abi_row_count; i++)
		if (!abi_rows[i].refusal && abi_kinds[abi_rows[i].ret].in_memory) {
			rows++;
			check_refused(&abi_rows[i], MODIFY, "*returns a struct in memory*");
		}
	check(rows > 20);
}
