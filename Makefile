# SPDX-License-Identifier: MIT
# make            build/fivebyte.elf, build/fivebyte-test.elf, build/fivebyte.iso
# make run        boot the ISO on 4 CPUs and walk through the demo
# make test       run every check; the last line is "N passed, M failed"
# make fuzz       look for inputs that break loader, verifier or JIT; SECONDS=600 JOBS=1 SEED=1
# make stress     attach and detach at random on 8 CPUs; SECONDS=600 SEED=1
# make bench-vm   time the eBPF machine; PROGRAMS=... ROUNDS=11 TRICKS=1 WITHOUT=...
# make core-suite the CO-RE cases of Linux 6.1's tests; unpacks Debian's linux-source-6.1 under build/
# make check-linux  look for the names of docs/linux.md in Linux 6.1; unpacks linux-source-6.1 under build/
# make gdb        debug it; SCRIPT=docs/gdb/first-poke.gdb replays a session
# make book       make build/book/: the book as HTML and PDF; installs pandoc and chromium
# make book-check check what docs/book/ shows; make book-accept writes what the machine prints now into it;
#                 FILES=docs/book/05-poke.md for one chapter
# make report     boot, and draw what the machine does: build/report/index.html; make report-check looks at it
# make lab N=1    try lab 1; HINT=1 ONLY=case RESET=1 OURS=1: labs/labs.mk
# make grade      check all your labs, or a class's: DIR=submissions
# make test-labs  prove every lab: start, solution, wrong answers
# make lint       check the rules of the source that a program can check
# make lines      count the lines of each folder and of the core path
# make dis        disassemble the kernel and what it generates
# make clean      remove build/; make build/vmlinux.h writes the types for programs
#
# run, test and book install the Debian packages that are missing; nothing else has to be done first. Each
# step of the build is one short line; V=1 shows the commands. The build runs as many jobs as the machine has
# CPUs, or as -j N says.

CC      = $(CROSS_COMPILE)gcc
HOSTCC ?= gcc
LD      = $(CROSS_COMPILE)ld
NM      = $(CROSS_COMPILE)nm
OBJDUMP = $(CROSS_COMPILE)objdump
READELF = $(CROSS_COMPILE)readelf
NASM    = nasm
CLANG   = clang
PAHOLE  = pahole
BPFTOOL = bpftool
B       = build

# Debian keeps bpftool where only root looks.
export PATH := $(PATH):/usr/sbin:/sbin

# As many jobs as CPUs, unless the caller or an outer make sets the number. `make clean all` keeps that order.
ifeq ($(MAKELEVEL)$(filter clean,$(MAKECMDGOALS)),0)
MAKEFLAGS += -j$(shell nproc)
endif

# $(call step,CC,FILE)COMMAND shows "CC FILE". V=1 shows the command instead, make -s neither.
ifneq ($(V),1)
step = @$(if $(is_silent),,printf '  %-7s%s\n' $(1) $(2); )
endif
is_silent := $(findstring s,$(firstword -$(MAKEFLAGS)))

# For scripts that call make: they get the number of jobs, but not the jobserver, which they cannot use.
script = @MAKEFLAGS='$(filter-out --jobserver%,$(MAKEFLAGS))'

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all run test test-host test-machine test-e2e core-suite check-linux stress lint lines gdb dis clean \
	book book-check book-accept report report-check

all: $(B)/fivebyte.elf $(B)/fivebyte-test.elf $(B)/fivebyte.iso
	@:

# --- How C becomes machine code ---------------------------------------------------------------------------

# Freestanding, in the top 2 GiB, interrupts on the same stack (so no red zone), no FPU or SSE state.
CFLAGS_MACHINE = -ffreestanding -fno-pie -mcmodel=kernel -mno-red-zone -mgeneral-regs-only \
	-mno-sse -mno-mmx -mno-80387 -fno-stack-protector -fcf-protection=none

# Every function begins with the five bytes that are poked, and the compiler collects its address.
CFLAGS_SITES = -pg -mfentry -mnop-mcount -mrecord-mcount

# A traced function must be as the source says: it keeps its name and all its arguments in their order, and
# exists once. Otherwise BTF would not describe it, and programs would read garbage.
#   no-ipa-sra, no-ipa-cp     no .isra and .constprop clones with other arguments
#   no-partial-inlining       no .part clones
#   no-ipa-icf                two functions with equal bodies stay two
#   no-reorder-...            no .cold halves, text in the order of the source
#   no-ipa-ra                 a caller must not rely on more registers than the ABI preserves: an image
#                             preserves no others
CFLAGS_TRACEABLE = -fno-ipa-sra -fno-ipa-cp -fno-partial-inlining -fno-ipa-icf -fno-reorder-functions \
	-fno-reorder-blocks-and-partition -fno-ipa-ra

# Frame pointers, and no jump in place of a last call, so that a backtrace names every caller. debug_frame is
# for GDB only; no eh_frame in memory. memcpy's own loop must not become a call to memcpy.
CFLAGS_CODE = -fno-omit-frame-pointer -fno-optimize-sibling-calls -fno-asynchronous-unwind-tables \
	-fno-strict-aliasing -fno-tree-loop-distribute-patterns

CFLAGS  = -std=gnu11 -O2 -g -Wall -Wextra $(CFLAGS_MACHINE) $(CFLAGS_SITES) $(CFLAGS_TRACEABLE) $(CFLAGS_CODE)
LDFLAGS = -nostdlib -static -z max-page-size=4096 -z noexecstack --fatal-warnings

SOURCES   = $(sort $(shell find $(wildcard boot kernel tramp vm attach shell) -name '*.c' -o -name '*.asm'))
OBJECTS   = $(SOURCES:%=$(B)/%.o)
# The test kernel is the same, with the tests in place of shell/no_tests.c, and with an allocator that
# overwrites what is freed (kernel/mem/poison.h).
POISONED  = kernel/mem/heap.c.o kernel/mem/page.c.o
TEST_DIRS    = tests $(addprefix tests/,kernel tramp attach vm shell stress)
TEST_SOURCES = $(wildcard $(TEST_DIRS:=/*.c) $(TEST_DIRS:=/*.asm)) tests/host/vm_asm.c tests/host/vm_run.c
TEST_OBJECTS = $(filter-out $(B)/shell/no_tests.c.o $(POISONED:%=$(B)/%),$(OBJECTS)) \
	$(POISONED:%=$(B)/poisoned/%) \
	$(TEST_SOURCES:%=$(B)/%.o) $(B)/tests/abi_matrix.c.o $(B)/tests/files.asm.o
PROGS     = $(patsubst %.c,$(B)/%.o,$(wildcard progs/*.bpf.c))

$(B)/%.c.o: %.c Makefile
	@mkdir -p $(@D)
	$(call step,CC,$<)$(CC) $(CFLAGS) -I. -MMD -MP -c -o $@ $<

$(B)/poisoned/%.c.o: %.c Makefile
	@mkdir -p $(@D)
	$(call step,CC,$<)$(CC) $(CFLAGS) -DPOISON=1 -I. -MMD -MP -c -o $@ $<

# Functions of many signatures, for tests/tramp/test_abi.c.
$(B)/tests/abi_matrix.c: tests/abi/generate
	@mkdir -p $(@D)
	$(call step,GEN,$@)$< >$@

$(B)/tests/abi_matrix.c.o: $(B)/tests/abi_matrix.c Makefile
	$(call step,CC,$<)$(CC) $(CFLAGS) -I. -MMD -MP -c -o $@ $<

# The test kernel contains the files that tests read: the cases, and the public vectors if they lie beside the
# project.
TEST_FILES = $(wildcard tests/cases/*.txt ../shared/conformance/vectors.tsv)
$(B)/tests/files.asm: tools/make-test-files $(TEST_FILES)
	@mkdir -p $(@D)
	$(call step,GEN,$@)tools/make-test-files $(TEST_FILES) >$@

$(B)/tests/files.asm.o: $(B)/tests/files.asm
	$(call step,AS,$<)$(NASM) -f elf64 -o $@ $<

# The C source that the demo shows, as a string.
$(B)/shell/demo_source.h: progs/skbcount.bpf.c
	@mkdir -p $(@D)
	$(call step,GEN,$@)sed -n '/^SEC("fentry/,/^}/p' $< | \
		sed 's/[\\"]/\\&/g; s/\t/    /g; s/.*/	"&\\n" \\/; 1i #define DEMO_SOURCE \\' >$@
	@echo >>$@

$(B)/shell/demo_steps.c.o: CFLAGS += -I$(B)
$(B)/shell/demo_steps.c.o: $(B)/shell/demo_source.h

# The chapters and labs that `learn` lists. A page that is added or removed changes the list.
LEARN = $(wildcard docs/book/[0-9]*.md labs/*/lab)
$(B)/shell/learn_rows.h: tools/make-learn $(wildcard docs/book labs) $(LEARN)
	@mkdir -p $(@D)
	$(call step,GEN,$@)tools/make-learn $(LEARN) >$@

$(B)/shell/cmd_learn.c.o: CFLAGS += -I$(B)
$(B)/shell/cmd_learn.c.o: $(B)/shell/learn_rows.h

$(B)/kernel/trace/uapi.c.o: CFLAGS += -fno-eliminate-unused-debug-types

$(B)/%.asm.o: %.asm $(B)/layout.inc
	@mkdir -p $(@D)
	$(call step,AS,$<)$(NASM) -f elf64 -g -F dwarf -I$(B)/ -MD $(@:.o=.d) -MP -o $@ $<

$(B)/layout.inc: kernel/layout.h
	@mkdir -p $(@D)
	$(call step,GEN,$@)sed -n 's/^#define/%define/p' $< >$@

$(B)/linker.ld: linker.ld kernel/layout.h
	@mkdir -p $(@D)
	$(call step,GEN,$@)$(CC) -E -P -x c -I. -o $@ $<

# --- Two passes -------------------------------------------------------------------------------------------
#
# BTF and the symbol table are made from the linked kernel. A second link adds them. They lie behind the text,
# so the text stays where it was; tools/check-passes checks that.

# $(call two_pass,NAME,OBJECTS): build/NAME.elf by way of build/NAME.pass1.elf
define two_pass
$(B)/$(1).pass1.elf: $(2) $(B)/no-blobs.o $(B)/linker.ld
	$$(call step,LD,$$@)$$(LD) $$(LDFLAGS) -T $(B)/linker.ld -o $$@ $$(filter %.o,$$^)

# pahole does not truncate an older, longer file.
$(B)/$(1).own.btf: $(B)/$(1).pass1.elf
	@rm -f $$@
	$$(call step,BTF,$$@)$$(PAHOLE) -J --btf_encode_detached=$$@ $$<

# Every name that is not Linux's gets a prefix.
$(B)/$(1).btf: $(B)/$(1).own.btf $(B)/btf-names $(UAPI)
	$$(call step,BTF,$$@)$(B)/btf-names $$< $$@ $(UAPI)

$(B)/$(1).nm: $(B)/$(1).pass1.elf
	$$(call step,NM,$$@)$$(NM) -n -S --defined-only $$< >$$@

$(B)/$(1).noreturn: tools/list-noreturn $(B)/$(1).pass1.elf
	$$(call step,GEN,$$@)tools/list-noreturn $$(READELF) $(B)/$(1).pass1.elf >$$@

$(B)/$(1).inlined: tools/list-inlined $(B)/$(1).pass1.elf
	$$(call step,GEN,$$@)tools/list-inlined $$(READELF) $(B)/$(1).pass1.elf >$$@

$(B)/$(1).blobs.asm: tools/make-blobs $(B)/$(1).nm $(B)/$(1).noreturn $(B)/$(1).inlined $(B)/$(1).btf $$(PROGS)
	$$(call step,GEN,$$@)$$^ >$$@

# NASM does not see incbin as a dependency.
$(B)/$(1).blobs.o: $(B)/$(1).blobs.asm $(B)/layout.inc
	$$(call step,AS,$$<)$$(NASM) -f elf64 -I$(B)/ -o $$@ $$<

$(B)/$(1).elf: $(2) $(B)/$(1).blobs.o $(B)/linker.ld
	$$(call step,LD,$$@)$$(LD) $$(LDFLAGS) -T $(B)/linker.ld -o $$@ $$(filter %.o,$$^)
	@tools/check-passes $$(NM) $$(READELF) $(B)/$(1).pass1.elf $$@
endef

UAPI = kernel/trace/uapi.h kernel/trace/uapi.c
$(B)/btf-names: tools/btf-names.c
	@mkdir -p $(@D)
	$(call step,HOSTCC,$<)$(HOSTCC) -std=gnu11 -O1 -Wall -Wextra -o $@ $<

$(eval $(call two_pass,fivebyte,$(OBJECTS)))
$(eval $(call two_pass,fivebyte-test,$(TEST_OBJECTS)))

$(B)/no-blobs.asm: tools/make-blobs
	@mkdir -p $(@D)
	$(call step,GEN,$@)tools/make-blobs >$@

$(B)/no-blobs.o: $(B)/no-blobs.asm $(B)/layout.inc
	$(call step,AS,$<)$(NASM) -f elf64 -I$(B)/ -o $@ $<

# --- Programs ---------------------------------------------------------------------------------------------

# vmlinux.h is written only if its content changes, so that an edit of the kernel does not compile every
# program again.
$(B)/vmlinux.h: $(B)/vmlinux.h.new
	@cmp -s $< $@ || cp $< $@

$(B)/vmlinux.h.new: $(B)/fivebyte.btf
	$(call step,GEN,$(B)/vmlinux.h)$(BPFTOOL) btf dump file $< format c >$@

$(B)/%.bpf.o: %.bpf.c $(B)/vmlinux.h
	@mkdir -p $(@D)
	$(call step,BPF,$<)$(CLANG) -O2 -g -Wall -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -I$(B) -I. -MMD -MP \
		-c -o $@ $<

# --- The bootable image -----------------------------------------------------------------------------------

$(B)/fivebyte.iso: $(B)/fivebyte.elf tools/make-iso
	$(call step,ISO,$@)tools/make-iso $@ $< 'demo tty'

# --- The targets ------------------------------------------------------------------------------------------

run:
	@tools/install-deps
	@tools/progress $(MAKE) $(B)/fivebyte.iso
	@tools/fivebyte --smp 4 --iso --demo

test:
	@tools/install-deps
	$(script) tools/run-tests

report:
	@tools/install-deps
	@tools/progress $(MAKE) $(B)/fivebyte.elf
	@tools/report

report-check: report
	@tools/install-deps 'chromium chromium'
	@tools/report --check

# These build in a second make, after they have installed the tools.
ifeq ($(filter run test book report report-check lab grade test-labs clean,$(MAKECMDGOALS)),)
-include tests/host/host.mk
endif
test-host: check-host

test-machine: $(B)/fivebyte-test.elf
	tools/fivebyte --test --smp 1
	tools/fivebyte --test --smp 4

# SECONDS is 10 minutes by default. make test runs the stress test for 10 seconds.
SECONDS = 600
SEED    = 1
stress: $(B)/fivebyte-test.elf
	tools/fivebyte --stress $(SECONDS) --seed $(SEED) --smp 8

test-e2e: all
	$(script) tests/e2e/run

check-linux:
	tools/check-linux

core-suite:
	$(script) tests/core-suite/run

lint: $(B)/fivebyte.elf
	$(script) tools/lint

lines:
	@tools/lines

# pandoc and chromium are for the book alone.
book:
	@tools/install-deps 'pandoc pandoc' 'chromium chromium'
	@tools/progress $(MAKE) all host
	$(script) tools/book build

book-check: all host
	$(script) tools/book check $(FILES)

book-accept: all host
	$(script) tools/book accept $(FILES)

# make gdb SCRIPT=docs/gdb/first-poke.gdb: GDB reads the script instead of the terminal. OPTIONS are the
# launcher's (--iso). The machine runs EXEC; without it the line "# exec: COMMANDS" of the script; without
# both the commands below, which attach programs and send packets, so that breakpoints in them are reached.
# SMP is found in the same way.
script_says = $(if $(SCRIPT),$(shell sed -n 's/^\# $(1): //p' '$(SCRIPT)' 2>/dev/null))
gdb: SMP  = $(or $(call script_says,smp),4)
gdb: EXEC = $(or $(call script_says,exec),attach wakeup; attach skblat; work net 1000000)
gdb: $(B)/fivebyte.elf
	@tools/gdb/session $(if $(SCRIPT),--script '$(SCRIPT)') --smp $(SMP) $(OPTIONS) --exec '$(EXEC)'

# The kernel's text, then what it generates: the compiled programs and their images.
DIS_PROGS = my_wake_up count_skb receive_begins receive_ends
DIS_FUNCS = wake_up_process kfree_skb netif_receive_skb
DIS_COMMANDS = attach wakeup; attach skbcount; attach skblat; \
	$(foreach p,$(DIS_PROGS),prog dump $p jited;)$(foreach f,$(DIS_FUNCS),tramp $f;)
dis: $(B)/fivebyte.elf
	$(OBJDUMP) -d -M intel --no-show-raw-insn $<
	tools/fivebyte --exec '$(DIS_COMMANDS)'

clean:
	rm -rf $(B)

include labs/labs.mk

-include $(OBJECTS:.o=.d) $(TEST_OBJECTS:.o=.d) $(PROGS:.o=.d)
