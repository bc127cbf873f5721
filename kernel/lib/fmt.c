// SPDX-License-Identifier: MIT
// printf into a strbuf: one parse of the conversion into struct spec, one padding routine.
#include "kernel/lib/fmt.h"
#include "kernel/lib/mem.h"

struct spec {
	bool left, zero, plus, space, alt;
	int width, precision; /* precision -1: none given */
	int longs;            /* l: 1, ll or z: 2, h: -1, hh: -2 */
	char conv;
};

notrace void str_putc(struct strbuf *s, char ch)
{
	if (s->len + 1 >= s->cap) {
		s->cut = true;
		return;
	}
	s->buf[s->len++] = ch;
	s->buf[s->len] = 0;
}

notrace void str_puts(struct strbuf *s, const char *text)
{
	while (*text)
		str_putc(s, *text++);
}

notrace void str_pad(struct strbuf *s, u32 column)
{
	u32 start = s->len;
	while (start && s->buf[start - 1] != '\n')
		start--;
	do
		str_putc(s, ' ');
	while (s->len - start < column && !s->cut);
}

static notrace void repeat(struct strbuf *s, char ch, int count)
{
	while (count-- > 0)
		str_putc(s, ch);
}

/* Appends prefix (a sign or 0x) and text, padded to the width. */
static notrace void put_padded(struct strbuf *s, const struct spec *f, const char *prefix, const char *text,
			       int len)
{
	int pad = f->width - len - (int)strlen(prefix);
	if (!f->left && !f->zero)
		repeat(s, ' ', pad);
	str_puts(s, prefix);
	if (!f->left && f->zero)
		repeat(s, '0', pad);
	for (int i = 0; i < len; i++)
		str_putc(s, text[i]);
	if (f->left)
		repeat(s, ' ', pad);
}

static notrace void put_number(struct strbuf *s, struct spec *f, u64 value, u32 base, const char *prefix)
{
	const char *digits = f->conv == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[64];
	int len = 0, floor = f->precision < 0 ? 1 : min(f->precision, (int)sizeof(text));
	for (; value || len < floor; value /= base)
		text[sizeof(text) - 1 - (u32)len++] = digits[value % base];
	if (f->precision >= 0)
		f->zero = false;
	put_padded(s, f, prefix, text + sizeof(text) - len, len);
}

static notrace u64 take_unsigned(const struct spec *f, va_list *args)
{
	if (f->longs >= 2)
		return va_arg(*args, unsigned long long);
	if (f->longs == 1)
		return va_arg(*args, unsigned long);
	u32 v = va_arg(*args, unsigned);
	return f->longs == -1 ? (u16)v : f->longs == -2 ? (u8)v : v;
}

static notrace i64 take_signed(const struct spec *f, va_list *args)
{
	if (f->longs >= 2)
		return va_arg(*args, long long);
	if (f->longs == 1)
		return va_arg(*args, long);
	int v = va_arg(*args, int);
	return f->longs == -1 ? (i16)v : f->longs == -2 ? (i8)v : v;
}

static notrace const char *parse_flags(struct spec *f, const char *p)
{
	for (;; p++) {
		switch (*p) {
		case '-': f->left = true; break;
		case '0': f->zero = true; break;
		case '+': f->plus = true; break;
		case ' ': f->space = true; break;
		case '#': f->alt = true; break;
		default: return p;
		}
	}
}

static notrace const char *parse_int(const char *p, int *value, va_list *args)
{
	if (*p == '*') {
		*value = va_arg(*args, int);
		return p + 1;
	}
	for (*value = 0; *p >= '0' && *p <= '9'; p++)
		*value = *value * 10 + (*p - '0');
	return p;
}

/* p points behind the '%'. Returns where the conversion ends. */
static notrace const char *parse_spec(struct spec *f, const char *p, va_list *args)
{
	*f = (struct spec){ .precision = -1 };
	p = parse_flags(f, p);
	p = parse_int(p, &f->width, args);
	if (f->width < 0) {
		f->left = true;
		f->width = -f->width;
	}
	if (*p == '.')
		p = parse_int(p + 1, &f->precision, args);
	for (; *p == 'l' || *p == 'h' || *p == 'z'; p++)
		f->longs += *p == 'z' ? 2 : *p == 'l' ? 1 : -1;
	f->conv = *p;
	return *p ? p + 1 : p;
}

static notrace void put_signed(struct strbuf *s, struct spec *f, i64 v)
{
	const char *sign = v < 0 ? "-" : f->plus ? "+" : f->space ? " " : "";
	put_number(s, f, v < 0 ? -(u64)v : (u64)v, 10, sign);
}

static notrace void put_string(struct strbuf *s, struct spec *f, const char *text)
{
	if (!text)
		text = "(null)";
	f->zero = false;
	put_padded(s, f, "", text, (int)strnlen(text, f->precision < 0 ? ~0u >> 1 : (size_t)f->precision));
}

notrace void str_vprintf(struct strbuf *s, const char *fmt, va_list va)
{
	va_list args;
	va_copy(args, va);
	while (*fmt) {
		struct spec f;
		const char *start = fmt;
		char ch;
		if (*fmt != '%') {
			str_putc(s, *fmt++);
			continue;
		}
		fmt = parse_spec(&f, fmt + 1, &args);
		switch (f.conv) {
		case 'd':
		case 'i': put_signed(s, &f, take_signed(&f, &args)); break;
		case 'u': put_number(s, &f, take_unsigned(&f, &args), 10, ""); break;
		case 'o': put_number(s, &f, take_unsigned(&f, &args), 8, ""); break;
		case 'x':
		case 'X': put_number(s, &f, take_unsigned(&f, &args), 16, f.alt ? "0x" : ""); break;
		case 'p': put_number(s, &f, (uptr)va_arg(args, void *), 16, "0x"); break;
		case 's': put_string(s, &f, va_arg(args, const char *)); break;
		case 'c':
			ch = (char)va_arg(args, int);
			put_padded(s, &f, "", &ch, 1);
			break;
		case '%': str_putc(s, '%'); break;
		default:
			for (; start < fmt; start++)
				str_putc(s, *start);
		}
	}
	va_end(args);
}

notrace void str_printf(struct strbuf *s, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	str_vprintf(s, fmt, args);
	va_end(args);
}

notrace void str_hex(struct strbuf *s, const void *data, u32 len, const char *between)
{
	for (u32 i = 0; i < len; i++)
		str_printf(s, "%s%02x", i ? between : "", ((const u8 *)data)[i]);
}

notrace enum err str_refuse(struct strbuf *s, enum err e, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	str_vprintf(s, fmt, args);
	va_end(args);
	return e;
}

notrace void str_cut(struct strbuf *s, u32 len)
{
	if (len >= s->len)
		return;
	s->len = len;
	s->buf[len] = 0;
	s->cut = false;
}

bool parse_u64(const char *text, u64 *value)
{
	u32 base = 10;
	if (text[0] == '0' && text[1] == 'x') {
		base = 16;
		text += 2;
	}
	if (!*text)
		return false;
	for (*value = 0; *text; text++) {
		u32 lower = (u8)*text | 0x20;
		u32 digit = *text >= '0' && *text <= '9' ? (u32)(*text - '0') : lower - 'a' + 10;
		if (digit >= base || *value > (~0ull - digit) / base)
			return false;
		*value = *value * base + digit;
	}
	return true;
}
