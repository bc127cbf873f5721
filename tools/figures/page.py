# SPDX-License-Identifier: MIT
# The page: its words, its colours, and how figures become HTML. It loads nothing.
from html import escape

from tools.figures.svg import NARROW, WIDE

CSS = """
:root { --ink:#1b1f24; --dim:#59636e; --paper:#fff; --rule:#d8dee4; --soft:#f3f5f7; --link:#0b5cad;
  --nop:#d3dae2; --int3:#f2a39b; --call:#9fd3a8; --onfill:#14181c; --edge:#1b1f24;
  --argument:#9cc7ee; --frame:#d3dae2; --result:#9fd3a8; --context:#f0cf8a; --session:#d5b8ec;
  --here:#0b5cad; --there:#b3402f; --faint:#aab4be;
  --site:#b3402f; --image:#0b5cad; --program:#2c7a3d; --helper:#79b886; --body:#7a5bb0; --callee:#b7a3d8;
  --h1:#0b5cad; --h2:#2c7a3d; --h3:#b3402f; --h4:#7a5bb0; --h5:#8a6100; --h6:#0f7173; }
@media screen and (prefers-color-scheme: dark) { :root { --ink:#e3e8ee; --dim:#9aa6b2; --paper:#12161b; --rule:#333c46;
  --soft:#1b2128; --link:#79b8ff; --nop:#46525e; --int3:#a8453a; --call:#2f7a41; --onfill:#f6f8fa; --edge:#e3e8ee;
  --argument:#2a6299; --frame:#46525e; --result:#2f7a41; --context:#7d5f12; --session:#6b4a8c;
  --here:#79b8ff; --there:#ff9a8a; --faint:#5b6773;
  --site:#ff9a8a; --image:#79b8ff; --program:#6fce85; --helper:#3f8a51; --body:#c0a4f0; --callee:#75609b;
  --h1:#79b8ff; --h2:#6fce85; --h3:#ff9a8a; --h4:#c0a4f0; --h5:#e3b341; --h6:#56c8c8; } }
* { box-sizing:border-box; }
html { color-scheme:light dark; }
body { margin:0 auto; padding:24px 16px 40px; max-width:852px; background:var(--paper); color:var(--ink);
  font:16px/1.5 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif; overflow-wrap:break-word; }
h1 { font-size:1.7rem; line-height:1.2; margin:0 0 .5rem; }
h2 { font-size:1.2rem; line-height:1.25; margin:0 0 .4rem; }
p { margin:0 0 .7rem; } nav ol { padding-left:1.4rem; margin:0 0 1rem; } a { color:var(--link); }
code,.mono,td.mono { font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace; }
code { font-size:.86em; }
figure { margin:2.6rem 0 0; padding-top:1.2rem; border-top:1px solid var(--rule); }
.see { font-weight:500; } .more,.from { color:var(--dim); font-size:.86rem; }
.from code { overflow-wrap:anywhere; }
svg { display:block; width:100%; height:auto; overflow:hidden; margin:.6rem 0 .8rem;
  font-family:system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif; }
svg text { fill:var(--ink); white-space:pre; } svg .dim { fill:var(--dim); } svg .b { font-weight:600; } svg .onfill { fill:var(--onfill); }
.narrow { display:none; max-width:520px; }
.rule { stroke:var(--rule); } .axis { stroke:var(--dim); } .sync { stroke:var(--here); stroke-width:1.5; stroke-dasharray:5 3; }
.byte.nop { fill:var(--nop); } .byte.int3 { fill:var(--int3); } .byte.call { fill:var(--call); }
.byte.changed { stroke:var(--edge); stroke-width:1.6; }
.lane { fill:none; stroke:var(--rule); } .lane.int3 { fill:var(--int3); fill-opacity:.35; stroke:none; }
.lane.call { fill:var(--call); fill-opacity:.3; stroke:none; }
.word.argument { fill:var(--argument); } .word.frame { fill:var(--frame); } .word.result { fill:var(--result); }
.word.context { fill:var(--context); } .word.session { fill:var(--session); }
.word.empty { fill:none; stroke:var(--faint); stroke-dasharray:2 2; }
.ground { fill-opacity:.16; } .tie { fill:none; stroke-width:1.3; stroke-opacity:.75; }
.arrow { fill:none; stroke:var(--dim); stroke-width:1.3; } .head { fill:var(--dim); }
.h1.ground { fill:var(--h1); } .h2.ground { fill:var(--h2); } .h3.ground { fill:var(--h3); }
.h4.ground { fill:var(--h4); } .h5.ground { fill:var(--h5); } .h6.ground { fill:var(--h6); }
.h1.tie { stroke:var(--h1); } .h2.tie { stroke:var(--h2); } .h3.tie { stroke:var(--h3); }
.h4.tie { stroke:var(--h4); } .h5.tie { stroke:var(--h5); } .h6.tie { stroke:var(--h6); }
.part { transition:opacity .12s; outline:none; } .part:focus-visible .ground { stroke:var(--ink); }
svg.on .part:not(.on) { opacity:.22; }
.part.on .ground { fill-opacity:.3; } .part.on .tie { stroke-width:2.2; stroke-opacity:1; }
.curve { fill:none; stroke-width:1.8; } .curve.here { stroke:var(--here); } .curve.faint { stroke:var(--faint); stroke-width:1.2; }
.curve.there { stroke:var(--there); stroke-dasharray:5 3; }
.dot.here { fill:var(--here); } .dot.there { fill:var(--there); }
svg .here:not(.curve):not(.dot) { fill:var(--here); } svg .there:not(.curve):not(.dot) { fill:var(--there); }
.span.site { fill:var(--site); } .span.image { fill:var(--image); } .span.program { fill:var(--program); }
.span.helper { fill:var(--helper); } .span.body { fill:var(--body); } .span.callee { fill:var(--callee); }
.page.read { fill:var(--nop); } .page.exec { fill:var(--call); } .page.write { fill:var(--argument); }
.page.hole { fill:none; stroke:var(--there); stroke-dasharray:3 2; }
details { font-size:.86rem; } summary { cursor:pointer; color:var(--link); }
table { border-collapse:collapse; width:100%; margin:.5rem 0 1rem; font-size:.78rem; line-height:1.35; }
caption { text-align:left; font-weight:600; padding:.3rem 0; }
th,td { text-align:left; vertical-align:top; padding:.12rem .4rem .12rem 0; border-bottom:1px solid var(--rule);
  overflow-wrap:anywhere; }
th { font-weight:600; } .n { text-align:right; overflow-wrap:normal; font-variant-numeric:tabular-nums; }
footer { margin-top:3rem; padding-top:1rem; border-top:1px solid var(--rule); color:var(--dim); font-size:.86rem; }
dl { display:grid; grid-template-columns:max-content 1fr; gap:.15rem 1rem; margin:0; } dd { margin:0; overflow-wrap:anywhere; }
@media screen and (max-width:700px) { .wide { display:none; } .narrow { display:block; } table { font-size:.68rem; } }
@media print { @page { size:A4; margin:14mm 12mm; }
  body { padding:0; max-width:none; font-size:10.5pt; } details,nav { display:none; } a { color:inherit; }
  figure { break-inside:avoid; margin-top:1rem; } h2,.see { break-after:avoid; } footer { break-inside:avoid; margin-top:.6rem; padding-top:.4rem; font-size:8.5pt; }
  .more,.from { font-size:8.5pt; }
  svg { max-height:225mm; } * { print-color-adjust:exact; -webkit-print-color-adjust:exact; } }
"""

# A part that is pointed at, touched or focused stays; the others of its figure become pale. Without this script the
# lines are there all the same.
SCRIPT = """
for (const svg of document.querySelectorAll("svg")) {
  const parts = [...svg.querySelectorAll(".part")];
  const show = chosen => {
    svg.classList.toggle("on", !!chosen);
    for (const p of parts) p.classList.toggle("on", p === chosen);
  };
  for (const p of parts) {
    for (const e of ["pointerenter", "focus", "click"]) p.addEventListener(e, () => show(p));
    for (const e of ["pointerleave", "blur"]) p.addEventListener(e, () => show(null));
  }
}
"""

INTRO = """fivebyte is a small kernel in which every function begins with five bytes of nop. Here is what one build of it did
when it was booted to make this page: its own commands and GDB printed every number below, except Linux's, which were
measured before and lie in docs/data."""


def is_number(text):
    return text == "-" or text.replace(",", "").replace(".", "", 1).isdigit()


def table(title, heads, rows):
    """A column of numbers only is aligned to the right."""
    right = [' class="n"' if all(map(is_number, column)) else "" for column in zip(*rows)]
    head = "".join(f'<th scope="col"{r}>{escape(h)}</th>' for h, r in zip(heads, right))
    body = "".join("<tr>" + "".join(f"<td{r}>{escape(cell)}</td>" for cell, r in zip(row, right)) + "</tr>\n"
                   for row in rows)
    return f"<table><caption>{escape(title)}</caption><thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>"


def figure(number, f):
    drawings = "".join(f'<div class="{class_}">{f["draw"](width).svg(f["title"])}</div>\n'
                       for class_, width in (("wide", WIDE), ("narrow", NARROW)))
    tables = "\n".join(table(*t) for t in f["tables"])
    return f"""<figure id="{f['id']}">
<h2>{number}. {escape(f['title'])}</h2>
<p class="see">What to see: {escape(f['see'])}</p>
{drawings}<p class="more">{escape(f['more'])}</p>
<p class="from">From: <code>{escape(f['from'])}</code></p>
<details><summary>The same as tables</summary>
{tables}
</details>
</figure>
"""


def page(figures, versions):
    contents = "".join(f'<li><a href="#{f["id"]}">{escape(f["title"])}</a></li>' for f in figures)
    foot = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in versions)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>fivebyte: six figures of one build</title>
<link rel="icon" href="data:,">
<style>{CSS}</style>
</head>
<body>
<main>
<h1>fivebyte: six figures of one build</h1>
<p>{escape(INTRO)}</p>
<nav aria-label="Figures"><ol>{contents}</ol></nav>
{"".join(figure(i + 1, f) for i, f in enumerate(figures))}</main>
<footer><dl>{foot}</dl></footer>
<script>{SCRIPT}</script>
</body>
</html>
"""
