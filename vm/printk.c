// SPDX-License-Identifier: MIT
// The format of bpf_printk: each conversion is checked, rewritten for a 64-bit argument, and given to
// str_printf, so that no program can make the kernel read an argument that is not there.
#include "vm/printk.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/mem.h"
#include "kernel/probe.h"
#include "kernel/trace.h"

#define LINE_LEN (sizeof(((struct trace_line *)0)->message))

#define WIDTH_DIGITS 3 /* more would only keep the CPU busy: a line is shorter */

struct conversion {
	char spec[16]; /* "%-08ll" without the letter */
	u32 longs;
	char letter;
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
	at++;
	if (v->letter == 'p' && (*at == 'x' || *at == 'K'))
		at++;
	return v->letter == 'p' && ((*at | 0x20) >= 'a' && (*at | 0x20) <= 'z') ? NULL : at;
}

static void put(struct strbuf *s, struct conversion *v, u64 arg)
{
	char text[LINE_LEN];
	u32 len = (u32)strlen(v->spec);
	switch (v->letter) {
	case 's':
		probe_read_str(text, arg, sizeof(text));
		memcpy(v->spec + len, "s", 2);
		str_printf(s, v->spec, text);
		break;
	case 'c':
		memcpy(v->spec + len, "c", 2);
		str_printf(s, v->spec, (int)(u8)arg);
		break;
	case 'p':
		memcpy(v->spec + len, "p", 2);
		str_printf(s, v->spec, (void *)(uptr)arg);
		break;
	default:
		if (!v->longs)
			arg = v->letter == 'd' || v->letter == 'i' ? (u64)(i64)(i32)arg : (u32)arg;
		memcpy(v->spec + len, (char[]){ 'l', 'l', v->letter, 0 }, 4);
		str_printf(s, v->spec, arg);
	}
}

/* str_printf knows the letters; the compiler need not check formats that it cannot see. */
static bool format(struct strbuf *s, const char *fmt, const u64 *args, u32 count)
{
	u32 used = 0;
	while (*fmt) {
		struct conversion v;
		if (*fmt != '%') {
			str_putc(s, *fmt++);
			continue;
		}
		fmt = parse(&v, fmt + 1);
		if (!fmt)
			return false;
		if (v.letter == '%') {
			str_putc(s, '%');
			continue;
		}
		if (used == count)
			return false;
		put(s, &v, args[used++]);
	}
	return true;
}

i64 printk_format(const char *who, uptr fmt, u32 fmt_size, const u64 *args, u32 count)
{
	char copy[2 * LINE_LEN], line[LINE_LEN];
	struct strbuf s = STRBUF(line);
	line[0] = 0;
	if (!fmt_size || fmt_size > sizeof(copy) || probe_read(copy, fmt, fmt_size) || copy[fmt_size - 1])
		return -(i64)EINVAL;
	if (!prints(copy) || !format(&s, copy, args, count))
		return -(i64)EINVAL;
	if (s.len && s.buf[s.len - 1] == '\n') /* the print buffer ends its lines itself */
		s.len--;
	trace_write(who, s.buf, s.len);
	return s.len;
}
