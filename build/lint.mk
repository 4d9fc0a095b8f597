# SPDX-License-Identifier: Apache-2.0
# There is one stamp in $(OUT)/lint for each file and checker, so that a second run checks only what changed. The run of gcc -fanalyzer also
# writes the dependencies of all three stamps.
LINT := $(OUT)/lint
lint_of = $(patsubst %.c,$(LINT)/%.$(1),$(OUR_SRC))
lint_cpp = $(CPPFLAGS_ALL) $(if $(filter $(SRC)/httpd/%,$<),$(call system,$(HTTPD_CPPFLAGS)))

ALL_C   := $(OUR_SRC) $(OUR_HDR) $(TEST_SRC) $(sort $(shell find $(wildcard t) -name '*.h'))
SCRIPTS := $(sort $(shell find build t .ci conf -name '*.sh' -not -path '$(OUT)/*' -not -path 'build/out/*' 2>/dev/null)) .ci/run

$(LINT)/%.analyzer: %.c build/flags.mk build/lint.mk | deps
	@mkdir -p $(@D)
	@echo '  GCC-ANALYZER  $<'
	@$(CC_release) $(lint_cpp) $(CFLAGS_ALL) $(CFLAGS_release) -fanalyzer $(ANALYZER_OFF) \
	 -MMD -MP -MF $(LINT)/$*.d -MT '$(LINT)/$*.analyzer $(LINT)/$*.tidy $(LINT)/$*.cppcheck' \
	 -c -o /dev/null $<
	@touch $@

$(LINT)/%.tidy: %.c .clang-tidy build/lint.mk | deps
	@mkdir -p $(@D)
	@echo '  TIDY          $<'
	@clang-tidy --quiet $< -- $(lint_cpp) -std=c11 2>$@.err || { cat $@.err; exit 1; }
	@rm -f $@.err && touch $@

$(LINT)/%.cppcheck: %.c build/cppcheck.supp build/lint.mk | deps
	@mkdir -p $(@D)
	@echo '  CPPCHECK      $<'
	@cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
	 --suppressions-list=build/cppcheck.supp --error-exitcode=1 -I$(SRC) $<
	@touch $@

$(LINT)/shell: $(SCRIPTS) | deps
	@mkdir -p $(@D)
	@echo '  SHELLCHECK    $(words $(SCRIPTS)) scripts'
	@shellcheck $(SCRIPTS)
	@touch $@

$(LINT)/format: $(ALL_C) .clang-format | deps
	@mkdir -p $(@D)
	@echo '  FORMAT        $(words $(ALL_C)) files'
	@clang-format --dry-run -Werror $(ALL_C)
	@touch $@

.PHONY: lint-guards
lint-guards: release
	@build/guards.sh

.PHONY: lint
lint: $(LINT)/format $(LINT)/shell lint-guards  ## formatting, clang-tidy, cppcheck, gcc's analyzer, shellcheck and the guards
lint: $(call lint_of,analyzer) $(call lint_of,tidy) $(call lint_of,cppcheck)
	@echo 'lint: nothing to say'

.PHONY: format
format: | deps  ## apply .clang-format to every C file
	clang-format -i $(ALL_C)

-include $(call lint_of,d)
