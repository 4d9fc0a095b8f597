# SPDX-License-Identifier: Apache-2.0
# Which sources make which program. New files are found by wildcards.
SRC := mod_auth_platform

# All folders except httpd/ and cli/ form one library. The module, the tool, the tests and the fuzzers link it. It needs no server, because
# the last three are linked without one.
LIB_LAYERS := base net crypto store service api
sources     = $(sort $(shell find $(wildcard $(1)) -name '*.c' 2>/dev/null))

# Texts in the module: the page /docs and the examples of OpenAPI, and the pages to which links in mails lead.
DOCS      := $(SRC)/api/docs
DOCS_SRC  := $(sort $(wildcard $(addprefix $(DOCS)/*.,html css js json)))
PAGES     := $(SRC)/api/pages
PAGES_SRC := $(sort $(wildcard $(addprefix $(PAGES)/*.,html css js json)))
# Texts of mails.
MAILS     := $(SRC)/service/mail/texts
MAILS_SRC := $(sort $(wildcard $(MAILS)/*.html $(MAILS)/*/*.txt))
# Passwords that are refused because attackers try them first.
COMMON    := $(SRC)/service/password/data/common_passwords.txt
# Each folder is a profile of routes. The build makes the table of profiles. Folders of MORE_PROFILES may lie anywhere. Their objects are
# below $(OUT)/<profile>/obj with the whole path, so the paths are absolute.
PROFILES_DIR := $(SRC)/api/profiles
MORE_FOLDERS := $(abspath $(MORE_PROFILES))
PROFILES_OF  := $(sort $(wildcard $(PROFILES_DIR)/*) $(MORE_FOLDERS))
MADE_SRC  := $(OUT)/made/docs_text.c $(OUT)/made/pages_text.c $(OUT)/made/mail_builtin.c $(OUT)/made/common_passwords.c $(OUT)/made/profiles.c

LIB_SRC   := $(call sources,$(addprefix $(SRC)/,$(LIB_LAYERS)) $(MORE_FOLDERS)) $(MADE_SRC)
HTTPD_SRC := $(if $(wildcard $(SRC)/httpd),$(call sources,$(SRC)/httpd))
CLI_SRC   := $(if $(wildcard $(SRC)/cli),$(call sources,$(SRC)/cli))
UNIT_SRC  := $(call sources,t/unit t/store)
# The unit tests link the files of httpd/ together with fake functions of the server (t/unit/httpd). The fakes define the module struct, and
# test_httpd_refuse.c includes refuse.c.
UNIT_HTTPD_SRC := $(filter-out $(addprefix $(SRC)/httpd/,mod_auth_platform.c refuse.c),$(HTTPD_SRC))
UNIT_STUB_SRC  := t/fuzz/support/httpd_stub.c
# They also link the tool. t/unit/cli/cli_fixture.c includes these two files.
UNIT_CLI_SRC   := $(filter-out $(addprefix $(SRC)/cli/,main.c context.c),$(CLI_SRC))
FUZZ_SRC  := $(sort $(wildcard t/fuzz/fuzz_*.c))
FUZZERS   := $(patsubst t/fuzz/%.c,%,$(FUZZ_SRC))

# Profiles that only tests use, and the table of profiles with them. Test programs and the module that tests run link these instead of the
# table in the library. One of MORE_PROFILES replaces the one of that name.
TEST_PROFILES    := $(foreach folder,$(sort $(wildcard t/profiles/*)),$(if $(filter $(notdir $(folder)),$(notdir $(MORE_FOLDERS))),,$(folder)))
TEST_PROFILE_SRC := $(call sources,$(TEST_PROFILES)) $(OUT)/made/test_profiles.c

# Sources that are written by hand and not generated.
OUR_SRC   := $(filter-out $(MADE_SRC),$(LIB_SRC)) $(HTTPD_SRC) $(CLI_SRC)
OUR_HDR   := $(sort $(shell find $(SRC) -name '*.h'))
TEST_SRC  := $(UNIT_SRC) $(call sources,$(TEST_PROFILES)) $(sort $(wildcard t/asan/*.c t/fuzz/*.c t/fuzz/support/*.c t/bench/*.c))
