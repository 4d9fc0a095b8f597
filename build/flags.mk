# SPDX-License-Identifier: Apache-2.0
# Compiler and linker flags. The *-config tools are called at their first use and not when Make starts, because on a bare machine they exist
# only after the `deps` target has run.
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang

once = $(eval $(1) := $$(shell $(2)))$($(1))
# -I becomes -isystem, so that warnings are about our code and not about the system's headers.
system = $(filter-out -isystem/usr/include,$(patsubst -I%,-isystem%,$(1)))

APR_CPPFLAGS   = $(call once,APR_CPPFLAGS,apr-1-config --cppflags --includes; apu-1-config --includes)
LIB_CPPFLAGS   = $(call once,LIB_CPPFLAGS,pkg-config --cflags libjwt jansson openssl libcurl libmongoc-1.0 libpq libargon2)
HTTPD_CPPFLAGS = $(call once,HTTPD_CPPFLAGS,echo -I$$$$(apxs -q INCLUDEDIR))
CHECK_CPPFLAGS = $(call once,CHECK_CPPFLAGS,pkg-config --cflags check)
LIB_LIBS       = $(call once,LIB_LIBS,pkg-config --libs libjwt jansson libssl libcrypto libcurl libmongoc-1.0 libargon2; \
                   apu-1-config --link-ld; apr-1-config --link-ld)
CHECK_LIBS     = $(call once,CHECK_LIBS,pkg-config --libs check)

CPPFLAGS_ALL = -I$(SRC) $(call system,$(APR_CPPFLAGS) $(LIB_CPPFLAGS)) $(CPPFLAGS)
CFLAGS_ALL   = -std=c11 -pthread -fPIC -fno-common -fstack-protector-strong \
               -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
               -Wmissing-prototypes -Wformat=2 -Wvla -Wundef $(WERROR)
LDFLAGS_ALL  = -pthread -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed $(LDFLAGS)

# httpd/ keeps default visibility, because AP_DECLARE_MODULE has no export marker on Unix; the
# version script hides all but the module, and the library's symbols are hidden here.
VISIBILITY_LIB := -fvisibility=hidden

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# compiler and flags of each profile
PROFILES := release debug asan cov libfuzzer
CC_release := $(CC)
CC_debug   := $(CC)
CC_asan    := $(CC)
CC_cov     := $(CC)
CC_libfuzzer   := $(CLANG)
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2
CFLAGS_debug   := -Og -g3
CFLAGS_asan    := -O1 -g $(SANITIZE)
CFLAGS_cov     := -O0 -g --coverage
CFLAGS_libfuzzer   := -O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link
LDFLAGS_asan   := $(SANITIZE)
LDFLAGS_cov    := --coverage
LDFLAGS_libfuzzer  := $(SANITIZE)
