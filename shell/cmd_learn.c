// SPDX-License-Identifier: MIT
// Lists the chapters of the book and the labs; tools/make-learn makes the rows from the pages themselves.
#include "kernel/io/print.h"
#include "shell/command.h"
#include "shell/parse.h"
#include "shell/style.h"
#include "shell/table.h"

#define CHAPTER(number, ...)
#define LAB(...) { __VA_ARGS__ },
static const struct lab {
	u32 number;
	const char *title;
	u32 minutes;
	const char *level;
} labs[] = {
#include "shell/learn_rows.h"
	{ 0 },
};
#undef CHAPTER
#undef LAB

#define CHAPTER(...) { __VA_ARGS__ },
#define LAB(...)
static const struct chapter {
	u32 number;
	const char *title;
	u32 minutes;
	const char *path;
	const char *goal; /* "After this chapter you can ..." */
	const char *run;  /* its first commands, as one line */
} chapters[] = {
#include "shell/learn_rows.h"
	{ 0 },
};

static enum err list_pages(struct strbuf *log)
{
	struct table t;
	table_begin(&t, "*page|title|>minutes");
	for (const struct chapter *c = chapters; c->title; c++)
		table_add(&t, "chapter %u\t%s\t%u", c->number, c->title, c->minutes);
	for (const struct lab *l = labs; l->title; l++)
		table_add(&t, "lab %u, %s\t%s\t%u", l->number, l->level, l->title, l->minutes);
	enum err e = table_print(&t, log);
	if (!e) {
		table_note("Begin with chapter 1: learn 1 says where it is, and what to type first.");
		table_note("For a lab, type make lab N=1 in a terminal of your own, in fivebyte's folder.");
	}
	return e;
}

static enum err cmd_learn(char **args, struct strbuf *log)
{
	u64 number;
	if (!args[0])
		return list_pages(log);
	const struct chapter *c = chapters;
	bool is_number = parse_u64(args[0], &number);
	while (c->title && (!is_number || c->number != number))
		c++;
	if (!c->title)
		return str_refuse(log, ENOENT, "there is no chapter %s; learn lists them", args[0]);
	kprintf("%sChapter %u: %s%s\n", style(STYLE_NAME), c->number, c->title, style_end());
	print_wrapped(c->goal, 0, 0);
	kprintf("Read    %s, %u minutes\n", c->path, c->minutes);
	if (*c->run) {
		kprintf("Type    ");
		print_wrapped(c->run, 8, 8);
	}
	return OK;
}

const struct command learn_commands[] = {
	{ "learn", "[CHAPTER]", "the chapters of the book, and the labs", cmd_learn,
	  "Lists the chapters of the book and the labs with the minutes that each takes. With a number it "
	  "says what that chapter teaches, where it is, and what to type first.",
	  "learn 2", "Documentation/trace/ftrace.rst and fprobe.rst in its source", .tables = "" },
	{ 0 },
};
