/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Against speculative execution: what this machine needs and has, and doing it; when a barrier is
 * due is core/speculation.c's. Nothing here is on the way of an exit: while a guest runs, nothing
 * of another is mapped that a mispredicted branch of root mode could read.
 *
 * AMD APM vol. 2, 3.1.7 (EFER) and 3.2.9 (SPEC_CTRL, PRED_CMD); Intel SDM vol. 4, table 2-2, and
 * "CPUID Enumeration and Architectural MSRs" of Intel's software security guidance.
 */
#include <arch/arch.h>
#include <asm/bits.h>
#include <asm/platform.h>
#include <asm/spec_ops.h>
#include <asm/speculation.h>
#include <lib/lib.h>

#define MSR_SPEC_CTRL         0x48u
#define SPEC_CTRL_IBRS        BIT(0)
#define SPEC_CTRL_STIBP       BIT(1)
#define SPEC_CTRL_BHI_DIS_S   BIT(10)
#define MSR_PRED_CMD          0x49u
#define PRED_CMD_IBPB         BIT(0)
#define MSR_ARCH_CAPABILITIES 0x10au
#define MSR_FLUSH_CMD         0x10bu
#define FLUSH_CMD_L1D         BIT(0)
#define EFER_AUTO_IBRS        BIT(21)

/* CPUID 7.0 EDX, 7.2 EDX, 8000_0008 EBX, 8000_0021 EAX */
#define SEVEN_MD_CLEAR        BIT(10)
#define SEVEN_IBRS_IBPB       BIT(26)
#define SEVEN_STIBP           BIT(27)
#define SEVEN_L1D_FLUSH       BIT(28)
#define SEVEN_CAPABILITIES    BIT(29)
#define SEVEN_TWO_BHI_CTRL    BIT(4)
#define AMD_IBPB              BIT(12)
#define AMD_STIBP             BIT(15)
#define AMD_IBPB_RET          BIT(30)
#define AMD_VERW_CLEAR        BIT(5)
#define AMD_AUTO_IBRS         BIT(8)

static struct spec_plan plan; /* for all CPUs */

/* --- the choice ---------------------------------------------------------------------- */

/* IBPB empties the return stack only where it says so. */
static uint32_t choose_predictors(const struct spec_facts *f) {
  bool ibpb = (f->seven_d & SEVEN_IBRS_IBPB) || (f->extended_b & AMD_IBPB);
  return (ibpb ? SPEC_IBPB : 0) | (ibpb && (f->extended_b & AMD_IBPB_RET) ? 0 : SPEC_RSB);
}

/* Clearing what needs no clearing costs little, and who says MD_CLEAR may need it for other
 * buffers than those of MDS. */
static uint32_t choose_buffers(const struct spec_facts *f) {
  bool verw =
      (f->intel && (f->seven_d & SEVEN_MD_CLEAR)) || (f->amd && (f->extended21_a & AMD_VERW_CLEAR));
  bool l1d = f->intel && !(f->capabilities & CAP_RDCL_NO) && (f->seven_d & SEVEN_L1D_FLUSH);
  /* CVE-2023-20588: Zen 1, which is family 17h below model 30h, and Hygon's family 18h. */
  bool divide = f->amd && ((f->family == 0x17 && f->model < 0x30) || f->family == 0x18);
  return (verw ? SPEC_VERW : 0) | (l1d ? SPEC_L1D : 0) | (divide ? SPEC_DIVIDE : 0);
}

/* Enhanced IBRS covers the other thread; its guests run with it too, since SPEC_CTRL is hidden from
 * them. */
static uint32_t choose_once(const struct spec_facts *f) {
  bool ibrs = (f->capabilities & CAP_IBRS_ALL) && (f->seven_d & SEVEN_IBRS_IBPB);
  bool stibp = (f->seven_d & SEVEN_STIBP) || (f->extended_b & AMD_STIBP);
  bool bhi = (f->seven_two_d & SEVEN_TWO_BHI_CTRL) && !(f->capabilities & CAP_BHI_NO);
  return (f->amd && (f->extended21_a & AMD_AUTO_IBRS) ? SPEC_AUTO_IBRS : 0) |
         (ibrs ? SPEC_IBRS : 0) | (stibp && !ibrs ? SPEC_STIBP : 0) | (bhi ? SPEC_BHI : 0);
}

struct spec_plan spec_choose(const struct spec_facts *f) {
  uint32_t use = choose_predictors(f) | choose_buffers(f) | choose_once(f);
  uint32_t need = SPEC_IBPB | (use & SPEC_AUTO_IBRS ? 0 : SPEC_IBRS);
  if (f->intel && !(f->capabilities & CAP_MDS_NO))
    need |= SPEC_VERW;
  if (f->intel && !(f->capabilities & CAP_RDCL_NO))
    need |= SPEC_L1D;
  return (struct spec_plan){.use = use, .errata = errata_choose(f), .missing = need & ~use};
}

/* --- this machine -------------------------------------------------------------------- */

static __boot uint32_t leaf(uint32_t number, uint32_t sub, unsigned reg) {
  uint32_t r[4];
  cpuid(number & 0x80000000, 0, r);
  if (number > r[0])
    return 0;
  cpuid(number, sub, r);
  return r[reg];
}

__boot void spec_facts_find(struct spec_facts *f) {
  uint32_t signature = leaf(1, 0, 0);
  f->amd = cpu_features.amd;
  f->intel = cpu_features.intel;
  f->hosted = leaf(1, 0, 2) & BIT(31);
  f->family = (uint8_t)((signature >> 8 & 0xf) + (signature >> 20 & 0xff));
  f->model = (uint8_t)((signature >> 4 & 0xf) | (signature >> 12 & 0xf0));
  f->seven_d = leaf(7, 0, 3);
  f->seven_two_d = leaf(7, 0, 0) >= 2 ? leaf(7, 2, 3) : 0;
  f->extended_b = leaf(0x80000008, 0, 1);
  f->extended21_a = leaf(0x80000021, 0, 0);
  f->capabilities = f->seven_d & SEVEN_CAPABILITIES ? rdmsr(MSR_ARCH_CAPABILITIES) : 0;
}

static __boot void print(const char *what, uint32_t bits) {
  static const char *const names[] = {"IBPB",     "RSB filling",   "divide", "L1D flush", "VERW",
                                      "AutoIBRS", "enhanced IBRS", "STIBP",  "BHI_DIS_S"};
  const char *before = what;
  for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
    if (bits & BIT(i)) {
      log_printf("%s%s", before, names[i]);
      before = ", ";
    }
}

static __boot void plan_make(void) {
  struct spec_facts f = {0};
  spec_facts_find(&f);
  plan = spec_choose(&f);
  print("speculation: at a change of domain ", plan.use & SPEC_BARRIER);
  print("; always ", plan.use & ~SPEC_BARRIER);
  print("; this processor has no ", plan.missing);
  log_printf("%s%s\n", plan.errata ? "; bits set for errata" : "",
             cpu_features.small_leaves ? "; no large pages for guests (CVE-2018-12207)" : "");
}

void speculation_cpu_init(const struct cpu *c) {
  if (c->id == 0)
    plan_make();
  uint64_t control = (plan.use & SPEC_IBRS ? SPEC_CTRL_IBRS : 0) |
                     (plan.use & SPEC_STIBP ? SPEC_CTRL_STIBP : 0) |
                     (plan.use & SPEC_BHI ? SPEC_CTRL_BHI_DIS_S : 0);
  errata_apply(plan.errata);
  if (control)
    wrmsr(MSR_SPEC_CTRL, control);
  if (plan.use & SPEC_AUTO_IBRS)
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_AUTO_IBRS);
}

/* --- the barrier ------------------------------------------------------------------------ */

/* Buffers last: what comes before passes through them. */
void arch_speculation_barrier(void) {
  if (plan.use & SPEC_IBPB)
    wrmsr(MSR_PRED_CMD, PRED_CMD_IBPB);
  if (plan.use & SPEC_RSB)
    return_stack_fill();
  if (plan.use & SPEC_DIVIDE)
    divider_clear();
  if (plan.use & SPEC_L1D)
    wrmsr(MSR_FLUSH_CMD, FLUSH_CMD_L1D);
  if (plan.use & SPEC_VERW)
    buffers_clear();
}
