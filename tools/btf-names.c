// SPDX-License-Identifier: MIT
// btf-names IN OUT SOURCE...: copies BTF. A type or enumerator keeps its name if that is a word of the
// sources, comments left out; otherwise the name gets fivebyte_ or FIVEBYTE_ in front. An enum that keeps its
// name keeps its enumerators' names. Functions, variables, members and arithmetic types keep their names.
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "fivebyte_"

struct header {
	uint16_t magic;
	uint8_t version, flags;
	uint32_t len, type_off, type_len, str_off, str_len;
};

struct type {
	uint32_t name, info, size;
};

enum {
	INT = 1,
	PTR,
	ARRAY,
	STRUCT,
	UNION,
	ENUM,
	FWD,
	TYPEDEF,
	PROTO = 13,
	VAR,
	DATASEC,
	DECL_TAG = 17,
	ENUM64 = 19
};

static struct {
	char **words;
	size_t count;
} linux_names;

static char *strings;
static uint32_t strings_len;

static void die(const char *what, const char *file)
{
	fprintf(stderr, "btf-names: %s %s\n", what, file);
	exit(1);
}

static void *grow(void *p, size_t size)
{
	p = realloc(p, size);
	if (!p)
		die("no memory", "");
	return p;
}

static char *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	if (!f || fseek(f, 0, SEEK_END))
		die("cannot read", path);
	*len = (size_t)ftell(f);
	rewind(f);
	char *data = grow(NULL, *len + 1);
	if (fread(data, 1, *len, f) != *len)
		die("cannot read", path);
	data[*len] = 0;
	fclose(f);
	return data;
}

static bool is_word(char ch)
{
	return isalnum((unsigned char)ch) || ch == '_';
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Returns the end of the comment that begins at text, or text if none begins there. */
static char *behind_comment(char *text)
{
	bool is_line = !strncmp(text, "//", 2);
	if (!is_line && strncmp(text, "/*", 2))
		return text;
	char *end = strstr(text, is_line ? "\n" : "*/");
	return end ? end + (is_line ? 1 : 2) : text + strlen(text);
}

static void add_words(char *at)
{
	while (*at) {
		char *next = behind_comment(at);
		if (next == at && is_word(*at)) {
			while (is_word(*next))
				next++;
			linux_names.words = grow(linux_names.words, (linux_names.count + 1) * sizeof(char *));
			linux_names.words[linux_names.count++] = strndup(at, (size_t)(next - at));
		}
		at = next == at ? at + 1 : next;
	}
}

static bool is_linux(const char *name)
{
	return bsearch(&name, linux_names.words, linux_names.count, sizeof(char *), compare);
}

/* Appends the name with its prefix to the strings and returns its offset; returns name if it is Linux's. */
static uint32_t renamed(uint32_t name)
{
	char text[256] = PREFIX;
	bool is_upper = true;
	const char *old = strings + name;
	if (!*old || is_linux(old) || !strncasecmp(old, PREFIX, strlen(PREFIX)))
		return name;
	for (const char *at = old; *at; at++)
		is_upper &= !islower((unsigned char)*at);
	for (char *at = text; is_upper && *at; at++)
		*at = (char)toupper((unsigned char)*at);
	strncat(text, old, sizeof(text) - strlen(text) - 1);
	uint32_t at = strings_len, len = (uint32_t)strlen(text) + 1;
	strings = grow(strings, strings_len + len);
	memcpy(strings + at, text, len);
	strings_len += len;
	return at;
}

/* Returns how many bytes follow the record of a type. */
static uint32_t tail(uint32_t kind, uint32_t count)
{
	switch (kind) {
	case INT:
	case VAR:
	case DECL_TAG: return 4;
	case ARRAY: return 12;
	case STRUCT:
	case UNION:
	case DATASEC:
	case ENUM64: return 12 * count;
	case ENUM:
	case PROTO: return 8 * count;
	default: return 0;
	}
}

static void rename_type(struct type *t)
{
	uint32_t kind = t->info >> 24 & 31, count = t->info & 0xffff, *names = (uint32_t *)(t + 1);
	bool keeps = strings[t->name] && is_linux(strings + t->name);
	if ((kind >= STRUCT && kind <= TYPEDEF) || kind == ENUM64)
		t->name = renamed(t->name);
	for (uint32_t i = 0; !keeps && (kind == ENUM || kind == ENUM64) && i < count; i++) {
		uint32_t *name = names + i * (kind == ENUM ? 2 : 3);
		*name = renamed(*name);
	}
}

int main(int argc, char **argv)
{
	size_t len;
	if (argc < 4)
		die("usage:", "btf-names IN OUT SOURCE...");
	for (int i = 3; i < argc; i++)
		add_words(read_file(argv[i], &len));
	qsort(linux_names.words, linux_names.count, sizeof(char *), compare);

	char *in = read_file(argv[1], &len);
	struct header *h = (struct header *)in;
	if (len < sizeof(*h) || h->magic != 0xeb9f || (uint64_t)h->len + h->str_off + h->str_len != len ||
	    h->type_off + h->type_len > h->str_off)
		die("this is no BTF, or its strings are not last:", argv[1]);
	strings_len = h->str_len;
	strings = grow(NULL, strings_len);
	memcpy(strings, in + h->len + h->str_off, strings_len);

	char *at = in + h->len + h->type_off, *end = at + h->type_len;
	while (at < end) {
		struct type *t = (struct type *)at;
		at += sizeof(*t) + tail(t->info >> 24 & 31, t->info & 0xffff);
		rename_type(t);
	}
	h->str_len = strings_len;

	FILE *f = fopen(argv[2], "wb");
	size_t head = h->len + h->str_off;
	if (!f || fwrite(in, 1, head, f) != head || fwrite(strings, 1, strings_len, f) != strings_len ||
	    fclose(f))
		die("cannot write", argv[2]);
	return 0;
}
