// SPDX-License-Identifier: MIT
// The format of bpf_printk: each conversion is checked, rewritten for a 64-bit argument, and given to
// str_printf, so that no program can make the kernel read an argument that is not there.
#include "vm/run/printk.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/mem.h"
#include "kernel/cpu/probe.h"
#include "kernel/mem/sym.h"
#include "kernel/trace/trace.h"

#define LINE_LEN (sizeof(((struct trace_line *)0)->message))

#define FORMAT_MAX   (2 * LINE_LEN)
#define WIDTH_DIGITS 3 /* more would only keep the CPU busy: a line is shorter */

/* What may follow %p. A letter behind any of them is text; behind a plain %p there must be none. */
enum pointer { PLAIN, STRING, IP4, IP4_ZEROS, IP6, IP6_PLAIN, MAC, SYMBOL, SYMBOL_OFFSET };
static const struct {
	const char *text;
	enum pointer what;
} pointers[] = {
	{ "ks", STRING }, { "us", STRING },    { "I4", IP4 },          { "i4", IP4_ZEROS },
	{ "I6", IP6 },    { "i6", IP6_PLAIN }, { "M", MAC },           { "x", PLAIN },
	{ "K", PLAIN },   { "s", SYMBOL },     { "S", SYMBOL_OFFSET }, { "B", SYMBOL_OFFSET },
};

struct conversion {
	char spec[16]; /* "%-08ll" without the letter */
	u32 longs;
	char letter;
	enum pointer pointer;
};

/* What is printed with, or without args only looked at; and why it cannot be. */
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

/* at points behind "%p". */
static const char *parse_pointer(struct conversion *v, const char *at)
{
	for (u32 i = 0; i < array_len(pointers); i++) {
		u32 len = (u32)strlen(pointers[i].text);
		if (strncmp(at, pointers[i].text, len) == 0) {
			v->pointer = pointers[i].what;
			return at + len;
		}
	}
	return (*at | 0x20) >= 'a' && (*at | 0x20) <= 'z' ? NULL : at;
}

/* at points behind the '%'; gives back what follows the conversion, NULL if it is none of ours. */
static const char *parse(struct conversion *v, const char *at)
{
	u32 len = 0, digits = 0;
	*v = (struct conversion){ 0 };
	v->spec[len++] = '%';
	for (; is_flag(*at); at++) {
		digits = is_digit(*at) ? digits + 1 : 0;
		if (len == sizeof(v->spec) - 4 || digits > WIDTH_DIGITS)
			return NULL;
		v->spec[len++] = *at;
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

/* ---- one argument ---- */

static void put_pointer(struct strbuf *s, struct conversion *v, u64 arg)
{
	u32 len = (u32)strlen(v->spec);
	memcpy(v->spec + len, "p", 2);
	str_printf(s, v->spec, (void *)(uptr)arg);
}

static void put_text(struct strbuf *s, struct conversion *v, const char *text)
{
	u32 len = (u32)strlen(v->spec);
	memcpy(v->spec + len, "s", 2);
	str_printf(s, v->spec, text);
}

/* name, or name+offset, of code. */
static void put_symbol(struct strbuf *s, struct conversion *v, u64 arg)
{
	char text[80];
	struct strbuf name = STRBUF(text);
	sym_print(&name, arg);
	for (char *at = text; v->pointer == SYMBOL && *at; at++)
		if (*at == '+')
			*at = 0;
	put_text(s, v, text);
}

/* len bytes, each as the format says, with a mark behind every step-th but the last. */
static void put_bytes(struct strbuf *s, const u8 *bytes, u32 len, const char *each, char mark, u32 step)
{
	for (u32 i = 0; i < len; i++) {
		str_printf(s, each, bytes[i]);
		if (mark && i + 1 < len && (i + 1) % step == 0)
			str_putc(s, mark);
	}
}

/* An address of a network, from where arg points. One that cannot be read is all 0. */
static void put_address(struct strbuf *s, struct conversion *v, u64 arg)
{
	u8 bytes[16];
	char text[48];
	struct strbuf t = STRBUF(text);
	u32 len = v->pointer == MAC ? 6 : v->pointer == IP4 || v->pointer == IP4_ZEROS ? 4 : 16;
	probe_read(bytes, arg, len);
	switch (v->pointer) {
	case IP4: put_bytes(&t, bytes, len, "%u", '.', 1); break;
	case IP4_ZEROS: put_bytes(&t, bytes, len, "%03u", '.', 1); break;
	case IP6: put_bytes(&t, bytes, len, "%02x", ':', 2); break;
	case MAC: put_bytes(&t, bytes, len, "%02x", ':', 1); break;
	default: put_bytes(&t, bytes, len, "%02x", 0, 1);
	}
	put_text(s, v, text);
}

static void put_string(struct strbuf *s, struct conversion *v, u64 arg)
{
	char text[LINE_LEN];
	probe_read_str(text, arg, sizeof(text));
	put_text(s, v, text);
}

static void put_any_pointer(struct strbuf *s, struct conversion *v, u64 arg)
{
	switch (v->pointer) {
	case PLAIN: put_pointer(s, v, arg); break;
	case STRING: put_string(s, v, arg); break;
	case SYMBOL:
	case SYMBOL_OFFSET: put_symbol(s, v, arg); break;
	default: put_address(s, v, arg);
	}
}

/* str_printf knows the letters; the compiler need not check formats that it cannot see. */
static void put(struct strbuf *s, struct conversion *v, u64 arg)
{
	u32 len = (u32)strlen(v->spec);
	switch (v->letter) {
	case 's': put_string(s, v, arg); break;
	case 'p': put_any_pointer(s, v, arg); break;
	case 'c':
		memcpy(v->spec + len, "c", 2);
		str_printf(s, v->spec, (int)(u8)arg);
		break;
	default:
		if (!v->longs)
			arg = v->letter == 'd' || v->letter == 'i' ? (u64)(i64)(i32)arg : (u32)arg;
		memcpy(v->spec + len, (char[]){ 'l', 'l', v->letter, 0 }, 4);
		str_printf(s, v->spec, arg);
	}
}

/* ---- the whole line ---- */

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
	if (!fmt_size || fmt[fmt_size - 1])
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
	if (fmt_size <= FORMAT_MAX)
		return is_good(&p, fmt, fmt_size);
	str_printf(why, "a format of %u bytes is longer than %u", fmt_size, (u32)FORMAT_MAX);
	return false;
}

/* The caller gets no more than a number; whoever reads the trace should know why a line is missing. Once. */
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
	if (fmt_size > sizeof(copy) || probe_read(copy, fmt, fmt_size) || !is_good(&p, copy, fmt_size)) {
		tell_why(prog, why);
		return -(i64)EINVAL;
	}
	if (s.len && s.buf[s.len - 1] == '\n') /* the print buffer ends its lines itself */
		s.len--;
	trace_write(prog->name, s.buf, s.len);
	return s.len;
}
