# SPDX-License-Identifier: MIT
# Figure 4: what tracing costs, by the number of users, for every way; and what Linux was measured to cost.
from math import log2, log10

from tools.figures.svg import Drawing

COMMAND = "compare kfree_skb -j"
USERS = [1, 2, 4, 8, 16, 32]
HIGH = 20000  # instructions: the upper end of the axis
# Which key of docs/data/linux.tsv is the same way there, counting in the same manner, and what differs.
ON_LINUX = {
    "fentry": ("linux.fentry-count", ""),
    "fexit, by call": ("linux.fexit-count", ""),
    "fmod_ret": ("linux.fmod-ret-count", ""),
    "raw tracepoint": ("linux.raw-tp-count", ""),
    "ftrace, plain": ("linux.ftrace-list", "function tracer, recording off"),
    "function graph": ("linux.function-graph", "with its ring buffer"),
    "kprobe, ftrace": ("linux.kprobe-ftrace-count", ""),
    "kprobe, jump": ("linux.kprobe-jump-empty", "empty program"),
    "kprobe, int3": ("linux.kprobe-int3-count", ""),
    "kretprobe": ("linux.kretprobe-count", ""),
}


def on_linux(way, elsewhere):
    """[(users, instructions)] as far as it was measured."""
    key = ON_LINUX.get(way, ("",))[0]
    rows = ((n, elsewhere.get(f"{key}.x{n}")) for n in USERS)
    return [(n, int(row["value"])) for n, row in rows if row]


def ours(way):
    return [(n, way[f"x{n}"]) for n in USERS if way[f"x{n}"] is not None]


class Panel:
    """The axes of one way: both logarithmic."""

    def __init__(self, d, x, y, width, height, low):
        self.d, self.x, self.y, self.width, self.height, self.low = d, x, y, width, height, low

    def place(self, users, cost):
        assert self.low <= cost <= HIGH, cost
        return (self.x + self.width * log2(users) / log2(USERS[-1]),
                self.y + self.height * (1 - log10(cost / self.low) / log10(HIGH / self.low)))

    def curve(self, points, class_, dots=True):
        places = [self.place(*p) for p in points]
        if len(places) > 1:
            self.d.path("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places), "curve " + class_)
        for x, y in places if dots else []:
            self.d.add("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=2.4, class_="dot " + class_)

    def axes(self, left, bottom):
        for cost in (c for c in (1, 10, 100, 1000, 10000) if c >= self.low):
            y = self.place(1, cost)[1]
            self.d.line(self.x, y, self.x + self.width, y, "rule")
            if left:
                self.d.text(self.x - 5, y + 3.5, f"{cost:,}", "dim", 9.5, "end")
        for users in USERS if bottom else []:
            self.d.text(self.place(users, self.low)[0], self.y + self.height + 13, str(users), "dim", 9.5, "middle")


def draw(width, compare, elsewhere):
    d = Drawing(width)
    across, head = (4, 40) if d.is_wide() else (2, 52)
    left, gap, height = 42, 18, 104 if d.is_wide() else 92
    room = (width - left - 8 + gap) / across
    ways = compare["ways"]
    reference = ours(ways[0])
    low = 10 if min(way["x1"] for way in ways) >= 10 else 1
    for i, way in enumerate(ways):
        column, row = i % across, i // across
        y = row * (height + head) + head - 6
        p = Panel(d, left + column * room, y, room - gap, height, low)
        p.axes(column == 0, i + across >= len(ways))
        theirs, mine = on_linux(way["way"], elsewhere), ours(way)
        d.text(p.x, y - (18 if d.is_wide() else 30), way["way"], "b", 12)
        d.text(p.x, y - (5 if d.is_wide() else 17), extent(mine), "here", 10.5)
        if theirs and d.is_wide():
            d.text(p.x + p.width, y - 5, extent(theirs), "there", 10.5, "end")
        elif theirs:
            d.text(p.x, y - 5, extent(theirs), "there", 10.5)
        p.curve(reference, "faint", dots=False)
        p.curve(theirs, "there")
        p.curve(mine, "here")
    legend(d, left + (column + 1) * room, y + 10)
    d.down_to(d.height + 2)
    return d


def extent(points):
    """The first and the last, in words."""
    return f"{points[0][1]:,}" + (f" to {points[-1][1]:,}" if len(points) > 1 else "")


def legend(d, x, y):
    """Where the last row of panels has room."""
    for class_, words in (("here", "fivebyte"), ("there", "Linux 6.1"), ("faint", "fentry here, again")):
        d.line(x, y - 4, x + 20, y - 4, "curve " + class_)
        d.text(x + 27, y, words, "", 11)
        y += 18
    for words in ("up: instructions added", "to a call; right: users;", "both logarithmic"):
        d.text(x, y, words, "dim", 11)
        y += 15


def tables(compare, elsewhere):
    def cells(points):
        found = dict(points)
        return [str(found.get(n, "-")) for n in USERS]
    ways = compare["ways"]
    theirs = [(w["way"], on_linux(w["way"], elsewhere)) for w in ways]
    heads = ["way"] + [f"x{n}" for n in USERS]
    differs = {w: d for w, (_, d) in ON_LINUX.items() if d}
    return [
        ("fivebyte: instructions that tracing adds to a call", heads, [[w["way"]] + cells(ours(w)) for w in ways]),
        ("Linux 6.1: the same", heads,
         [[w + (f" ({differs[w]})" if w in differs else "")] + cells(t) for w, t in theirs if t]),
        ("fivebyte: more for a further user, bytes of stack, registers saved, bytes of code",
         ["way", "more", "stack", "regs", "code"],
         [[w["way"]] + [str(w[k]) for k in ("more", "stack", "regs", "code")] for w in ways]),
    ]


def figure(compare, elsewhere):
    fentry = compare["ways"][0]
    theirs = dict(on_linux("fentry", elsewhere))
    how = elsewhere["linux.fentry-count.x1"]
    return {
        "id": "cost",
        "title": "What each way costs, from 1 to 32 users of one function",
        "see": f"fentry costs {fentry['x1']} instructions for one user and {fentry['x32']} for 32, here; in Linux 6.1 the "
               f"same program costs {theirs[1]} and {theirs[32]:,}. Every older way stands higher: it saves registers "
               "that nobody reads, or looks for its users in a list.",
        "more": " ".join(compare["note"].splitlines()[2:]) + " Linux's figures are of another function, also of one "
                f"argument ({how['how'].split(';')[0]}; {how['source']}). Where a dash is, nothing was measured.",
        "from": f"tools/fivebyte --smp 1 --icount --quiet --exec '{COMMAND}'; docs/data/linux.tsv",
        "draw": lambda width: draw(width, compare, elsewhere),
        "tables": tables(compare, elsewhere),
    }
