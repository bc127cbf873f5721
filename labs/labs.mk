# SPDX-License-Identifier: MIT
# The labs: labs/NN-name/ holds each, docs/teaching.md says how a teacher uses them, tools/lab does the work.
#
#   make lab N=3               try lab 3: the first time makes lab/3/ with your files, every time checks them
#        HINT=1 ONLY=case RESET=1 OURS=1 MERGE=1 SEED=n
#   make lab-list              list them, with the minutes that each takes
#   make grade                 check all labs in lab/
#   make grade DIR=submissions a folder or an archive for each student; writes grades.csv there
#   make lab-tree N=3 TO=dir   a tree without the answers of lab 3 and later
#   make test-labs             prove each lab: its start fails, its solution passes, its wrong answers fail

.PHONY: lab lab-list grade lab-tree test-labs
lab:
	@tools/install-deps
	@$(MAKE) -q --no-print-directory $(B)/fivebyte.elf || tools/progress $(MAKE) $(B)/fivebyte.elf
	@tools/lab try N='$(N)' HINT='$(HINT)' ONLY='$(ONLY)' RESET='$(RESET)' OURS='$(OURS)' MERGE='$(MERGE)' SEED='$(SEED_OF_LAB)'

lab-list:
	@tools/lab list

grade:
	@tools/install-deps
	@$(MAKE) -q --no-print-directory $(B)/fivebyte.elf || tools/progress $(MAKE) $(B)/fivebyte.elf
	@tools/lab grade N='$(N)' DIR='$(DIR)' SEED='$(SEED_OF_LAB)'

lab-tree:
	@tools/lab tree N='$(N)' TO='$(TO)'

test-labs:
	@tools/install-deps
	@$(MAKE) -q --no-print-directory $(B)/fivebyte.elf || tools/progress $(MAKE) $(B)/fivebyte.elf
	@tools/lab prove N='$(N)'

# SEED is 1 for the stress test if the caller does not say; a lab then draws one.
SEED_OF_LAB = $(if $(filter command line environment,$(origin SEED)),$(SEED))

# LAB=01-sites build/lab.elf: the kernel of a lab. It is the test kernel with the lab's C and NASM in place of
# the tests. tools/lab calls this in a tree of its own, in build/lab/.
ifdef LAB
LAB_SOURCES = tests/run.c labs/lab.c $(filter-out %.bpf.c,$(wildcard labs/$(LAB)/*.c)) $(wildcard labs/$(LAB)/*.asm)
$(eval $(call two_pass,lab,$(filter-out $(B)/shell/no_tests.c.o $(POISONED:%=$(B)/%),$(OBJECTS)) \
	$(POISONED:%=$(B)/poisoned/%) $(LAB_SOURCES:%=$(B)/%.o)))
-include $(LAB_SOURCES:%=$(B)/%.d)
endif
