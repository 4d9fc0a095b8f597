# SPDX-License-Identifier: Apache-2.0
# Fuzz targets: `make test` replays their corpus under gcc's ASan and UBSan, and `make fuzz` runs them with libFuzzer.
FUZZ_SHARED := $(filter-out $(FUZZ_SRC) t/fuzz/standalone.c,$(wildcard t/fuzz/*.c)) $(wildcard $(SHIM))
fuzz_common = $(call obj,$(1),$(FUZZ_SHARED)) $(call lib,$(1))

$(OUT)/asan/fuzz/%: $(OUT)/asan/obj/t/fuzz/%.o $(call obj,asan,t/fuzz/standalone.c) $(call fuzz_common,asan)
	@mkdir -p $(@D)
	@echo '  LINK  $@'
	@$(call link,asan) -pie -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIB_LIBS)

$(OUT)/libfuzzer/fuzz/%: $(OUT)/libfuzzer/obj/t/fuzz/%.o $(call fuzz_common,libfuzzer)
	@mkdir -p $(@D)
	@echo '  LINK  $@'
	@$(call link,libfuzzer) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIB_LIBS)

# For `make bench`.
$(OUT)/release/store_rates: $(OUT)/release/obj/t/bench/store_rates.o $(call lib,release)
	@echo '  LINK  $@'
	@$(call link,release) -o $@ $^ $(LIB_LIBS)

# Files that read httpd's configuration, with fake functions of the server.
FUZZ_HTTPD := $(addprefix $(SRC)/httpd/,config.c directives.c way_in.c) $(wildcard $(SRC)/httpd/require*.c) \
  t/fuzz/support/httpd_stub.c t/fuzz/support/httpd_idle.c
$(OUT)/asan/fuzz/fuzz_config: $(call obj,asan,$(FUZZ_HTTPD))
$(OUT)/libfuzzer/fuzz/fuzz_config: $(call obj,libfuzzer,$(FUZZ_HTTPD))
$(foreach p,asan libfuzzer,$(call obj,$(p),t/fuzz/fuzz_config.c t/fuzz/support/httpd_idle.c)): EXTRA = -It/fuzz $(call system,$(HTTPD_CPPFLAGS))

# A provider of identities and a store in memory.
FUZZ_WORLD := $(wildcard t/unit/support/mem_*.c) t/unit/support/fixed_rng.c t/store/columns_kind.c t/fuzz/support/provider_world.c
$(OUT)/asan/fuzz/fuzz_callback: $(call obj,asan,$(FUZZ_WORLD))
$(OUT)/libfuzzer/fuzz/fuzz_callback: $(call obj,libfuzzer,$(FUZZ_WORLD))
$(foreach p,asan libfuzzer,$(call obj,$(p),t/fuzz/support/provider_world.c)): EXTRA = -It/fuzz -It/unit/support

REPLAYS := $(addprefix $(OUT)/asan/fuzz/,$(FUZZERS))

$(OUT)/release/scale_rates: $(addprefix $(OUT)/release/obj/t/bench/,scale_rates.o scale_rows.o) $(call lib,release)
	@echo '  LINK  $@'
	@$(call link,release) -o $@ $^ $(LIB_LIBS)

$(OUT)/release/hash_rate: $(OUT)/release/obj/t/bench/hash_rate.o $(call lib,release)
	@echo '  LINK  $@'
	@$(call link,release) -o $@ $^ $(LIB_LIBS)

# build/httpd-asan.sh preloads it into httpd.
$(OUT)/asan/pool_shim.so: $(call obj,asan,$(SHIM) t/asan/thread_values.c)
	@echo '  LINK  $@'
	@$(call link,asan) -shared -o $@ $^

# What one test needs: for a .t file the module and the tool, for a guard the files that guards read, for a fuzz target that target, for a
# unit suite the unit tests. Without T, all of it. build/test.sh makes the same distinction.
ASAN_SERVER := $(call module,asan) $(call cli,asan) $(OUT)/asan/pool_shim.so
ifeq ($(T),)
TEST_NEEDS := debug asan $(REPLAYS)
else ifneq ($(filter %.t,$(T)),)
TEST_NEEDS := $(if $(filter 1,$(E2E_SANITIZE)),$(ASAN_SERVER),debug)
else ifneq ($(filter guards sqlite-% mongodb-% postgresql-% pooled-% real-%,$(T))$(wildcard build/guards/$(T).sh),)
TEST_NEEDS := debug
else ifneq ($(filter ferretdb-api ferretdb-cli ferretdb-durable,$(T)),)
TEST_NEEDS := debug
else ifneq ($(filter ferretdb,$(T)),)
TEST_NEEDS := debug $(call unit,asan)
else ifneq ($(filter asan-%,$(T)),)
TEST_NEEDS := $(ASAN_SERVER)
else ifneq ($(filter $(T),$(FUZZERS) fuzz-replay),)
TEST_NEEDS := $(filter $(OUT)/asan/fuzz/$(if $(filter fuzz-replay,$(T)),%,$(T)),$(REPLAYS))
else
TEST_NEEDS := $(call unit,asan)
endif

##@ Checks
.PHONY: test
test: $(TEST_NEEDS)  ## every test, or one: T=t/api/20_login.t, T=<unit suite>, T=<fuzz target>, T=<guard>, T=<stage>
	@build/test.sh $(T)

.PHONY: test-long
test-long: debug asan  ## what `make test` leaves out: restarts under load and times on each store, outages, FerretDB, and production.md in a bare Debian
	@AUTHP_LONG=1 build/e2e.sh t/restart/*.t t/install/20_bare.t t/api/*.t t/authz/*.t t/cli/*.t t/oidc/*.t t/security/*.t
	@AUTHP_LONG=1 AUTHP_STORE=mongodb build/with-mongo.sh build/e2e.sh t/restart/*.t t/outage/*.t t/config/*.t t/browser/*.t t/oidc/*.t t/security/*.t
	@AUTHP_LONG=1 AUTHP_STORE=postgresql build/e2e.sh t/restart/*.t t/config/*.t t/browser/*.t t/oidc/*.t t/security/*.t
	@AUTHP_LONG=1 AUTHP_STORE=postgresql AUTHP_POOLED=1 build/e2e.sh t/api/*.t
	@AUTHP_LONG=1 E2E_SANITIZE=1 build/e2e.sh t/outage/64_postgresql_durable.t t/security/*.t
	@AUTHP_LONG=1 build/test.sh ferretdb

.PHONY: unit
unit: $(call unit,asan)  ## the C unit tests alone, or one suite: T=
	@build/with-mongo.sh build/with-postgres.sh $(call unit,asan) $(T)

.PHONY: fuzz-replay
fuzz-replay: $(REPLAYS)
	@build/fuzz-replay.sh $(OUT)/asan/fuzz $(T)

.PHONY: guards
guards: release $(call lib,release)
	@build/guards.sh $(T)

.PHONY: e2e
e2e: debug
	@build/e2e.sh $(T)

asan: $(call unit,asan) $(OUT)/asan/pool_shim.so  ## build the module, the tool and the unit tests with ASan and UBSan

.PHONY: fuzz
fuzz: $(addprefix $(OUT)/libfuzzer/fuzz/,$(if $(T),$(T),$(FUZZERS)))  ## libFuzzer: FUZZ_SECONDS=60 for each target, or one: T=
	@FUZZ_SECONDS='$(FUZZ_SECONDS)' build/fuzz.sh $(OUT)/libfuzzer/fuzz $(T)

.PHONY: valgrind
valgrind: $(call unit,debug)  ## the unit tests under valgrind
	@CK_FORK=no CK_DEFAULT_TIMEOUT=600 build/with-mongo.sh build/with-postgres.sh valgrind --quiet --error-exitcode=9 --leak-check=full \
	 --errors-for-leak-kinds=definite --show-leak-kinds=definite $(call unit,debug) $(T)

.PHONY: timing
timing: release  ## does the time of a refused sign-in tell who has an account? Welch's t, on each store
	@AUTHP_MODULE='$(abspath $(call module,release))' AUTHP_CLI='$(abspath $(call cli,release))' build/with-mongo.sh \
	 build/with-postgres.sh bash -c 'status=0; for store in sqlite mongodb postgresql; do t/security/timing.pl --store $$store || status=1; done; exit $$status'

.PHONY: coverage
coverage: $(call unit,cov)  ## lines that the unit tests reach; below 90% of api, service and base it fails
	@build/coverage.sh $(OUT)/cov $(T)
