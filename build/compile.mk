# SPDX-License-Identifier: Apache-2.0
# Objects, the library, the module and the tool, once for each profile, in $(OUT)/<profile>/.
module = $(OUT)/$(1)/mod_auth_platform.so
cli    = $(OUT)/$(1)/authplatform
lib    = $(OUT)/$(1)/libauthp.a
unit   = $(OUT)/$(1)/unit
obj    = $(patsubst %.c,$(OUT)/$(1)/obj/%.o,$(2))

# The shim shows pool memory to ASan and valgrind. The coverage build does not need it.
SHIM := t/unit/support/pool_shim.c
test_profiles = $(if $(filter release,$(1)),,$(call obj,$(1),$(TEST_PROFILE_SRC)))
unit_src = $(if $(filter cov,$(1)),$(filter-out $(SHIM),$(UNIT_SRC)),$(UNIT_SRC))

# The leak checker does not look at what belongs to the configuration.
QUIET := t/asan/quiet_config.c
QUIET_asan = $(call obj,asan,$(QUIET))
COMMA := ,

compile = $(CC_$(1)) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(CFLAGS_$(1))
link    = $(CC_$(1)) $(LDFLAGS_ALL) $(LDFLAGS_$(1))

$(OUT)/made/docs_text.c: build/embed.pl $(DOCS_SRC) | deps
	@mkdir -p $(@D)
	@echo '  MAKE  $@'
	@perl build/embed.pl api/openapi/docs_text.h $(DOCS) > $@

$(OUT)/made/pages_text.c: build/embed.pl $(PAGES_SRC) | deps
	@mkdir -p $(@D)
	@echo '  MAKE  $@'
	@perl build/embed.pl api/pages/pages_text.h $(PAGES) > $@

$(OUT)/made/mail_builtin.c: build/mails.pl $(MAILS_SRC) | deps
	@mkdir -p $(@D)
	@echo '  MAKE  $@'
	@perl build/mails.pl $(MAILS) > $@

# The list is a prerequisite, so that the table is made again when a folder is added or removed.
$(OUT)/made/profiles.list: FORCE
	@mkdir -p $(@D)
	@echo '$(PROFILES_OF) $(TEST_PROFILES)' | cmp -s - $@ || echo '$(PROFILES_OF) $(TEST_PROFILES)' > $@

$(OUT)/made/profiles.c: build/profiles.pl $(OUT)/made/profiles.list $(wildcard $(addsuffix /*.json,$(PROFILES_OF)) $(addsuffix /profile.c,$(PROFILES_OF))) | deps
	@echo '  MAKE  $@'
	@perl build/profiles.pl $(PROFILES_OF) > $@

$(OUT)/made/test_profiles.c: build/profiles.pl $(OUT)/made/profiles.list $(wildcard $(foreach kind,*.json profile.c,$(addsuffix /$(kind),$(PROFILES_OF) $(TEST_PROFILES)))) | deps
	@echo '  MAKE  $@'
	@perl build/profiles.pl $(PROFILES_OF) $(TEST_PROFILES) > $@

$(OUT)/made/common_passwords.c: build/passwords.pl $(COMMON) | deps
	@mkdir -p $(@D)
	@echo '  MAKE  $@'
	@perl build/passwords.pl $(COMMON) > $@

define profile_rules
$(OUT)/$(1)/obj/%.o: %.c build/flags.mk build/compile.mk | deps
	@mkdir -p $$(@D)
	@echo '  CC    $$@'
	@$$(call compile,$(1)) $$(EXTRA) $$(CFLAGS) -MMD -MP -c -o $$@ $$<

$(call obj,$(1),$(LIB_SRC) $(TEST_PROFILE_SRC)): EXTRA = $(VISIBILITY_LIB)
$(call obj,$(1),$(CLI_SRC)): EXTRA = $(VISIBILITY_LIB)
$(call obj,$(1),$(HTTPD_SRC)): EXTRA = $$(call system,$$(HTTPD_CPPFLAGS))
$(call obj,$(1),$(TEST_SRC)): EXTRA = -It/unit -It/unit/support -It/store $$(call system,$$(CHECK_CPPFLAGS))
$(call obj,$(1),$(filter t/unit/httpd/%,$(UNIT_SRC)) $(UNIT_STUB_SRC)): EXTRA = -It/unit -It/unit/support -It/fuzz/support \
  $$(call system,$$(CHECK_CPPFLAGS)) $$(call system,$$(HTTPD_CPPFLAGS))
$(call obj,$(1),$(QUIET)): EXTRA = $$(call system,$$(HTTPD_CPPFLAGS))

# The list of objects is a prerequisite, so that a removed source is removed from the archive too.
$(OUT)/$(1)/lib.list: FORCE
	@mkdir -p $$(@D)
	@echo '$(LIB_SRC)' | cmp -s - $$@ || echo '$(LIB_SRC)' > $$@

$(call lib,$(1)): $(call obj,$(1),$(LIB_SRC)) $(OUT)/$(1)/lib.list
	@echo '  AR    $$@'
	@rm -f $$@ && ar rcs $$@ $$(filter %.o,$$^)

$(call module,$(1)): $(call obj,$(1),$(HTTPD_SRC)) $(call test_profiles,$(1)) $(call lib,$(1)) build/module.map $(QUIET_$(1))
	@echo '  LINK  $$@'
	@$$(call link,$(1)) -shared -Wl,--version-script=build/module.map $(if $(QUIET_$(1)),-Wl$(COMMA)--wrap=ap_hook_check_config) -o $$@ \
	 $$(filter %.o %.a,$$^) $$(LIB_LIBS)

$(call cli,$(1)): $(call obj,$(1),$(CLI_SRC)) $(call lib,$(1))
	@echo '  LINK  $$@'
	@$$(call link,$(1)) -pie -o $$@ $$(filter %.o %.a,$$^) $$(LIB_LIBS)

$(call unit,$(1)): $(call obj,$(1),$(call unit_src,$(1)) $(UNIT_HTTPD_SRC) $(UNIT_STUB_SRC) $(UNIT_CLI_SRC)) $(call test_profiles,$(1)) $(call lib,$(1))
	@echo '  LINK  $$@'
	@$$(call link,$(1)) -pie -o $$@ $$(filter %.o %.a,$$^) $$(CHECK_LIBS) $$(LIB_LIBS)

.PHONY: $(1)
$(1): $(if $(HTTPD_SRC),$(call module,$(1))) $(if $(CLI_SRC),$(call cli,$(1)))
endef
$(foreach p,$(PROFILES),$(eval $(call profile_rules,$(p))))

# Keeps the objects that are made for a fuzz target.
.SECONDARY:

# Builds every object of the library, for the time when only parts of the tree compile.
.PHONY: objects
objects: $(call obj,debug,$(OUR_SRC) $(MADE_SRC))

.PHONY: FORCE
FORCE:

-include $(foreach p,$(PROFILES),$(patsubst %.o,%.d,$(call obj,$(p),$(OUR_SRC) $(MADE_SRC) $(TEST_SRC))))
