/* SPDX-License-Identifier: Apache-2.0 */
/* What is done against speculative execution, by model of processor: the choice, what each CPU sets
 * once, what a barrier executes and in which order, and the line in the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <arch/arch.h>
#include <asm/platform.h>
#include <asm/spec_ops.h>
#include <asm/speculation.h>

/* --- the processor ------------------------------------------------------------------------ */

#define MSR_EFER_NUMBER 0xc0000080u
#define EFER_BEFORE     0xd01ull
#define ERRATA_BEFORE   0x30000000000ull /* what stays of the MSRs with bits for errata */

struct cpu_features cpu_features;
static const struct spec_facts *processor;
static char done[256], printed[256];
static uint64_t efer;

static void say(char *text, size_t size, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text + strlen(text), size - strlen(text), fmt, ap);
  va_end(ap);
}

void log_printf(const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(printed + strlen(printed), sizeof(printed) - strlen(printed), fmt, ap);
  va_end(ap);
}

void cpuid(uint32_t leaf, uint32_t sub, uint32_t r[4]) {
  const struct spec_facts *f = processor;
  uint32_t base = f->family < 15 ? f->family : 15u;
  memset(r, 0, 16);
  if (leaf == 0)
    r[0] = 7;
  else if (leaf == 1)
    r[2] = f->hosted ? BIT(31) : 0,
    r[0] = (f->model & 15u) << 4 | (f->model >> 4u) << 16 | base << 8 | (f->family - base) << 20;
  else if (leaf == 7 && sub == 0)
    r[0] = f->seven_two_d ? 2 : 0, r[3] = f->seven_d;
  else if (leaf == 7 && sub == 2 && f->seven_two_d)
    r[3] = f->seven_two_d;
  else if (leaf == 0x80000000)
    r[0] = f->extended21_a ? 0x80000021 : 0x80000008;
  else if (leaf == 0x80000008)
    r[1] = f->extended_b;
  else if (leaf == 0x80000021)
    r[0] = f->extended21_a;
  else
    r[3] = 0xffffffff; /* what a processor may say of a leaf that it has not */
}

uint64_t rdmsr(uint32_t msr) {
  if (msr == MSR_EFER_NUMBER)
    return efer;
  if (msr >> 16 == 0xc001)
    return ERRATA_BEFORE;
  assert_int_equal(msr, 0x10a);
  assert_true(processor->seven_d & BIT(29));
  return processor->capabilities;
}

/* An MSR that is not there would be #GP: root mode's end. */
void wrmsr(uint32_t msr, uint64_t v) {
  const struct spec_facts *f = processor;
  if (msr == MSR_EFER_NUMBER) {
    assert_int_equal(v & ~BIT(21), EFER_BEFORE);
    efer = v;
  } else if (msr >> 16 == 0xc001) {
    assert_true(f->amd && !f->hosted && (v & ERRATA_BEFORE));
    v -= ERRATA_BEFORE;
  } else if (msr == 0x48) {
    assert_true((f->seven_d & (BIT(26) | BIT(27))) || (f->extended_b & (BIT(14) | BIT(15))) ||
                f->seven_two_d & BIT(4));
  } else if (msr == 0x49) {
    assert_true((f->seven_d & BIT(26)) || (f->extended_b & BIT(12)));
  } else {
    assert_int_equal(msr, 0x10b);
    assert_true(f->seven_d & BIT(28));
  }
  say(done, sizeof(done), "%x=%lx ", msr, v);
}

void return_stack_fill(void) {
  say(done, sizeof(done), "fill ");
}
void buffers_clear(void) {
  say(done, sizeof(done), "verw ");
}
void divider_clear(void) {
  say(done, sizeof(done), "div ");
}

/* --- the models ------------------------------------------------------------------------------- */

/* As each reports itself with its maker's microcode; the emulators as they were found. */
#define SEVEN_OF_INTEL     (BIT(10) | BIT(26) | BIT(27) | BIT(28) | BIT(29) | BIT(31))
#define AMD_IBPB_ONLY      BIT(12)
#define AMD_SPEC_CTRL      (BIT(12) | BIT(14) | BIT(15) | BIT(18) | BIT(19) | BIT(24))
#define CAPABILITIES_OF_SP (BIT(0) | BIT(1) | BIT(3) | BIT(5) | BIT(6))

static const struct model {
  const char *name;
  struct spec_facts facts;
  const char *once, *barrier, *line;
} models[] = {
    {"nothing",
     {.family = 6},
     "",
     "fill ",
     "RSB filling; this processor has no IBPB, enhanced IBRS"},
    {"QEMU's EPYC",
     {.amd = true, .hosted = true, .family = 0x17, .model = 1},
     "",
     "fill div ",
     "RSB filling, divide; this processor has no IBPB, enhanced IBRS"},
    {"Zen 1",
     {.amd = true, .family = 0x17, .model = 1, .extended_b = AMD_IBPB_ONLY},
     "",
     "49=1 fill div ",
     "IBPB, RSB filling, divide; this processor has no enhanced IBRS"},
    {"Zen 2",
     {.amd = true, .family = 0x17, .model = 0x31, .extended_b = AMD_SPEC_CTRL},
     "c00110e3=2 c0011029=200 48=2 ",
     "49=1 fill ",
     "IBPB, RSB filling; always STIBP; this processor has no enhanced IBRS; bits set for errata"},
    {"Zen 2, below a hypervisor",
     {.amd = true, .hosted = true, .family = 0x17, .model = 0x31, .extended_b = AMD_SPEC_CTRL},
     "48=2 ",
     "49=1 fill ",
     "IBPB, RSB filling; always STIBP; this processor has no enhanced IBRS"},
    {"Jaguar",
     {.amd = true, .family = 0x16, .model = 0},
     "c0011020=8000 ",
     "fill ",
     "RSB filling; this processor has no IBPB, enhanced IBRS; bits set for errata"},
    {"Puma, which has it not",
     {.amd = true, .family = 0x16, .model = 0x30, .extended_b = AMD_IBPB_ONLY},
     "",
     "49=1 fill ",
     "IBPB, RSB filling; this processor has no enhanced IBRS"},
    {"Hygon's Dhyana",
     {.amd = true, .family = 0x18, .model = 0, .extended_b = AMD_IBPB_ONLY},
     "",
     "49=1 fill div ",
     "IBPB, RSB filling, divide; this processor has no enhanced IBRS"},
    {"Zen 3",
     {.amd = true, .family = 0x19, .model = 1, .extended_b = AMD_SPEC_CTRL, .extended21_a = BIT(5)},
     "48=2 ",
     "49=1 fill verw ",
     "IBPB, RSB filling, VERW; always STIBP; this processor has no enhanced IBRS"},
    {"Zen 4",
     {.amd = true,
      .family = 0x19,
      .model = 0x11,
      .extended_b = AMD_SPEC_CTRL | BIT(30),
      .extended21_a = BIT(5) | BIT(8)},
     "48=2 c0000080=200d01 ",
     "49=1 verw ",
     "IBPB, VERW; always AutoIBRS, STIBP"},
    {"Haswell without microcode, and Bochs's",
     {.intel = true, .family = 6, .model = 0x3c},
     "",
     "fill ",
     "RSB filling; this processor has no IBPB, L1D flush, VERW, enhanced IBRS"},
    {"Skylake-SP",
     {.intel = true, .family = 6, .model = 0x55, .seven_d = SEVEN_OF_INTEL},
     "48=2 ",
     "49=1 fill 10b=1 verw ",
     "IBPB, RSB filling, L1D flush, VERW; always STIBP; this processor has no enhanced IBRS"},
    {"Ice Lake-SP",
     {.intel = true,
      .family = 6,
      .model = 0x6a,
      .seven_d = SEVEN_OF_INTEL,
      .capabilities = CAPABILITIES_OF_SP},
     "48=1 ",
     "49=1 fill verw ",
     "IBPB, RSB filling, VERW; always enhanced IBRS"},
    {"Sapphire Rapids",
     {.intel = true,
      .family = 6,
      .model = 0x8f,
      .seven_d = SEVEN_OF_INTEL,
      .seven_two_d = BIT(4),
      .capabilities = CAPABILITIES_OF_SP},
     "48=401 ",
     "49=1 fill verw ",
     "IBPB, RSB filling, VERW; always enhanced IBRS, BHI_DIS_S"},
    {"one that says BHI_NO",
     {.intel = true,
      .family = 6,
      .model = 0xcf,
      .seven_d = SEVEN_OF_INTEL,
      .seven_two_d = BIT(4),
      .capabilities = CAPABILITIES_OF_SP | BIT(20)},
     "48=1 ",
     "49=1 fill verw ",
     "IBPB, RSB filling, VERW; always enhanced IBRS"},
};

/* --- tests -------------------------------------------------------------------------------------
 */

static void boot(const struct spec_facts *f, unsigned cpu) {
  const struct cpu c = {.id = cpu};
  processor = f;
  cpu_features = (struct cpu_features){.amd = f->amd, .intel = f->intel};
  done[0] = printed[0] = 0;
  efer = EFER_BEFORE;
  speculation_cpu_init(&c);
}

static void test_models(void **state) {
  (void)state;
  for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
    const struct model *m = &models[i];
    char line[256];
    print_message("%s\n", m->name);
    snprintf(line, sizeof(line), "speculation: at a change of domain %s\n", m->line);
    boot(&m->facts, 0);
    assert_string_equal(printed, line);
    assert_string_equal(done, m->once);
    boot(&m->facts, 1);
    assert_string_equal(printed, ""); /* once for all CPUs */
    assert_string_equal(done, m->once);
    done[0] = 0;
    arch_speculation_barrier();
    assert_string_equal(done, m->barrier);
  }
}

/* Whom large pages of the nested table can harm. */
static void test_large_pages(void **state) {
  static const char *const harmed[] = {"Haswell without microcode, and Bochs's", "Skylake-SP"};
  unsigned found = 0;
  (void)state;
  for (size_t i = 0; i < ARRAY_SIZE(models); i++)
    if (errata_large_pages(&models[i].facts)) {
      assert_true(found < ARRAY_SIZE(harmed));
      assert_string_equal(models[i].name, harmed[found++]);
    }
  assert_int_equal(found, ARRAY_SIZE(harmed));
}

static uint32_t random_bits(void) {
  static uint64_t x = 88172645463325252ull;
  x ^= x << 13, x ^= x >> 7, x ^= x << 17;
  return (uint32_t)x;
}

/* Whatever a processor says, no MSR is written that it has not (wrmsr above), nothing is called
 * missing that is used, and each of the two has its guard against trained indirect branches, or
 * the log says that it has not. */
static void test_random(void **state) {
  (void)state;
  for (unsigned i = 0; i < 100000; i++) {
    struct spec_facts f = {.hosted = i % 2,
                           .amd = i % 3 == 1,
                           .intel = i % 3 == 2,
                           .family = (uint8_t)(6 + random_bits() % 20),
                           .model = (uint8_t)random_bits(),
                           .seven_d = random_bits(),
                           .seven_two_d = random_bits() & BIT(4),
                           .extended_b = random_bits(),
                           .extended21_a = random_bits()};
    f.capabilities = f.seven_d & BIT(29) ? random_bits() : 0;
    struct spec_plan plan = spec_choose(&f);
    assert_int_equal(plan.use & plan.missing, 0);
    assert_true((plan.use | plan.missing) & SPEC_IBPB);
    assert_true((plan.use | plan.missing) & (SPEC_IBRS | SPEC_AUTO_IBRS));
    assert_true(plan.use & (SPEC_RSB | SPEC_IBPB));
    assert_int_equal(errata_large_pages(&f), f.intel && !(f.capabilities & BIT(6)));
    boot(&f, 0);
    arch_speculation_barrier();
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_models), cmocka_unit_test(test_random),
                                     cmocka_unit_test(test_large_pages)};
  return cmocka_run_group_tests_name("guest_speculation", tests, NULL, NULL);
}
