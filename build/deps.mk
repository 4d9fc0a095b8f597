# SPDX-License-Identifier: Apache-2.0
# Calls the one script that installs the packages which the goals need. It does nothing if they are installed.
DEPS_GROUPS := run \
  $(if $(filter run,$(MAKECMDGOALS)),$(if $(filter demo,$(MAIL)),mail)) \
  $(if $(filter test test-% unit e2e fuzz-replay coverage valgrind timing,$(MAKECMDGOALS)),test) \
  $(if $(filter test-long,$(MAKECMDGOALS)),long) \
  $(if $(filter lint lint-% format,$(MAKECMDGOALS)),lint) \
  $(if $(filter fuzz,$(MAKECMDGOALS)),fuzz) \
  $(if $(filter valgrind,$(MAKECMDGOALS)),valgrind) \
  $(if $(filter bench,$(MAKECMDGOALS)),bench)

.PHONY: deps
deps:
ifneq ($(DEPS),no)
	@build/deps.sh $(DEPS_GROUPS)
endif
