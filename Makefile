# SPDX-License-Identifier: Apache-2.0
# mod_auth_platform: `make help` lists the targets. One Make process knows every file (no recursion). Recipes of more than two lines are in
# build/*.mk and build/*.sh.
MAKEFLAGS += --no-builtin-rules
SHELL     := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

# --- variables that a caller may set -----------------------------------------------------------
OUT      ?= build/out
# run: port, settings file, folder, the demo's identity provider (or none), the demo's mail server (or none: also if MAIL is a path, as
# logins set it) and build
PORT     ?= 8080
ENV_FILE ?= .env
RUN_DIR  ?= build/out/run
PROVIDER ?=
MAIL     ?=
RUN_PROFILE ?= release
# test: one .t file, one unit suite or one fuzz target
T        ?=
FUZZ_SECONDS ?= 60
# install: destination and build
DESTDIR  ?=
PREFIX   ?= /usr/local
INSTALL_PROFILE ?= release
# WERROR= for a compiler newer than the one that this was written with; DEPS=no never installs packages
WERROR   ?= -Werror
DEPS     ?= yes
# folders with profiles of your own, which are built into the module and the tool: conf/guides/own-profile.md
MORE_PROFILES ?=

export OUT

include build/sources.mk
include build/flags.mk
include build/deps.mk
include build/compile.mk
include build/test.mk
include build/lint.mk

##@ Everyday
.PHONY: all
all: release  ## build the module and the command line tool (build/out/release): MORE_PROFILES=FOLDER... for profiles of your own

.PHONY: run
run: $(RUN_PROFILE)  ## run the demo site in the foreground: PORT=8080 ENV_FILE=.env RUN_DIR=build/out/run PROVIDER=demo MAIL=demo
	@PORT='$(PORT)' ENV_FILE='$(ENV_FILE)' RUN_DIR='$(RUN_DIR)' PROVIDER='$(PROVIDER)' MAIL='$(MAIL)' \
	 AUTHP_MODULE='$(abspath $(call module,$(RUN_PROFILE)))' AUTHP_CLI='$(abspath $(call cli,$(RUN_PROFILE)))' \
	 exec build/run.sh

.PHONY: install
install: $(INSTALL_PROFILE)  ## copy the module, the tool, the sign-in page and samples, no configuration: DESTDIR= PREFIX=/usr/local
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' build/install.sh \
	 '$(call module,$(INSTALL_PROFILE))' '$(call cli,$(INSTALL_PROFILE))'

.PHONY: uninstall
uninstall:  ## remove what `make install` put there; configuration and data stay: DESTDIR= PREFIX=/usr/local
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' build/uninstall.sh

.PHONY: bench
bench: release $(addprefix $(OUT)/release/,store_rates hash_rate scale_rates)  ## guarding, stores, sign-in floods, or T=guard, T=stores, T=flood; T=scale
	@T='$(T)' AUTHP_STORE_RATES='$(abspath $(OUT)/release/store_rates)' AUTHP_HASH_RATE='$(abspath $(OUT)/release/hash_rate)' \
	 AUTHP_SCALE_RATES='$(abspath $(OUT)/release/scale_rates)' \
	 AUTHP_MODULE='$(abspath $(call module,release))' AUTHP_CLI='$(abspath $(call cli,release))' \
	 t/bench/run.sh

.PHONY: clean
clean:  ## remove everything that was built (build/out)
	rm -rf -- '$(OUT)'

.PHONY: help
help:  ## this list
	@awk -f build/help.awk $(MAKEFILE_LIST)
