# SPDX-License-Identifier: Apache-2.0
# The benchmark's guests: one PVH binary that runs on every peer (guest/), and the programs that
# stand beside it. Uses the micro-guests' runtime and flags (tests/guest/build.mk).

bench-out := build/bench
bench-obj := $(patsubst tests/bench/%,$(guest-out)/obj/bench/%.o,$(wildcard tests/bench/guest/*.c))
floor-obj := $(patsubst tests/bench/%,$(guest-out)/obj/bench/%.o,$(wildcard tests/bench/floor/*.[cS]) \
  tests/bench/guest/report.c)

.PHONY: bench-guests
bench-guests: $(bench-out)/suite.elf $(bench-out)/floor.elf

$(guest-out)/obj/bench/%: guest-mode = -m64 -mcmodel=small -mno-red-zone
$(guest-out)/obj/bench/%.o: tests/bench/%
	@mkdir -p $(@D)
	@echo '  GUESTCC $@'; $(guest-cc) $(guest-cflags) $(guest-mode) -c $< -o $@

$(bench-out)/suite.elf: $(bench-obj) $(guest-rt-obj) tests/guest/rt/guest.ld
	@mkdir -p $(@D)
	@echo '  GUESTLD $@'; $(guest-cc) $(guest-ldflags) -T tests/guest/rt/guest.ld $(filter %.o,$^) -o $@

$(bench-out)/floor.elf: $(floor-obj) $(guest-rt-obj) tests/guest/rt/guest.ld
	@mkdir -p $(@D)
	@echo '  GUESTLD $@'; $(guest-cc) $(guest-ldflags) -T tests/guest/rt/guest.ld $(filter %.o,$^) -o $@

# --- Running it ---------------------------------------------------------------

.PHONY: bench-gate bench-record
bench-gate: hv tool bench-guests ##  Compare the exact figures with their budgets
	@$(PYTHON) tools/bench gate

bench-record: hv tool bench-guests ##  Write tests/bench/budgets.yaml from what is measured now
	@$(PYTHON) tools/bench gate --record
