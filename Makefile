# SEEMail for Exim. GNU make; everything that is built goes to build/.
#   make            the programs, the hook and the library
#   make demo       install what is missing (as root), build, show the main job
#   make test       install what is missing (as root), build, run all tests
#   make bench        CPU per message, beside plain Exim and openssl; a large CRL
#   make conformance / fuzz / lint
#   make install / uninstall DESTDIR= prefix=
#   make unit SUITE=name    one CUnit suite;  prove tests/e2e/x.t  one scenario
#   make SANITIZE=1 test    the same under the address and undefined sanitizers

CC ?= gcc
PKG_CONFIG ?= pkg-config
prefix ?= /usr/local
B := build$(if $(SANITIZE),/sanitize)

WARN := -Wall -Wextra -Wformat=2 -Wshadow -Wstrict-prototypes \
  -Wmissing-prototypes -Wcast-qual -Wpointer-arith -Wundef
comma := ,
SAN := $(if $(SANITIZE),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined)
HARDEN := -fstack-protector-strong -fPIC -fvisibility=hidden \
  $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)
CFLAGS ?= -O2 -g
PKGS := nss nspr lmdb libpcre2-8 libidn2
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE $(WARN) $(HARDEN) $(SAN) $(CFLAGS) \
  -Ipolicies/base -Ipolicies -Inssdb -Itransport -Itransport/hub \
  $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags $(PKGS)))
LDFLAGS += -Wl,-z,relro,-z,now -Wl,--as-needed $(SAN)
LIBS = $(shell $(PKG_CONFIG) --libs $(PKGS))
LIBS_network = $(shell $(PKG_CONFIG) --libs ldap libcurl) -lresolv
LIBS_seemail-certs = $(LIBS_network)
# Old logs are packed; what seemail-certs tells is JSON.
LIBS_hub = $(shell $(PKG_CONFIG) --libs zlib jansson)
LIBS_seemail-trace = $(LIBS_hub)
LIBS_seemail-metrics = $(LIBS_hub)
LIBS_seemail-status = $(LIBS_hub)
LIBS_seemail-report = $(LIBS_hub)

# Folders of the one static library; X_main.c is the program seemail-X.
LIB_C := $(filter-out %_main.c,$(wildcard policies/base/*.c policies/*.c nssdb/*.c transport/*.c \
  transport/hub/*.c))
MAIN_C := $(wildcard policies/*_main.c nssdb/*_main.c transport/*_main.c transport/hub/*_main.c)
UNIT_C := $(wildcard tests/unit/*.c)
obj = $(patsubst %.c,$(B)/%.o,$(1))
PROGRAMS := $(foreach m,$(MAIN_C),$(B)/seemail-$(patsubst %_main.c,%,$(notdir $(m))))
HOOK_C := $(wildcard local_scan/*.c)
HOOK := $(if $(HOOK_C),$(B)/seemail.so)

all: $(PROGRAMS) $(HOOK) $(B)/libseemail.a $(B)/seemail

$(B)/libseemail.a: $(call obj,$(LIB_C))
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/seemail: transport/hub/seemail.sh Makefile
	install -D -m 755 $< $@

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(EXTRA_$(firstword $(subst /, ,$<))) -MMD -MP -c -o $@ $<

EXTRA_local_scan = -isystem /usr/include/exim4

SANITIZED := $(if $(SANITIZE),$(B)/tests/sanitize.o)
define program
$(B)/seemail-$(patsubst %_main.c,%,$(notdir $(1))): $(call obj,$(1)) $(SANITIZED) $(B)/libseemail.a
	$$(CC) -pie $$(LDFLAGS) -o $$@ $$^ $$(LIBS) $$(LIBS_$$(@F))
endef
$(foreach m,$(MAIN_C),$(eval $(call program,$(m))))

$(B)/seemail.so: $(call obj,$(HOOK_C)) $(B)/libseemail.a
	$(CC) -shared $(LDFLAGS) -Wl,-Bsymbolic -Wl,--exclude-libs,ALL -o $@ $^ $(LIBS)

$(B)/unit: $(call obj,$(UNIT_C)) $(B)/libseemail.a
	$(CC) -pie $(LDFLAGS) -o $@ $^ $(LIBS) $(LIBS_network) -lcunit

deps:
	@tests/deps

unit: $(B)/unit
	$(B)/unit $(SUITE)

# Sanitized or not, the hook in Exim's process is the plain one.
test: deps
	@$(MAKE) --no-print-directory $(if $(SANITIZE),SANITIZE= all)
	@$(MAKE) --no-print-directory all $(B)/unit
	@B=$(B) tests/run

# Starts two hubs and shows what they do; KEEP=1 leaves them running.
demo: deps
	@$(MAKE) --no-print-directory -s all
	@tests/demo

# The unit tests under valgrind.
valgrind:
	@tests/deps valgrind
	@$(MAKE) --no-print-directory -s $(B)/unit
	valgrind -q --error-exitcode=9 --leak-check=full --show-leak-kinds=definite \
	  --errors-for-leak-kinds=definite --suppressions=tests/valgrind.supp $(B)/unit

# Exim from source with the hook compiled in; needs the Debian archive.
compiled-in: deps
	@tests/compiled-in

# Each program of tests/bench/*.c is run by a script there.
BENCH := $(patsubst tests/bench/%.c,$(B)/bench-%,$(wildcard tests/bench/*.c))
bench: deps
	@$(MAKE) --no-print-directory -s all $(BENCH)
	@tests/bench/run
	@tests/bench/crl
	@tests/bench/scale
	@tests/bench/refresh

$(B)/bench-fill: $(B)/tests/unit/cert_fixture.o
$(B)/bench-%: $(B)/tests/bench/%.o $(B)/libseemail.a
	$(CC) -pie $(LDFLAGS) -o $@ $^ $(LIBS)

lint:
	@tests/deps git cppcheck
	@tests/lint

conformance:
	@tests/conformance

# One libFuzzer program a target; SECONDS each.
FUZZ := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
SECONDS ?= 20
fuzz:
	@tests/deps clang libclang-rt-14-dev
	@$(MAKE) --no-print-directory B=build/fuzz CC=clang SAN=-fsanitize=fuzzer-no-link,address,undefined \
	  CFLAGS='-O1 -g' $(FUZZ:%=build/fuzz/%)
	@for f in $(FUZZ); do mkdir -p build/fuzz/corpus.$$f; \
	  build/fuzz/$$f -max_total_time=$(SECONDS) -print_final_stats=0 build/fuzz/corpus.$$f \
	  || exit 1; done

LIBS_fuzz_dns = -lresolv
build/fuzz/fuzz_%: build/fuzz/tests/fuzz/fuzz_%.o build/fuzz/libseemail.a
	clang -fsanitize=fuzzer,address,undefined -o $@ $^ $(LIBS) $(LIBS_$(@F))

LIBEXEC = $(prefix)/lib/seemail
ETC = $(if $(filter /usr,$(prefix)),/etc,$(prefix)/etc)/seemail
# What is put where: from:mode:folder. The policy is apart: what is there is an administrator's.
INSTALLED = $(patsubst %,%:755:$(prefix)/bin,$(PROGRAMS) $(B)/seemail) $(HOOK:%=%:755:$(LIBEXEC)) \
  $(patsubst %,%:644:$(ETC)/exim,$(wildcard local_scan/exim/*)) \
  $(patsubst %,%:644:$(prefix)/lib/systemd/system,$(wildcard doc/timer/*.service doc/timer/*.timer)) \
  $(patsubst %,%:644:$(prefix)/share/doc/seemail,$(wildcard doc/timer/*.cron)) \
  $(foreach m,$(wildcard doc/*.[1-8]),$(m):644:$(prefix)/share/man/man$(subst .,,$(suffix $(m))))
TABLES = $(filter-out %.c %.h %/base %/notices,$(wildcard policies/* policies/notices/*))
# Written aside and renamed: a hub that runs has the old one or the new one.
install: all
	@for i in $(INSTALLED); do \
	  from=$${i%%:*}; to=$(DESTDIR)$${i##*:}; new=$$to/.$${from##*/}.new; mode=$${i#*:}; \
	  install -D -m $${mode%%:*} $$from $$new || exit 1; \
	  case $$i in *:644:* | */seemail:*) sed -i 's,@BIN@,$(prefix)/bin,; s,@ETC@,$(ETC),; s,@LIB@,$(LIBEXEC),' $$new || exit 1 ;; esac; \
	  mv -f $$new $$to/$${from##*/} || exit 1; done
	@for f in $(TABLES); do \
	  [ -e "$(DESTDIR)$(ETC)/$$f" ] || install -D -m 644 $$f $(DESTDIR)$(ETC)/$$f || exit 1; done

# The policy, nssdb and state stay, and folders in which there is more.
uninstall:
	@for i in $(INSTALLED); do from=$${i%%:*}; rm -f $(DESTDIR)$${i##*:}/$${from##*/} || exit 1; done
	@for d in $(LIBEXEC) $(ETC)/exim $(prefix)/share/doc/seemail; do \
	  [ ! -d $(DESTDIR)$$d ] || rmdir --ignore-fail-on-non-empty $(DESTDIR)$$d || exit 1; done

clean:
	rm -rf build

.PHONY: valgrind compiled-in all deps unit test demo bench lint conformance fuzz install uninstall clean
-include $(patsubst %.o,%.d,$(call obj,$(LIB_C) $(MAIN_C) $(HOOK_C) $(UNIT_C)))
