// SPDX-License-Identifier: MIT
// The format of bpf_printk. Each conversion is checked, rewritten for a 64-bit argument, and passed to
// str_printf. So no program can make the kernel read an argument that does not exist.
#include "vm/run/printk.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/mem.h"
#include "kernel/cpu/probe.h"
#include "kernel/mem/sym.h"
#include "kernel/trace/trace.h"

#define LINE_LEN (sizeof(((struct trace_line *)0)->message))

#define FORMAT_MAX   (2 * LINE_LEN)
#define WIDTH_DIGITS 3 /* no line is longer; a larger width would only keep the CPU busy */

struct pointer;

struct conversion {
	char spec[16]; /* "%-08ll" without the letter */
	u32 len, longs;
	char letter;
	const struct pointer *pointer; /* of %p; NULL: plain */
};

/* Where to print, and the arguments; if args is NULL the format is only checked. why: of a refusal. */
struct print {
	struct strbuf *out, *why;
	const u64 *args;
	u32 count;
};

static bool is_digit(char ch)
{
	return ch >= '0' && ch <= '9';
}

static bool is_flag(char ch)
{
	return ch == '-' || ch == '+' || ch == ' ' || ch == '#' || is_digit(ch) || ch == '.';
}

static bool prints(const char *text)
{
	for (; *text; text++)
		if ((u8)*text >= 0x7f || ((u8)*text < ' ' && *text != '\n' && *text != '\t'))
			return false;
	return true;
}

/* Returns the whole conversion, with the letters that str_printf knows. The compiler cannot check it,
 * because it does not see it as a constant. */
static const char *spec_of(struct conversion *v, const char *letters)
{
	char *at = v->spec + v->len;
	while ((*at++ = *letters++))
		;
	return v->spec;
}

static void put_pointer(struct strbuf *s, struct conversion *v, u64 arg)
{
	str_printf(s, spec_of(v, "p"), (void *)(uptr)arg);
}

static void put_text(struct strbuf *s, struct conversion *v, const char *text)
{
	str_printf(s, spec_of(v, "s"), text);
}

static void put_string_at(struct strbuf *s, struct conversion *v, u64 arg)
{
	char text[LINE_LEN];
	probe_read_str(text, arg, sizeof(text));
	put_text(s, v, text);
}

/* Prints name+offset of the code at arg. */
static void put_symbol_offset(struct strbuf *s, struct conversion *v, u64 arg)
{
	char text[80];
	struct strbuf name = STRBUF(text);
	sym_print(&name, arg);
	put_text(s, v, text);
}

static void put_symbol(struct strbuf *s, struct conversion *v, u64 arg)
{
	char text[80] = "";
	struct strbuf name = STRBUF(text);
	sym_print(&name, arg);
	for (char *at = text; *at; at++)
		if (*at == '+')
			*at = 0;
	put_text(s, v, text);
}

static void put_address(struct strbuf *s, struct conversion *v, u64 arg);

/* What may follow %p. A letter behind any of these is text; behind a plain %p there may be no letter. A
 * network address has `len` bytes. Each is printed as `each`; `mark` follows every step-th byte except the
 * last. */
static const struct pointer {
	const char *text;
	void (*put)(struct strbuf *s, struct conversion *v, u64 arg);
	const char *each, *mark;
	u32 len, step;
} pointers[] = {
	{ "ks", put_string_at, NULL, NULL, 0, 0 },    { "us", put_string_at, NULL, NULL, 0, 0 },
	{ "I4", put_address, "%u", ".", 4, 1 },       { "i4", put_address, "%03u", ".", 4, 1 },
	{ "I6", put_address, "%02x", ":", 16, 2 },    { "i6", put_address, "%02x", "", 16, 1 },
	{ "M", put_address, "%02x", ":", 6, 1 },      { "x", put_pointer, NULL, NULL, 0, 0 },
	{ "K", put_pointer, NULL, NULL, 0, 0 },       { "s", put_symbol, NULL, NULL, 0, 0 },
	{ "S", put_symbol_offset, NULL, NULL, 0, 0 }, { "B", put_symbol_offset, NULL, NULL, 0, 0 },
};

/* Prints the address at arg. If that cannot be read, all bytes are 0. */
static void put_address(struct strbuf *s, struct conversion *v, u64 arg)
{
	const struct pointer *p = v->pointer;
	u8 bytes[16];
	char text[48];
	struct strbuf t = STRBUF(text);
	probe_read(bytes, arg, p->len);
	for (u32 i = 0; i < p->len; i++) {
		str_printf(&t, p->each, bytes[i]);
		if (i + 1 < p->len && (i + 1) % p->step == 0)
			str_puts(&t, p->mark);
	}
	put_text(s, v, text);
}

/* at points behind "%p". */
static const char *parse_pointer(struct conversion *v, const char *at)
{
	for (u32 i = 0; i < array_len(pointers); i++) {
		u32 len = (u32)strlen(pointers[i].text);
		if (strncmp(at, pointers[i].text, len) == 0) {
			v->pointer = &pointers[i];
			return at + len;
		}
	}
	return (*at | 0x20) >= 'a' && (*at | 0x20) <= 'z' ? NULL : at;
}

/* at points behind the '%'. Returns what follows the conversion; NULL if it is none of these. */
static const char *parse(struct conversion *v, const char *at)
{
	u32 digits = 0;
	*v = (struct conversion){ 0 };
	v->spec[v->len++] = '%';
	for (; is_flag(*at); at++) {
		digits = is_digit(*at) ? digits + 1 : 0;
		if (v->len == sizeof(v->spec) - 4 || digits > WIDTH_DIGITS)
			return NULL;
		v->spec[v->len++] = *at;
	}
	for (; *at == 'l' && v->longs < 2; at++)
		v->longs++;
	v->letter = *at;
	const char *known = v->longs ? "diuxX" : "diuxXcsp%";
	while (*known && *known != v->letter)
		known++;
	if (!*known)
		return NULL;
	return v->letter == 'p' ? parse_pointer(v, at + 1) : at + 1;
}

static void put(struct strbuf *s, struct conversion *v, u64 arg)
{
	switch (v->letter) {
	case 's': put_string_at(s, v, arg); break;
	case 'p': (v->pointer ? v->pointer->put : put_pointer)(s, v, arg); break;
	case 'c': str_printf(s, spec_of(v, "c"), (int)(u8)arg); break;
	default:
		if (!v->longs)
			arg = v->letter == 'd' || v->letter == 'i' ? (u64)(i64)(i32)arg : (u32)arg;
		str_printf(s, spec_of(v, (char[]){ 'l', 'l', v->letter, 0 }), arg);
	}
}

static bool refuse_conversion(struct print *p, const char *fmt, const char *at)
{
	u32 len = 1;
	while (at[len] && at[len] != ' ' && at[len] != '%' && len < 8)
		len++;
	str_printf(p->why, "\"%.*s\" in the format \"%.48s\" is nothing that bpf_printk prints", (int)len, at,
		   fmt);
	return false;
}

static bool format(struct print *p, const char *fmt)
{
	u32 used = 0;
	for (const char *at = fmt, *next; *at; at = next) {
		struct conversion v;
		next = at + 1;
		if (*at != '%') {
			str_putc(p->out, *at);
			continue;
		}
		next = parse(&v, at + 1);
		if (!next)
			return refuse_conversion(p, fmt, at);
		if (v.letter == '%') {
			str_putc(p->out, '%');
			continue;
		}
		if (used == p->count) {
			str_printf(p->why, "the format \"%.48s\" needs more than %u arguments", fmt,
				   p->count);
			return false;
		}
		if (p->args)
			put(p->out, &v, p->args[used]);
		used++;
	}
	return true;
}

static bool is_good(struct print *p, const char *fmt, u32 fmt_size)
{
	if (fmt_size > FORMAT_MAX)
		str_printf(p->why, "a format of %u bytes is longer than %u", fmt_size, (u32)FORMAT_MAX);
	else if (!fmt_size || fmt[fmt_size - 1])
		str_puts(p->why, "the format does not end within its size");
	else if (!prints(fmt))
		str_puts(p->why, "the format holds a byte that does not print");
	else
		return format(p, fmt);
	return false;
}

bool printk_check(const char *fmt, u32 fmt_size, u32 count, struct strbuf *why)
{
	struct strbuf none = { 0 };
	struct print p = { .out = &none, .why = why, .count = count };
	return is_good(&p, fmt, fmt_size);
}

/* The program gets only an error number. The trace says why the line is missing, once for each program. */
static void tell_why(const struct prog *p, const char *why)
{
	char line[LINE_LEN];
	struct strbuf s = STRBUF(line);
	if (__atomic_exchange_n(&((struct prog *)p)->told_format, true, __ATOMIC_RELAXED))
		return;
	str_printf(&s, "bpf_printk printed nothing: %s", why);
	trace_write(p->name, s.buf, s.len);
}

i64 printk_format(const struct prog *prog, uptr fmt, u32 fmt_size, const u64 *args, u32 count)
{
	char copy[FORMAT_MAX], line[LINE_LEN], why[LINE_LEN] = "the format cannot be read";
	struct strbuf s = STRBUF(line), reason = STRBUF(why);
	struct print p = { &s, &reason, args, count };
	line[0] = 0;
	if ((fmt_size <= sizeof(copy) && probe_read(copy, fmt, fmt_size)) || !is_good(&p, copy, fmt_size)) {
		tell_why(prog, why);
		return -(i64)EINVAL;
	}
	if (s.len && s.buf[s.len - 1] == '\n') /* the print buffer ends its lines itself */
		s.len--;
	trace_write(prog->name, s.buf, s.len);
	return s.len;
}
