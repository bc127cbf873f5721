// SPDX-License-Identifier: MIT
// Bytes and strings. Short loops: under -icount a `rep movsb` counts a byte as an instruction,
// so these move and compare words as long as they can.
#define MEM_FUNCTIONS
#include "kernel/lib/mem.h"

/* May alias anything: these functions see only bytes. */
typedef uptr __attribute__((may_alias, aligned(1))) word;

notrace void *memcpy(void *dst, const void *src, size_t len)
{
	u8 *d = dst;
	const u8 *s = src;
	for (; len >= sizeof(word); len -= sizeof(word), d += sizeof(word), s += sizeof(word))
		*(word *)d = *(const word *)s;
	while (len--)
		*d++ = *s++;
	return dst;
}

notrace void *memmove(void *dst, const void *src, size_t len)
{
	u8 *d = dst;
	const u8 *s = src;
	if (d <= s || d >= s + len)
		return memcpy(dst, src, len);
	while (len--)
		d[len] = s[len];
	return dst;
}

notrace void *memset(void *dst, int byte, size_t len)
{
	u8 *d = dst;
	uptr fill = (uptr)-1 / 0xff * (u8)byte;
	for (; len >= sizeof(word); len -= sizeof(word), d += sizeof(word))
		*(word *)d = fill;
	while (len--)
		*d++ = (u8)byte;
	return dst;
}

notrace int memcmp(const void *a, const void *b, size_t len)
{
	const u8 *x = a, *y = b;
	while (len >= sizeof(word) && *(const word *)x == *(const word *)y) {
		len -= sizeof(word);
		x += sizeof(word);
		y += sizeof(word);
	}
	for (; len; len--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

notrace size_t strlen(const char *s)
{
	size_t len = 0;
	while (s[len])
		len++;
	return len;
}

notrace size_t strnlen(const char *s, size_t max)
{
	size_t len = 0;
	while (len < max && s[len])
		len++;
	return len;
}

notrace int strcmp(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	return (u8)*a - (u8)*b;
}

notrace int strncmp(const char *a, const char *b, size_t max)
{
	for (; max && *a && *a == *b; max--, a++, b++)
		;
	return max ? (u8)*a - (u8)*b : 0;
}

notrace u32 str_until(const char *s, char ch)
{
	u32 len = 0;
	while (s[len] && s[len] != ch)
		len++;
	return len;
}

notrace void str_copy(char *dst, const char *src, size_t size)
{
	size_t len = strnlen(src, size - 1);
	memcpy(dst, src, len);
	dst[len] = 0;
}

notrace const char *str_base(const char *path)
{
	const char *base = path;
	while (*path)
		if (*path++ == '/')
			base = path;
	return base;
}

notrace bool str_is_pattern(const char *s)
{
	while (*s && *s != '*' && *s != '?')
		s++;
	return *s;
}

notrace bool str_matches(const char *s, const char *pattern)
{
	const char *star = NULL, *resume = NULL;
	while (*s) {
		if (*pattern == '*') {
			star = pattern++;
			resume = s;
		} else if (*pattern == '?' || *pattern == *s) {
			pattern++;
			s++;
		} else if (star) {
			pattern = star + 1;
			s = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}
