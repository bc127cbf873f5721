# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# tools/book: what is not true fails with one sentence that names it, and accept mends what the machine prints
# otherwise now. In a tree of its own, whose chapters are written here.
. tests/e2e/lib.sh
plan 26

mkdir -p "$work/tree/docs/book" "$work/tree/docs/data"
for each in *; do
	[ "$each" = docs ] || ln -s "$PWD/$each" "$work/tree/$each"
done
ln -s "$PWD/docs/data/linux.tsv" "$work/tree/docs/data"
sample=docs/book/02-sample.md

# book COMMAND FILE...
book() {
	(cd "$work/tree" && tools/book "$@") >"$out" 2>&1
	status=$?
}

# says NAME REGEX: it is the message of the last run.
says() {
	grep -Eq -- "$2" "$out" && pass "$1" || fail "$1" "nothing like '$2'"
}

cat >"$work/tree/docs/book/glossary.md" <<'END'
| word | one sentence | in Linux | chapter | file |
|---|---|---|---|---|
| <a id="plan"></a>plan | what an image does | - | [Later](05-later.md) | `tramp/plan.h` |
| <a id="image"></a>image | the code of a plan | - | [Later](05-later.md) | `tramp/none.h` |
END
echo '# Later' >"$work/tree/docs/book/05-later.md"

# The outputs are of a build that has never been: other addresses, and other distances.
cat >"$work/true.md" <<'END'
# Sample
After this chapter you can test.

20 minutes. Needs: nothing. Open: `tramp/text/site.h`.
## See it
A [plan](glossary.md#plan) adds 123<!--= data linux.fentry-empty.x1 --> instructions, and
14<!--= call +(\d+) instructions --> here. `make lines` counts.

```run
site kfree_skb
attach skbcount; site kfree_skb
```
```output
fivebyte> site kfree_skb
kfree_skb at ffffffff80123450
  0f 1f 44 00 00   nop dword [rax+rax*1]
...
kfree_skb at ffffffff80123450
  e8 12 34 56 0f   call bpf_trampoline_kfree_skb
  as expected: 1 program attached
```

[code tramp/text/site.c: site_at](../../tramp/text/site.c)

```run
detach all
cost count_fentry kfree_skb
```
```output
...
call          14 instructions more
...
```
```sequence
title: One call
see: It comes back.
caller | image
calls -> 1 | .
. | returns -> 0
```
END
cp "$work/true.md" "$work/tree/$sample"
book check $sample
says book_masks_what_a_build_changes '^PASS book_02_sample_sessions$'
says book_finds_excerpts '^PASS book_02_sample_excerpts$'
says book_finds_figures '^PASS book_02_sample_figures$'
says book_knows_names '^PASS book_02_sample_names$'
says book_follows_links '^PASS book_02_sample_links$'
says book_lets_a_later_word_be_a_link '^FAIL book_02_sample_words: .* 0 new words; 1 to 5$'

# One mistake of each kind.
sed -e 's/nop dword/nop qword/' -e '0,/^call  /s/14 instr/15 instr/' -e 's/: site_at\]/: site_nowhere]/' -e 's/^14</915</' -e 's/123</124</' \
	-e 's/make lines/make lanes/' -e 's/\[plan\](glossary.md#plan)/plan of 99 instructions that [leads](06-nowhere.md#x)/' \
	-e 's/^```sequence/```runn\nps\n```\n&/' -e 's/returns -> 0/returns -> 7/' -e 's/counts\.$/counts, and `site_of_'nothing'` just/' "$work/true.md" >"$work/tree/$sample"
book check $sample
says book_says_want_and_got "^ *$sample:16: want \"0f 1f 44 00 00   nop qword .*\", got \"0f 1f 44 00 00   nop dword .*\"; if it should be so: make book-accept FILES=$sample$"
says book_knows_kinds_of_blocks "^FAIL book_02_sample_sessions: $sample:34: there is no kind of block \"runn\"$"
says book_misses_a_symbol "^FAIL book_02_sample_excerpts: $sample:23: tramp/text/site.c has no site_nowhere$"
says book_misses_a_figure "^ *(FAIL book_02_sample_figures: )?$sample:6: want 124, got 123 by /data linux.fentry-empty.x1/"
says book_misses_a_figure_that_is_longer "^ *$sample:7: want 915, got 15 by /call "
says book_wants_a_source "^ *(FAIL book_02_sample_figures: )?$sample:6: where does \"99 instructions\" come from"
says book_misses_a_target "^FAIL book_02_sample_names: $sample:7: \`make lanes\`: there is no target lanes$"
says book_misses_a_name "^ *$sample:7: \`site_of_""nothing\`: nothing in the tree is called site_of_""nothing"
says book_misses_a_file "^FAIL book_02_sample_links: $sample:6: the link leads to docs/book/06-nowhere.md, which does not exist$"
says book_finds_a_word_before_its_chapter "^ *$sample:6: \"plan\" is used before its chapter \(05-later.md\)"
says book_finds_an_untrue_drawing "^FAIL book_02_sample_drawings: $sample:42: the arrow \"returns -> 7\" leads from column 1 to column 7"
says book_finds_words_not_to_write "^FAIL book_02_sample_prose: $sample:7: leave out \"just\"$"
says book_wants_the_form "^FAIL book_02_sample_form: "
[ "$status" = 1 ] && pass book_fails_with_a_mistake || fail book_fails_with_a_mistake "exit status $status"

# What is one address here must be one there; and the cuts stay where they were.
sed -e '0,/kfree_skb at/s/80123450/80123460/' -e 's/as expected/as feared/' -e 's/^14</15</' "$work/true.md" >"$work/tree/$sample"
book accept $sample
says book_tells_what_accept_wrote "^$sample: written"
sed -E 's/ffffffff[0-9a-f]{8}/ADDRESS/; s/e8( ..){4}/CALL/; s/^(attach|detach) .*ticks.*/\1/' "$work/tree/$sample" >"$work/now"
sed -E 's/ffffffff[0-9a-f]{8}/ADDRESS/; s/e8( ..){4}/CALL/' "$work/true.md" | diff - "$work/now" >"$out" &&
	pass book_accepts_what_the_machine_prints || fail book_accepts_what_the_machine_prints "$(cat "$out")"
sed -i '0,/kfree_skb at/s/kfree_skb at .*/kfree_skb at ffffffff80123460/' "$work/tree/$sample"
book check $sample
says book_finds_two_addresses_where_there_is_one "^FAIL book_02_sample_sessions: $sample:18: ffffffff[0-9a-f]{8} is shown as ffffffff[0-9a-f]{8} here, but as ffffffff80123460 further up"

book check docs/book/glossary.md
says book_finds_what_the_glossary_misses '^FAIL book_glossary_form: .*:4: "image" stands behind "plan"; the rows are sorted$'

echo 'Read [the next one](book/05-later.md), or [chapter 5](book/05-later.md), not [4](book/05-later.md).' >"$work/tree/docs/card.md"
book check docs/card.md
says book_calls_a_chapter_by_its_title '^FAIL card_links: docs/card.md:1: the link to docs/book/05-later.md must be called "Later" or "chapter 5"$'
[ "$(grep -c 'must be called' "$out")" = 2 ] && pass book_takes_a_chapter_by_its_number ||
	fail book_takes_a_chapter_by_its_number "$(cat "$out")"
