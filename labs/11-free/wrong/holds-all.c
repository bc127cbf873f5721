// SPDX-License-Identifier: MIT
// replaces: mark_seen
// fails: it lets its hooks go
static notrace void mark_seen(uptr addr, unused void *arg)
{
	struct image *img;
	if (shared_caller && addr - shared_caller->base < shared_caller->len)
		caller_seen = true;
	if (addr < span_low || addr >= span_high)
		return;
	list_for_each_entry(img, &retired, list) {
		if (addr - img->text.base >= img->text.len)
			continue;
		if (img->gate && addr == img->text.base + img->after_original)
			img->seen = true;
		else
			img->seen = true;
	}
}
