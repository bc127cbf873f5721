# SPDX-License-Identifier: MIT
# The machine as the report sees it: commands in, what they print with -j out; and what was measured elsewhere.
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
from datetime import datetime, timezone

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TIMEOUT = 120  # seconds for a boot
MEMORY = 256  # MiB


def run(words, **options):
    """What a command prints. Ends the report if it fails."""
    done = subprocess.run(words, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f"report: {' '.join(words)} failed:\n" + (done.stdout + done.stderr)[-2000:])
    return done.stdout


def first_line(*words):
    """Of what a command prints; "not known" if it fails."""
    try:
        return subprocess.run(words, cwd=ROOT, capture_output=True, text=True).stdout.splitlines()[0]
    except (OSError, IndexError):
        return "not known"


def boot(what, *commands, smp=1, icount=True):
    """Boots, runs commands of the shell, and returns the documents that those with -j print."""
    print(f"report: boots for {what}", flush=True)
    options = ["--smp", str(smp), "--quiet", "--timeout", str(TIMEOUT)] + ["--icount"] * icount
    said = run(["tools/fivebyte", *options, "--exec", "; ".join(commands)])
    return [json.loads(line) for line in said.splitlines() if line[:1] in ("{", "[")]


def in_gdb(what, *commands):
    """Boots under GDB and returns what tools/figures/in_gdb.py found."""
    print(f"report: boots under GDB for {what}", flush=True)
    with tempfile.TemporaryDirectory() as tmp:
        script, found = os.path.join(tmp, "script"), os.path.join(tmp, "found")
        with open(script, "w") as f:
            f.write(f"python OUT = '{found}'\nsource tools/figures/in_gdb.py\nkill\n")
        said = run(["tools/gdb/session", "--script", script, "--smp", "1", "--mem", str(MEMORY), "--icount",
                    "--timeout", str(TIMEOUT), "--exec", "; ".join(commands)], timeout=TIMEOUT)
        if not os.path.exists(found):
            sys.exit("report: GDB found nothing:\n" + said[-2000:])
        with open(found) as f:
            return json.load(f)


def elsewhere():
    """docs/data/linux.tsv: a dict of each row, by its key."""
    with open(os.path.join(ROOT, "docs/data/linux.tsv")) as f:
        return {row["key"]: row for row in csv.DictReader((l for l in f if l[0] != "#"), delimiter="\t")}


def source(path):
    with open(os.path.join(ROOT, path)) as f:
        return f.read()


def versions():
    """What the foot of the page says: names and values."""
    changed = first_line("git", "status", "--porcelain", "--untracked-files=no") != "not known"
    commit = first_line("git", "rev-parse", "--short=12", "HEAD")
    units = run(["readelf", "--debug-dump=info", "--dwarf-depth=1", "build/fivebyte.elf"])
    made_by = sorted(set(re.findall(r"DW_AT_producer.*?: (GNU C\d* [\d.]+|NASM [\d.]+|clang version [\d.]+)", units)))
    return [
        ("Commit", commit + (", with changes that are not committed" if changed and commit != "not known" else "")),
        ("Kernel made by", ", ".join(made_by)),
        ("Programs made by", first_line("clang", "--version")),
        ("Machine", first_line("qemu-system-x86_64", "--version") + ", TCG"),
        ("Date of the boots", datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")),
    ]
