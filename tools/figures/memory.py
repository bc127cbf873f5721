# SPDX-License-Identifier: MIT
# Figure 6: the map of memory as the page tables have it, with permissions.
from math import log2

from tools.figures.machine import MEMORY
from tools.figures.svg import Drawing, fold

BASE = 0xFFFFFFFF80000000  # KERNEL_BASE
RAM_END = BASE + (MEMORY << 20)
DIRECT_END = 0xFFFFFFFFC0000000  # FIXMAP_BASE
WINDOW_END = DIRECT_END + 2 * 4096


def kind(writable, executable):
    return ("write" if writable else "exec" if executable else "read",
            "r" + ("w" if writable else "-") + ("x" if executable else "-"))


def split(ranges, marks):
    """Cuts ranges where something else begins."""
    for r in ranges:
        cuts = sorted({m for m in marks if r["start"] < m < r["end"]})
        for start, end in zip([r["start"]] + cuts, cuts + [r["end"]]):
            yield {**r, "start": start, "end": end}


def names(found):
    """(start, end, words) of everything that has a name; the first that fits counts."""
    m = found["marks"]
    start = m["text_start"]
    yield start, m["text_end"], "the kernel's text: every function begins with five bytes"
    yield m["text_end"], m["rodata_end"], "constants, the table of sites, BTF, the programs' files"
    yield m["rodata_end"], m["data_end"], "data"
    for at, size, words in found["stacks"]:
        yield at, at + size, words
    yield m["data_end"], m["image_end"], "variables that begin as 0"
    for at, size in found["generated"]:
        yield at, at + size, "generated text: images and compiled programs"
    yield m["image_end"], RAM_END, "pages for heap, maps, packets"
    yield RAM_END, DIRECT_END, "mapped, but this machine has no memory here"
    yield BASE, start, "the first MiB of memory"
    yield DIRECT_END, WINDOW_END, "the window through which text is written"
    yield WINDOW_END, 1 << 64, "devices: the interrupt controllers"


def rows(found):
    """The map from the lowest address up, with the holes: start, end, class, rights, words."""
    named = list(names(found))
    cuts = {edge for start, end, _ in named for edge in (start, end)}
    at, result = None, []
    for r in split(found["ranges"], cuts):
        if at is not None and r["start"] > at:
            words = "guard page" if r["start"] - at == 4096 else "nothing"
            if at == DIRECT_END:
                words = "the window through which text is written: closed now"
            result.append((at, r["start"], "hole", "---", words))
        words = next(w for start, end, w in named if start <= r["start"] and r["end"] <= end)
        class_, rights = kind(*r["rights"][:2])
        last = result[-1] if result else None
        if last and last[1] == r["start"] and (last[2], last[4]) == (class_, words):
            result[-1] = (last[0], r["end"], class_, rights, words)  # in small pages there, in large ones here
        else:
            result.append((r["start"], r["end"], class_, rights, words))
        at = r["end"]
    return result


def together(all_rows):
    """Makes one row of neighbouring stacks without a task and the guard pages below them."""
    found, at, count = [], 0, 0
    while at < len(all_rows):
        pair = all_rows[at : at + 2]
        if [words for *_, words in pair] == ["guard page", "stack without a task"]:
            start = found.pop()[0] if count else pair[0][0]
            count, at = count + 1, at + 2
            words = f"{count} stacks without a task, a guard page below each" if count > 1 else (
                "stack without a task, a guard page below it")
            found.append((start, *pair[1][1:4], words))
        else:
            found.append(all_rows[at])
            count, at = 0, at + 1
    return found


def size_words(size):
    for unit, words in ((1 << 30, "GiB"), (1 << 20, "MiB")):
        if size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + " " + words
    return f"{size >> 10} KiB"


def draw(width, found):
    d = Drawing(width)
    wide = d.is_wide()
    size, y = (11, 16) if wide else (10, 14)
    bar_at, bar, size_at, text_at = (150, 70, 300, 320) if wide else (0, 46, width, 58)
    d.text(0 if wide else text_at, y, "address" if wide else "address and contents", "dim", size)
    d.text(bar_at + bar / 2, y, "rights", "dim", size, "middle")
    d.text(size_at, y, "size", "dim", size, "end")
    y += 8
    for start, end, class_, rights, words in reversed(together(rows(found))):
        hole = class_ == "hole"
        lines = fold(words, int((width - text_at) / (size * 0.53)))
        if not wide and not hole:
            lines.insert(0, f"{start:016x}")
        height = 12 if hole else max(5 + 14 * len(lines), 4 + 2.6 * log2((end - start) / 4096))
        base = y + height / 2 - 7 * len(lines) + (10 if hole else 11)
        d.rect(bar_at, y + 0.5, bar, height - 1, "page " + class_, 1)
        d.text(bar_at + bar / 2, y + height / 2 + 4, rights, "mono" + " onfill" * (not hole), 9.5 if hole else size,
               "middle")
        if wide:
            d.text(0, base, f"{start:016x}", "mono dim", 10 if hole else size)
        for i, line in enumerate(lines):
            d.text(text_at, base + i * 14, line, "dim" if hole else "mono dim" if i == 0 and not wide else "",
                   10 if hole else size)
        d.text(size_at, base, size_words(end - start), "dim", size - 0.5, "end")
        y += height
    y += 18
    x = 0
    for class_, words in (("read", "read"), ("exec", "read, execute"), ("write", "read, write"), ("hole", "not mapped")):
        d.rect(x, y - 9, 11, 11, "page " + class_, 1)
        d.text(x + 16, y, words, "", size)
        x += 28 + len(words) * size * 0.55
    d.down_to(y + 5)
    return d


def figure(found):
    both = sum(r["rights"][0] and r["rights"][1] for r in found["ranges"])
    assert not both, "a page is writable and executable"
    guards = sum(words == "guard page" for *_, words in rows(found))
    return {
        "id": "memory",
        "title": "The map of memory, with its permissions",
        "see": f"{both or 'No'} page is writable and executable at once, not even the pages that hold generated text: the "
               "kernel writes those through a second, short-lived mapping. "
               f"Below each stack lies a page that is not mapped ({guards} in all).",
        "more": "GDB read the page tables while a wake-up was traced. Addresses grow upwards; heights grow with the "
                "logarithm of the size.",
        "from": "tools/report; GDB reads the tables from CR3 on (tools/figures/in_gdb.py)",
        "draw": lambda width: draw(width, found),
        "tables": [("The map, from the lowest address up", ["from", "to", "size", "rights", "what"],
                    [[f"{start:016x}", f"{end:016x}", size_words(end - start), rights, words]
                     for start, end, _, rights, words in rows(found)])],
    }
