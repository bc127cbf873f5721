# SPDX-License-Identifier: MIT
# A drawing: rectangles, lines and words, with classes that page.py gives their colours. Units are CSS pixels.
from html import escape

WIDE, NARROW = 820, 358  # what a page of a desktop and of a phone has room for
MONO = 0.605  # how wide a letter of the fixed-width font is, in its size


def number(value):
    assert value == value and abs(value) < 1e6, value
    return f"{value:.1f}".removesuffix(".0")


def attributes(values):
    """stroke_width=2 becomes stroke-width="2"."""
    return "".join(f' {k.rstrip("_").replace("_", "-")}="{escape(str(v))}"' for k, v in values.items() if v is not None)


def fold(text, most):
    """Lines of at most so many letters; breaks at spaces, or where it must."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > most:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
        while len(lines[-1]) > most:
            lines[-1:] = [lines[-1][:most], lines[-1][most:]]
    return lines


class Drawing:
    def __init__(self, width):
        self.width, self.height, self.parts = width, 0, []

    def is_wide(self):
        return self.width == WIDE

    def add(self, tag, content=None, **values):
        end = "/>" if content is None else f">{content}</{tag}>"
        self.parts.append(f"<{tag}{attributes(values)}{end}")

    def down_to(self, y):
        self.height = max(self.height, y)

    def rect(self, x, y, width, height, class_, rx=2, says=None, **more):
        """says: what a mouse that rests on it shows."""
        self.down_to(y + height + 1)
        self.add("rect", says and f"<title>{escape(says)}</title>", x=number(x), y=number(y), width=number(width), height=number(height), class_=class_, rx=rx,
                 **more)

    def line(self, x1, y1, x2, y2, class_="rule", **more):
        self.down_to(max(y1, y2) + 1)
        self.add("line", x1=number(x1), y1=number(y1), x2=number(x2), y2=number(y2), class_=class_, **more)

    def path(self, d, class_, **more):
        self.add("path", d=d, class_=class_, **more)

    def text(self, x, y, text, class_="", size=12, anchor=None, **more):
        """y is the baseline."""
        self.down_to(y + size * 0.35)
        self.add("text", escape(text, quote=False), x=number(x), y=number(y), class_=class_ or None,
                 font_size=number(size), text_anchor=anchor, **more)

    def begin(self, **values):
        self.parts.append(f"<g{attributes(values)}>")

    def end(self):
        self.parts.append("</g>")

    def svg(self, title):
        size = f"0 0 {number(self.width)} {number(self.height)}"
        role = "group" if any("tabindex" in p for p in self.parts) else "img"
        return f'<svg viewBox="{size}" role="{role}" aria-label="{escape(title)}">' + "".join(self.parts) + "</svg>"
