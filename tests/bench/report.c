// SPDX-License-Identifier: MIT
// Ratios, means, tables.
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "tests/bench/report.h"

#define RATIO_MAX 2.0 /* programs above it are named */
#define WORST     3   /* programs named for each trick */

static double limit(const struct measured *m)
{
	return fmin(m->ways[BY_GCC].ns, m->ways[BY_CLANG].ns);
}

/* By the limit; 0 if it was not measured. */
static double ratio(const struct measured *m, enum way way)
{
	return m->ways[way].ns / limit(m);
}

/* Geometric mean over the programs that count and were measured; 0 if there is none. */
static double mean(const struct report *r, enum way way)
{
	double sum = 0;
	u32 n = 0;
	for (u32 i = 0; i < r->count; i++) {
		const struct measured *m = &r->programs[i];
		if (!m->bench->counted || m->ways[way].ns <= 0)
			continue;
		sum += log(ratio(m, way));
		n++;
	}
	return n ? exp(sum / n) : 0;
}

static double trick_mean(const struct report *r, const struct trick_cost *t)
{
	double sum = 0;
	u32 n = 0;
	for (u32 i = 0; i < r->count; i++) {
		if (!r->programs[i].bench->counted)
			continue;
		sum += log(t->ratios[i]);
		n++;
	}
	return n ? exp(sum / n) : 1;
}

static int by_mean(const void *a, const void *b)
{
	double x = ((const struct trick_cost *)a)->mean, y = ((const struct trick_cost *)b)->mean;
	return (x < y) - (x > y);
}

void report_rank_tricks(struct report *r)
{
	for (u32 i = 0; i < r->trick_count; i++)
		r->tricks[i].mean = trick_mean(r, &r->tricks[i]);
	qsort(r->tricks, r->trick_count, sizeof(r->tricks[0]), by_mean);
}

static void print_number(int width, double v, int digits)
{
	if (v > 0)
		printf(" %*.*f", width, digits, v);
	else
		printf(" %*s", width, "-");
}

static void print_program(const struct measured *m)
{
	printf("%-10s", m->bench->name);
	for (u32 way = 0; way < WAYS; way++)
		print_number(9, m->ways[way].ns, 1);
	print_number(8, ratio(m, INTERPRETED), 2);
	print_number(6, ratio(m, COMPILED), 2);
	print_number(6, ratio(m, ON_LINUX), 2);
	printf(" %6u", m->code);
	print_number(6, m->on_linux.code, 0);
	printf(" %8.1f\n", (double)m->compile_ns / 1000);
}

static void print_programs(const struct report *r)
{
	printf("%-10s %9s %9s %9s %9s %9s %8s %6s %6s %6s %6s %8s\n", "", "native ns", "", "our ns", "",
	       "Linux ns", "by limit", "", "", "bytes", "", "compile");
	printf("%-10s %9s %9s %9s %9s %9s %8s %6s %6s %6s %6s %8s\n", "program", "gcc", "clang", "interp",
	       "JIT", "JIT", "interp", "JIT", "Linux", "JIT", "Linux", "us");
	for (u32 i = 0; i < r->count; i++)
		print_program(&r->programs[i]);
	printf("geometric mean by limit, programs of a few ns left out: interpreter %.2f, JIT %.2f",
	       mean(r, INTERPRETED), mean(r, COMPILED));
	if (mean(r, ON_LINUX) > 0)
		printf(", Linux %.2f", mean(r, ON_LINUX));
	printf("\n");
}

static bool is_slow(const struct measured *m)
{
	return m->bench->counted && ratio(m, COMPILED) > RATIO_MAX;
}

static void print_slow(const struct report *r)
{
	printf("JIT above %.1f:", RATIO_MAX);
	u32 n = 0;
	for (u32 i = 0; i < r->count; i++)
		if (is_slow(&r->programs[i]) && ++n)
			printf(" %s", r->programs[i].bench->name);
	printf("%s\n", n ? "" : " none");
}

static void print_notes(const struct report *r)
{
	for (u32 i = 0; i < r->count; i++)
		if (r->programs[i].linux_note[0])
			printf("not on Linux: %s: %s\n", r->programs[i].bench->name,
			       r->programs[i].linux_note);
}

/* The program that loses most of those that lose less than before it; r->count if there is none. */
static u32 next_worst(const struct report *r, const struct trick_cost *t, const bool *named)
{
	u32 worst = r->count;
	for (u32 i = 0; i < r->count; i++)
		if (!named[i] && r->programs[i].bench->counted &&
		    (worst == r->count || t->ratios[i] > t->ratios[worst]))
			worst = i;
	return worst;
}

static void print_trick(const struct report *r, const struct trick_cost *t)
{
	bool named[64] = { false };
	printf("%-10s %8.3f  ", t->name, t->mean);
	for (u32 k = 0; k < WORST; k++) {
		u32 i = next_worst(r, t, named);
		if (i == r->count)
			break;
		named[i] = true;
		printf("  %s %.2f", r->programs[i].bench->name, t->ratios[i]);
	}
	printf("\n");
}

void report_print(const struct report *r)
{
	if (r->without)
		printf("without: %s\n", r->without);
	print_programs(r);
	print_slow(r);
	print_notes(r);
	if (r->trick_count)
		printf("\ntime of the JIT's code without a trick, by the time with all\n%-10s %8s    %s\n",
		       "without", "mean", "most");
	for (u32 i = 0; i < r->trick_count; i++)
		print_trick(r, &r->tricks[i]);
}

static void json_number(FILE *f, const char *name, double v)
{
	if (v > 0)
		fprintf(f, ", \"%s\": %.3f", name, v);
	else
		fprintf(f, ", \"%s\": null", name);
}

/* Notes are a kernel's words. */
static void json_text(FILE *f, const char *text)
{
	fputc('"', f);
	for (; *text; text++)
		if ((u8)*text >= ' ' && *text != '"' && *text != '\\')
			fputc(*text, f);
	fputc('"', f);
}

static void json_program(FILE *f, const struct measured *m)
{
	static const char *const names[WAYS] = { "gcc_ns", "clang_ns", "interpreter_ns", "jit_ns",
						 "linux_ns" };
	fprintf(f, "    {\"name\": \"%s\", \"counted\": %s", m->bench->name,
		m->bench->counted ? "true" : "false");
	for (u32 way = 0; way < WAYS; way++)
		json_number(f, names[way], m->ways[way].ns);
	json_number(f, "limit_ns", limit(m));
	json_number(f, "interpreter_ratio", ratio(m, INTERPRETED));
	json_number(f, "jit_ratio", ratio(m, COMPILED));
	json_number(f, "linux_ratio", ratio(m, ON_LINUX));
	json_number(f, "code_bytes", m->code);
	json_number(f, "linux_code_bytes", m->on_linux.code);
	json_number(f, "compile_ns", (double)m->compile_ns);
	fprintf(f, ", \"linux_note\": ");
	json_text(f, m->linux_note);
	fprintf(f, "}");
}

static void json_trick(FILE *f, const struct report *r, const struct trick_cost *t)
{
	fprintf(f, "    {\"name\": \"%s\", \"mean\": %.4f, \"ratios\": {", t->name, t->mean);
	for (u32 i = 0; i < r->count; i++)
		fprintf(f, "%s\"%s\": %.3f", i ? ", " : "", r->programs[i].bench->name, t->ratios[i]);
	fprintf(f, "}}");
}

bool report_write_json(const struct report *r, const char *path)
{
	FILE *f = fopen(path, "w");
	if (!f)
		return false;
	fprintf(f, "{\n  \"rounds\": %u,\n  \"without\": ", r->rounds);
	json_text(f, r->without ? r->without : "");
	fprintf(f, ",\n  \"programs\": [\n");
	for (u32 i = 0; i < r->count; i++) {
		json_program(f, &r->programs[i]);
		fprintf(f, "%s\n", i + 1 < r->count ? "," : "");
	}
	fprintf(f, "  ],\n  \"geometric_mean\": {\"programs\": \"counted\"");
	json_number(f, "interpreter", mean(r, INTERPRETED));
	json_number(f, "jit", mean(r, COMPILED));
	json_number(f, "linux", mean(r, ON_LINUX));
	fprintf(f, "},\n  \"tricks\": [\n");
	for (u32 i = 0; i < r->trick_count; i++) {
		json_trick(f, r, &r->tricks[i]);
		fprintf(f, "%s\n", i + 1 < r->trick_count ? "," : "");
	}
	fprintf(f, "  ]\n}\n");
	return fclose(f) == 0;
}
