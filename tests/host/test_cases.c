// SPDX-License-Identifier: MIT
// tests/cases/NAME.txt: programs with what they must do, one paragraph each.
//
//      name: add64 carries into the upper half
//      mem: ff ff ff ff                R1 points to it, R2 is its length; may be left out
//          r0 = *(u32 *)(r1 +0)        instructions, as the disassembler writes them
//          r0 += 1
//          exit
//      r0: 0x100000000                 what it returns, or
//      refused: insn 1: ...            the whole message of the verifier
//      after: 00 ff ff ff              the memory afterwards; may be left out
//
// Lines that begin with # say nothing. Every accepted case runs in the interpreter and as machine code.
#include "kernel/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/print.h"
#include "tests/host/host.h"
#include "tests/host/vm_asm.h"
#include "tests/host/vm_run.h"
#include "tests/test.h"

#define INSNS_MAX 256
#define MEM_MAX   256

struct vm_case {
	char name[128];
	struct insn insns[INSNS_MAX];
	u32 count;
	u8 mem[MEM_MAX], after[MEM_MAX];
	i32 mem_len, after_len; /* -1: not there */
	bool refused;
	char message[256];
	u64 r0;
};

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

static bool add_insns(struct vm_case *c, const char *line)
{
	u32 n = c->count + 2 <= INSNS_MAX ? vm_asm_line(&c->insns[c->count], line) : 0;
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
		return (c->mem_len = hex_bytes(value, c->mem, MEM_MAX)) >= 0;
	else if (field(line, "after:", &value))
		return (c->after_len = hex_bytes(value, c->after, MEM_MAX)) >= 0;
	else if (field(line, "r0:", &value))
		return parse_u64(value, &c->r0);
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

/* The paragraph at *at; false at the end of the file. */
static bool read_case(struct vm_case *c, const char **at)
{
	char line[256];
	memset(c, 0, sizeof(*c));
	c->mem_len = c->after_len = -1;
	while (**at) {
		*at = next_line(*at, line, sizeof(line));
		if (!line[0] && c->name[0])
			return true;
		if (line[0] && !check(add_line(c, line)))
			kprintf("%s: cannot read \"%s\"\n", c->name, line);
	}
	return c->name[0];
}

static void run_refused(const struct vm_case *c, enum prog_mode mode)
{
	char text[256] = "";
	struct strbuf log = STRBUF(text);
	u64 r0;
	enum err e = vm_run(c->insns, c->count, mode, NULL, 0, &r0, &log);
	if (!check_eq(EINVAL, e) || !check_str(c->message, text))
		kprintf("case failed: %s\n", c->name);
}

static void run_accepted(const struct vm_case *c, enum prog_mode mode)
{
	char text[256] = "";
	struct strbuf log = STRBUF(text);
	u64 r0 = ~c->r0;
	u32 len = c->mem_len > 0 ? (u32)c->mem_len : 0;
	u8 *mem = kmalloc(max(len, 1u));
	memcpy(mem, c->mem, len);
	enum err e = vm_run(c->insns, c->count, mode, len ? mem : NULL, len, &r0, &log);
	bool ok = check_eq(OK, e) && check_eq(c->r0, r0);
	if (c->after_len >= 0)
		ok &= check(c->after_len == c->mem_len && !memcmp(mem, c->after, len));
	if (!ok)
		kprintf("case failed, %s: %s %s\n", mode == PROG_JIT ? "jit" : "interpreter", c->name, text);
	kfree(mem);
}

/* Runs all of a file's cases, of which there must be at least `least`. */
static void run_file(const char *path, u32 least)
{
	static struct vm_case c;
	size_t len;
	u32 count = 0;
	char *file = host_file(path, &len);
	require(file);
	file[len - 1] = 0; /* instead of the last newline */
	vm_add_suite_helpers();
	for (const char *at = file; read_case(&c, &at); count++)
		for (enum prog_mode mode = PROG_JIT; mode <= PROG_INTERPRET; mode++)
			(c.refused ? run_refused : run_accepted)(&c, mode);
	check(count >= least);
	kfree(file);
}

TEST(cases_of_arithmetic)
{
	run_file("tests/cases/alu.txt", 46);
}

TEST(cases_of_jumps_and_calls)
{
	run_file("tests/cases/jump.txt", 21);
}

TEST(cases_of_memory)
{
	run_file("tests/cases/memory.txt", 18);
}

TEST(cases_of_whole_programs)
{
	run_file("tests/cases/programs.txt", 16);
}

TEST(cases_of_refusal_and_their_neighbours)
{
	run_file("tests/cases/refused.txt", 56);
}
