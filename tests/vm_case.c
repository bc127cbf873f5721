// SPDX-License-Identifier: MIT
// Reads and runs the cases that vm_case.h describes; on the host and in the machine.
#include "tests/vm_case.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "tests/host/vm_asm.h"
#include "tests/host/vm_run.h"
#include "tests/test.h"
#include "tests/vm_ways.h"
#include "vm/compile.h"
#include "vm/run/map.h"

/* ---- reading ---- */

/* The rest of the line if it begins with key. */
static bool field(const char *line, const char *key, const char **value)
{
	size_t len = strlen(key);
	if (strncmp(line, key, len))
		return false;
	*value = line + len;
	while (**value == ' ')
		++*value;
	return true;
}

/* The next word of the text, without the spaces around it. */
static bool next_word(const char **at, char *word, u32 size)
{
	u32 len = 0;
	while (**at == ' ')
		++*at;
	while (**at && **at != ' ' && len + 1 < size)
		word[len++] = *(*at)++;
	word[len] = 0;
	return len > 0;
}

static bool parse_number(const char *word, u64 *value)
{
	bool negative = word[0] == '-';
	bool ok = parse_u64(word + negative, value);
	if (negative)
		*value = 0 - *value;
	return ok;
}

/* Numbers up to the end or to the word `until`; false if one is none or they are too many. */
static bool numbers(const char **at, const char *until, u64 *out, u32 max, u32 *count)
{
	char word[24];
	for (*count = 0; next_word(at, word, sizeof(word)) && strcmp(word, until); ++*count)
		if (*count == max || !parse_number(word, &out[*count]))
			return false;
	return true;
}

static bool add_with(struct vm_case *c, const char *at)
{
	char word[8];
	u64 reg;
	while (next_word(&at, word, sizeof(word))) {
		if (word[0] != 'r' || !parse_u64(word + 1, &reg) || reg > 9 || c->with_count == VM_CASE_WITH)
			return false;
		c->with[c->with_count++] = (u8)reg;
	}
	return true;
}

/* Up to the next '|' or the end. */
static bool add_row(struct vm_case *c, const char **at)
{
	struct vm_row *row = &c->rows[c->row_count++];
	u64 out[VM_CASE_MEM / 8 + 1];
	u32 in_count, out_count;
	if (c->row_count > VM_CASE_ROWS || !numbers(at, "->", row->in, VM_CASE_WITH, &in_count) ||
	    !numbers(at, "|", out, array_len(out), &out_count) || in_count != c->with_count || !out_count)
		return false;
	row->r0 = out[0];
	row->word_count = out_count - 1;
	memcpy(row->words, out + 1, row->word_count * sizeof(u64));
	return out_count == 1 || (i32)row->word_count * 8 == c->mem_len;
}

static bool add_rows(struct vm_case *c, const char *at)
{
	do
		if (c->row_count == VM_CASE_ROWS || !add_row(c, &at))
			return false;
	while (*at);
	return true;
}

static bool add_map(struct vm_case *c, const char *at)
{
	u32 count;
	c->has_map = true;
	return numbers(&at, "", c->map, array_len(c->map), &count) && count == array_len(c->map);
}

static bool add_insns(struct vm_case *c, const char *line)
{
	u32 n = c->count + 2 <= VM_CASE_INSNS ? vm_asm_line(&c->insns[c->count], line) : 0;
	c->count += n;
	return n > 0;
}

static bool add_line(struct vm_case *c, const char *line)
{
	const char *value;
	while (*line == ' ' || *line == '\t')
		line++;
	if (*line == '#')
		return true;
	if (field(line, "name:", &value))
		str_copy(c->name, value, sizeof(c->name));
	else if (field(line, "mem:", &value))
		return (c->mem_len = hex_bytes(value, c->mem, VM_CASE_MEM)) >= 0;
	else if (field(line, "after:", &value))
		return (c->after_len = hex_bytes(value, c->after, VM_CASE_MEM)) >= 0;
	else if (field(line, "r0:", &value))
		return parse_number(value, &c->r0);
	else if (field(line, "with:", &value))
		return add_with(c, value);
	else if (field(line, "row:", &value))
		return add_rows(c, value);
	else if (field(line, "map:", &value))
		return add_map(c, value);
	else if (field(line, "refused:", &value))
		str_copy(c->message, value, sizeof(c->message)), c->refused = true;
	else
		return add_insns(c, line);
	return true;
}

/* One line of the file into line[], without its newline; where the next one begins. */
static const char *next_line(const char *at, char *line, u32 size)
{
	u32 len = 0;
	for (; *at && *at != '\n'; at++)
		if (len + 1 < size)
			line[len++] = *at;
	line[len] = 0;
	return *at ? at + 1 : at;
}

/* What a "form:" line holds: the form into form[]; returns where its rows begin. */
static const char *split_form(char *form, u32 size, const char *value)
{
	u32 len = 0;
	while (value[len] && value[len] != ':')
		len++;
	str_copy(form, value, min(len + 1, size));
	while (len && form[len - 1] == ' ')
		form[--len] = '\0';
	return value[len] ? value + len + 3 : value + len;
}

/* The form number `which` of the paragraph from at to end into form[]; false if it has fewer. */
static bool find_form(char *form, u32 size, const char *at, const char *end, u32 which)
{
	char line[256];
	const char *value;
	form[0] = '\0';
	while (at < end) {
		at = next_line(at, line, sizeof(line));
		if (field(line, "form:", &value) && which-- == 0) {
			split_form(form, size, value);
			return true;
		}
	}
	return false;
}

/* The line with the form in the place of '$'. */
static void fill_in(struct strbuf *out, const char *line, const char *form)
{
	for (; *line; line++)
		if (*line == '$' && form[0])
			str_puts(out, form);
		else
			str_putc(out, *line);
}

/* A line of the case of form number `which`; *forms counts those before it. */
static bool add_line_of(struct vm_case *c, const char *line, const char *form, u32 which, u32 *forms)
{
	char text[256];
	struct strbuf s = STRBUF(text);
	const char *rows;
	if (field(line, "form:", &rows)) {
		if ((*forms)++ != which)
			return true;
		return add_rows(c, split_form(text, sizeof(text), rows));
	}
	while (*line == ' ')
		line++;
	if (*line == '|')
		return *forms != which + 1 || add_rows(c, line + 1);
	fill_in(&s, line, form);
	return !s.cut && add_line(c, text);
}

static const char *paragraph_end(const char *at)
{
	char line[256] = "x";
	while (*at && line[0])
		at = next_line(at, line, sizeof(line));
	return at;
}

/* Case number `which` of the paragraph from at to end; false if it has fewer. */
static bool read_case(struct vm_case *c, const char *at, const char *end, u32 which)
{
	char line[256], form[64];
	u32 forms = 0;
	if (!find_form(form, sizeof(form), at, end, which) && which)
		return false; /* without forms there is one case */
	memset(c, 0, sizeof(*c));
	c->mem_len = c->after_len = -1;
	while (at < end) {
		at = next_line(at, line, sizeof(line));
		if (line[0] && !check(add_line_of(c, line, form, which, &forms)))
			kprintf("%s: cannot read \"%s\"\n", c->name, line);
	}
	if (form[0])
		str_copy(c->name, form, sizeof(c->name));
	return c->name[0];
}

u32 vm_cases_read(const char *path, vm_case_visitor *visit, void *arg)
{
	static struct vm_case c;
	u32 count = 0;
	char *file = test_file(path);
	if (!file)
		return 0;
	for (const char *at = file, *end; *at; at = end) {
		end = paragraph_end(at);
		for (u32 which = 0; read_case(&c, at, end, which); which++, count++)
			visit(&c, arg);
	}
	kfree(file);
	return count;
}

/* ---- running ---- */

/* A case on its way: its program, the memory that R1 points to and what must be there afterwards. */
struct trial {
	const struct vm_case *c;
	enum prog_mode mode;
	const char *who; /* runs it: for messages */
	struct insn insns[VM_CASE_INSNS + 2 * VM_CASE_WITH];
	u32 count;
	u8 *mem;
	u32 len;
	char text[256]; /* the log */
};

static struct insn *add(struct trial *t, struct insn in)
{
	t->insns[t->count] = in;
	return &t->insns[t->count++];
}

static void add_constant(struct trial *t, u32 reg, u64 value)
{
	if (value == (u64)(i32)value) {
		add(t, (struct insn){ .op = OPCODE_MOV64_K, .dst = reg & 15, .imm = (i32)value });
		return;
	}
	add(t, (struct insn){ .op = OPCODE_LD_IMM64, .dst = reg & 15, .imm = (i32)value });
	add(t, (struct insn){ .imm = (i32)(value >> 32) });
}

/* The values stand behind the case's own memory. R1 comes last: it leads there. */
static void add_loads(struct trial *t)
{
	const struct vm_case *c = t->c;
	u32 own = t->len - c->with_count * 8;
	for (u32 last = 0; last <= 1; last++)
		for (u32 i = 0; i < c->with_count; i++)
			if ((c->with[i] == 1) == last)
				add(t, (struct insn){ .op = OPCODE_LDX64,
						      .dst = c->with[i] & 15,
						      .src = 1,
						      .off = (i16)(own + 8 * i) });
}

struct prog *vm_load(struct object *o, const struct insn *insns, u32 count, enum prog_mode mode)
{
	char text[256] = "";
	struct strbuf log = STRBUF(text);
	struct prog *p;
	if (check_eq(OK, vm_load_into(&p, o, insns, count, mode, &log)))
		return p;
	kprintf("refused: %s\n", text);
	return NULL;
}

struct prog *vm_load_text(struct object *o, const char *text, enum prog_mode mode)
{
	struct insn insns[VM_CASE_INSNS];
	return vm_load(o, insns, vm_asm(insns, array_len(insns), text), mode);
}

static enum err run_with_map(struct trial *t, u64 *r0, struct strbuf *log)
{
	const u64 *want = t->c->map;
	struct map *m;
	struct prog *p;
	enum err e =
	    map_create(&m, "m", (enum bpf_map_type)want[0], (u32)want[1], (u32)want[2], (u32)want[3], 0, log);
	if (e)
		return e;
	struct object o = { .maps = &m, .map_count = 1 };
	e = vm_load_into(&p, &o, t->insns, t->count, t->mode, log);
	if (!e) {
		*r0 = vm_call(p, t->mem, t->len);
		prog_free(p);
	}
	map_free(m);
	return e;
}

static enum err run(struct trial *t, u64 *r0)
{
	struct strbuf log = STRBUF(t->text);
	t->text[0] = 0;
	if (t->c->has_map)
		return run_with_map(t, r0, &log);
	return vm_run(t->insns, t->count, t->mode, t->len ? t->mem : NULL, t->len, r0, &log);
}

static void complain(const struct trial *t, const char *how)
{
	kprintf("case failed, %s%s: %s %s\n", t->who, how, t->c->name, t->text);
}

/* Memory for a program: the case's and `more` bytes behind it. */
static bool begin(struct trial *t, const struct vm_case *c, enum prog_mode mode, u32 more)
{
	t->c = c;
	t->mode = mode;
	t->count = 0;
	t->len = (c->mem_len > 0 ? (u32)c->mem_len : 0) + more;
	t->mem = kmalloc(max(t->len, 1u));
	if (t->mem && c->mem_len > 0)
		memcpy(t->mem, c->mem, (size_t)c->mem_len);
	return check(t->mem != NULL);
}

static void add_body(struct trial *t)
{
	memcpy(&t->insns[t->count], t->c->insns, t->c->count * sizeof(*t->insns));
	t->count += t->c->count;
}

static void run_row(struct trial *t, const struct vm_row *row, bool loaded)
{
	const struct vm_case *c = t->c;
	u64 r0 = ~row->r0;
	if (loaded) {
		memcpy(t->mem + t->len - 8 * c->with_count, row->in, 8 * c->with_count);
		add_loads(t);
	}
	for (u32 i = 0; i < c->with_count && !loaded; i++)
		add_constant(t, c->with[i], row->in[i]);
	add_body(t);
	enum err e = run(t, &r0);
	bool ok = check_eq(OK, e) && check_eq(row->r0, r0);
	if (row->word_count)
		ok &= check(!memcmp(t->mem, row->words, 8 * row->word_count));
	if (!ok) {
		char how[64];
		struct strbuf s = STRBUF(how);
		str_printf(&s, ", row %u%s", (u32)(row - c->rows) + 1, loaded ? " from memory" : "");
		complain(t, how);
	}
}

static void run_rows(struct trial *t, const struct vm_case *c, enum prog_mode mode)
{
	for (u32 i = 0; i < 2 * c->row_count; i++) {
		bool loaded = i & 1;
		if (!begin(t, c, mode, loaded ? 8 * c->with_count : 0))
			return;
		run_row(t, &c->rows[i / 2], loaded);
		kfree(t->mem);
	}
}

static void run_once(struct trial *t, const struct vm_case *c, enum prog_mode mode)
{
	u64 r0 = ~c->r0;
	if (!begin(t, c, mode, 0))
		return;
	add_body(t);
	enum err e = run(t, &r0);
	bool ok;
	if (c->refused)
		ok = check_eq(EINVAL, e) && check_str(c->message, t->text);
	else
		ok = check_eq(OK, e) && check_eq(c->r0, r0);
	if (c->after_len >= 0)
		ok &= check(c->after_len == c->mem_len && !memcmp(t->mem, c->after, t->len));
	if (!ok)
		complain(t, "");
	kfree(t->mem);
}

static void run_by(const struct vm_case *c, enum prog_mode mode, const char *who)
{
	static struct trial t;
	t.who = who;
	(c->row_count ? run_rows : run_once)(&t, c, mode);
}

void vm_case_run(const struct vm_case *c)
{
	run_by(c, PROG_INTERPRET, "interpreter");
	for (u32 way = __STDC_HOSTED__ ? JIT_WAYS_MORE : JIT_WAYS; way-- > 0;)
		run_by(c, PROG_JIT, jit_way(way));
}
