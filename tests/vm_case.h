/* SPDX-License-Identifier: MIT */
/* tests/cases/NAME.txt: programs and what they must do, one paragraph each.
 *
 *      name: add64 carries into the upper half
 *      mem: ff ff ff ff                R1 points to it, R2 is its length; may be left out
 *          r0 = *(u32 *)(r1 +0)        instructions, as the disassembler writes them
 *          r0 += 1
 *          exit
 *      r0: 0x100000000                 what it returns, or
 *      refused: insn 1: ...            the whole message of the verifier
 *      after: 00 ff ff ff              the memory afterwards; may be left out
 *
 * Or with a table, each line of which is a case:
 *
 *      name: add64
 *      with: r0 r1                     set to the values before the arrow
 *          r0 += r1
 *          exit
 *      row: 0xffffffff 1 -> 0x100000000
 *      row: 1 -2 -> -1
 * Or with forms, each of which takes the place of $ in the program and has its rows. A long line goes on
 * behind a '|':
 *
 *      name: one register and an immediate
 *      with: r0
 *          $
 *          exit
 *      form: r0 += 1 : -1 -> 0 | 5 -> 6
 *      form: w0 += 1 : 0xffffffff00000001 -> 2
 *            | -1 -> 0
 *
 * Numbers behind the result are the memory afterwards, in words of 8 bytes. `map: 2 4 8 3` is map 0 of the
 * program: type, key size, value size, entries. A line that begins with # is a comment.
 * Each accepted case runs in the interpreter, and as machine code in each way of vm_ways.h. Each row runs
 * twice: with its values as constants, and with its values in memory, which no compiler can know. */
#pragma once
#include "vm/prog.h"

struct object;

#define VM_CASE_INSNS 256
#define VM_CASE_MEM   256
#define VM_CASE_ROWS  64
#define VM_CASE_WITH  10

struct vm_row {
	u64 in[VM_CASE_WITH], r0, words[VM_CASE_MEM / 8];
	u32 word_count; /* 0: the memory does not matter */
};

struct vm_case {
	char name[128];
	struct insn insns[VM_CASE_INSNS];
	u32 count;
	u8 mem[VM_CASE_MEM], after[VM_CASE_MEM];
	i32 mem_len, after_len; /* -1: not there */
	bool refused;
	char message[256];
	u64 r0;
	u8 with[VM_CASE_WITH]; /* registers */
	u32 with_count;
	struct vm_row rows[VM_CASE_ROWS];
	u32 row_count; /* 0: one program with one result */
	u64 map[4];
	bool has_map;
};

/* Calls visit with each case of a file. Returns how many cases; 0 if no such file exists. A malformed line
 * fails the running test. The case is valid until visit returns. */
typedef void vm_case_visitor(const struct vm_case *c, void *arg);
u32 vm_cases_read(const char *path, vm_case_visitor *visit, void *arg);

/* Runs a case in the interpreter and in each way of the JIT. A result that differs from the case fails the
 * running test. */
void vm_case_run(const struct vm_case *c);

/* Loads instructions as a program of object o; if o is NULL, of no object. Returns the program, which the
 * caller frees with prog_free. If the program is refused, returns NULL, prints the reason and fails the
 * running test. */
struct prog *vm_load(struct object *o, const struct insn *insns, u32 count, enum prog_mode mode);

/* Loads a program from lines as vm_asm reads them, at most VM_CASE_INSNS slots. */
struct prog *vm_load_text(struct object *o, const char *text, enum prog_mode mode);

/* Returns the bytes of a file, with a 0 behind them; NULL if no such file exists. The caller frees them
 * with kfree. On the host the path counts from the project's root; in the machine the files are part of
 * the test kernel. */
char *test_file(const char *path);
