// SPDX-License-Identifier: Apache-2.0
#include "guest_world.h"
#include <p2m.h>
#include <personality.h>
#include <lib/lib.h>
#include <stdio.h>
#include <stdlib.h>

struct world world;

static struct {
  struct domain d;
  struct vcpu *room[VCPU_COUNT];
} domain;
static struct vcpu vcpus[VCPU_COUNT];
static struct vcpu_stub stubs[VCPU_COUNT];
struct manifest_domain world_config;
static struct domain_stub domain_stub = {.config = &world_config};
static uint8_t fpu[PAGE_SIZE];

struct vcpu *cpu0 = &vcpus[0];
struct cpu_features cpu_features;
struct arch_clock tsc_clock = {.mul = 1u << 31, .shift = 1, .khz = 1000000};
uint64_t wallclock_seconds = 1000000000;

struct vcpu *cpu(unsigned id) {
  return &vcpus[id];
}

// --- the vendor's seam; siblings have no control block of their own but segments ---------

static uint64_t fake_get(struct vcpu *v, enum x86_creg r) {
  return v == cpu0 ? world.creg[r] : 0;
}
static void fake_set(struct vcpu *v, enum x86_creg r, uint64_t value) {
  if (v == cpu0)
    world.creg[r] = value;
}
static void fake_get_segment(struct vcpu *v, enum x86_seg s, struct x86_segment *out) {
  *out = v == cpu0 ? world.segment[s] : (struct x86_segment){0};
}
static void fake_set_segment(struct vcpu *v, enum x86_seg s, const struct x86_segment *in) {
  if (v == cpu0)
    world.segment[s] = *in;
}
static void fake_get_mode(struct vcpu *v, struct x86_mode *m) {
  *m = (struct x86_mode){
      .cr0 = fake_get(v, CREG_CR0),
      .cr3 = fake_get(v, CREG_CR3),
      .cr4 = fake_get(v, CREG_CR4),
      .efer = fake_get(v, CREG_EFER),
      .cs_base = world.segment[SEG_CS].base,
      .cs_attributes = world.segment[SEG_CS].attributes,
      .cpl = world.cpl,
  };
}
static void fake_reset(struct vcpu *v) {
  (void)v;
}
static bool fake_view_fill(struct domain *d, uint64_t gpa) {
  (void)d;
  (void)gpa;
  return true;
}
static const struct x86_vendor fake_vendor = {
    .view_fill = fake_view_fill,
    .vcpu_reset = fake_reset,
    .get = fake_get,
    .set = fake_set,
    .get_segment = fake_get_segment,
    .set_segment = fake_set_segment,
    .get_mode = fake_get_mode,
};
const struct x86_vendor *vendor = &fake_vendor;

// --- guest memory ---------------------------------------------------------------------------

void user_open(void) {
  assert_false(world.user_is_open);
  world.user_is_open = true;
}
void user_close(void) {
  assert_true(world.user_is_open);
  world.user_is_open = false;
}

static void *reach(uint64_t gpa, size_t n, bool write) {
  assert_true(world.user_is_open);
  assert_true(gpa < GUEST_GPA_LIMIT);
  if (gpa + n > RAM_SIZE)
    return NULL;
  enum p2m_type t = world.type[gpa / PAGE_SIZE];
  bool ok = t == P2M_RAM || (!write && (t == P2M_RAM_RO || t == P2M_LOG_DIRTY));
  return ok ? &world.ram[gpa] : NULL;
}

bool user_read(void *to, uint64_t gpa, size_t n) {
  const void *from = reach(gpa, n, false);
  if (from)
    memcpy(to, from, n);
  return from;
}
bool user_write(uint64_t gpa, const void *from, size_t n) {
  void *to = reach(gpa, n, true);
  if (to)
    memcpy(to, from, n);
  return to;
}
bool user_load64(uint64_t gpa, uint64_t *out) {
  assert_int_equal(gpa % 8, 0);
  return user_read(out, gpa, 8);
}
bool user_load32(uint64_t gpa, uint32_t *out) {
  return user_read(out, gpa, 4);
}

static bool cas(uint64_t gpa, uint64_t old, uint64_t new, size_t n) {
  uint64_t seen = 0;
  if (world.cas_failures && world.cas_failures--)
    return false;
  if (!reach(gpa, n, true) || !user_read(&seen, gpa, n) || seen != old)
    return false;
  return user_write(gpa, &new, n);
}
bool user_cas64(uint64_t gpa, uint64_t old, uint64_t new) {
  return cas(gpa, old, new, 8);
}
bool user_cas32(uint64_t gpa, uint32_t old, uint32_t new) {
  return cas(gpa, old, new, 4);
}

struct p2m_entry p2m_lookup(const struct domain *d, gfn_t gfn) {
  (void)d;
  assert_false(world.user_is_open);
  if (gfn.v >= RAM_SIZE / PAGE_SIZE)
    return (struct p2m_entry){.type = P2M_NONE};
  return (struct p2m_entry){.mfn = MFN(gfn.v), .type = world.type[gfn.v]};
}
struct p2m_locked p2m_lock(struct domain *d) {
  return (struct p2m_locked){d};
}
void p2m_unlock(struct p2m_locked p) {
  (void)p;
}
enum status p2m_set_type(struct p2m_locked p, gfn_t gfn, enum p2m_type t) {
  (void)p;
  world.type_changes++;
  world.type[gfn.v] = t;
  return STATUS_OK;
}

void ram_write64(uint64_t gpa, uint64_t value) {
  memcpy(&world.ram[gpa], &value, 8);
}
uint64_t ram_read64(uint64_t gpa) {
  uint64_t value;
  memcpy(&value, &world.ram[gpa], 8);
  return value;
}
void ram_write32(uint64_t gpa, uint32_t value) {
  memcpy(&world.ram[gpa], &value, 4);
}
uint32_t ram_read32(uint64_t gpa) {
  uint32_t value;
  memcpy(&value, &world.ram[gpa], 4);
  return value;
}

// --- the machine --------------------------------------------------------------------------------

void cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4]) {
  static const uint32_t xsave[10][2] = {{0},       {0},        {256, 576},   {0}, {0},
                                        {72, 832}, {512, 896}, {1024, 1408}, {0}, {8, 2432}};
  memset(out, 0, 16);
  if (leaf == 0xd && sub && sub < 10) {
    out[0] = sub == 1 ? 0xf : xsave[sub][0];
    out[1] = sub == 1 ? 0 : xsave[sub][1];
    out[2] = sub == 6 ? 2 : 0; /* aligned when compacted */
  } else if (leaf < 16) {
    memcpy(out, world.cpuid[leaf], 16);
  } else if (leaf >= 0x80000000 && leaf < 0x80000040) {
    memcpy(out, world.cpuid_extended[leaf - 0x80000000], 16);
  }
  if (leaf == 0x8000001d)
    out[0] = sub < 4 ? 0x121 + (sub << 5) : 0;
}
void wrmsr(uint32_t msr, uint64_t value) {
  world.wrmsr_value = value;
  if (world.wrmsr)
    world.wrmsr(msr, value);
}
uint64_t rdtsc(void) {
  return world.now;
}
uint64_t arch_time(void) {
  return world.now;
}
uint64_t tsc_to_time(uint64_t tsc) {
  return tsc;
}
void clock_rate_set(struct arch_clock *c, uint64_t khz) {
  double ns = 1e6 / khz;
  c->khz = khz;
  for (c->shift = 0; ns >= 1; ns /= 2)
    c->shift++;
  for (; ns < 0.5; ns *= 2)
    c->shift--;
  c->mul = (uint32_t)(ns * 0x1p32);
}
void state_refresh(struct vcpu *v) {
  (void)v;
}
void fpu_reset(struct vcpu *v) {
  memset(v->arch.fpu, 0, PAGE_SIZE);
}
uint64_t fpu_get_xcr0(struct vcpu *v) {
  return v->arch.xcr0;
}
void personality_vcpu_was_reset(struct vcpu *v) {
  (void)v;
}
void personality_vcpu_down(struct vcpu *v) {
  (void)v;
  world.halted_for_good = true;
}
void fpu_set_xcr0(struct vcpu *v, uint64_t value) {
  v->arch.xcr0 = value;
}

// --- core and personality
// ---------------------------------------------------------------------------

struct vcpu *vcpu_current(void) {
  return cpu0;
}
struct vcpu *domain_vcpu(struct domain *d, uint32_t id) {
  return id < d->vcpu_count ? d->vcpus[id] : NULL;
}
void vcpu_mail(struct vcpu_stub *s, enum mail m) {
  s->mail |= BIT(m);
}
void domain_end(struct domain_stub *d, enum domain_end why) {
  (void)d;
  world.end = why;
}
void domain_crash(const char *fmt, ...) {
  (void)fmt;
  world.crashes++;
}
void timer_set(struct timer *t, uint64_t deadline) {
  t->node.key = deadline;
  t->cpu = (struct cpu *)t;
}
void timer_stop(struct timer *t) {
  t->cpu = NULL;
}
bool timer_pending(const struct timer *t) {
  return t->cpu;
}
unsigned personality_upcall_vector(struct vcpu *v) {
  (void)v;
  return world.upcall_vector;
}
uint64_t personality_hypercall(struct vcpu *v, uint64_t nr, const uint64_t args[3], bool compat) {
  (void)v;
  world.hypercall_nr = nr;
  world.hypercall_compat = compat;
  memcpy(world.hypercall_args, args, sizeof(world.hypercall_args));
  return world.hypercall_result;
}
bool personality_cpuid(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t regs[4]) {
  (void)v, (void)sub;
  regs[0] = leaf + 5;
  return true;
}
enum status personality_hypercall_page(struct vcpu *v, uint64_t value) {
  (void)v;
  return value == 0x5000 ? STATUS_OK : STATUS_INVALID;
}
void personality_clock_write(struct vcpu *v) {
  (void)v;
}
void log_printf(const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  vprintf(fmt, ap);
  va_end(ap);
}
bool x86_io_lent(struct vcpu *v, const struct x86_io *io) {
  return v->arch.regs.gpr[RAX] && io->size > 4;
}

void panic(const char *fmt, ...) {
  fail_msg("panic: %s", fmt);
  abort();
}

// --- set-up
// ------------------------------------------------------------------------------------------

static void machine_cpuid(void) {
  memset(world.cpuid, 0xff, sizeof(world.cpuid));
  memset(world.cpuid_extended, 0xff, sizeof(world.cpuid_extended));
  world.cpuid[0][0] = 15;
  world.cpuid_extended[0][0] = 0x8000003f;
  world.cpuid_extended[8][0] = 0x3030;
  cpu_features = (struct cpu_features){.amd = true, .xcr0 = 0xe7, .phys_bits = 48, .xsave = true};
}

int world_setup(void **state) {
  (void)state;
  memset(&world, 0, sizeof(world));
  memset(vcpus, 0, sizeof(vcpus));
  memset(stubs, 0, sizeof(stubs));
  memset(&world_config, 0, sizeof(world_config));
  for (unsigned i = 0; i < RAM_SIZE / PAGE_SIZE; i++)
    world.type[i] = P2M_RAM;
  machine_cpuid();
  cpuid_guest_init();
  domain.d.vcpu_count = VCPU_COUNT;
  domain.d.stub = &domain_stub;
  for (unsigned i = 0; i < VCPU_COUNT; i++) {
    domain.d.vcpus[i] = &vcpus[i];
    stubs[i] = (struct vcpu_stub){.id = i, .domain = &domain_stub, .vcpu = &vcpus[i]};
    vcpus[i] = (struct vcpu){.stub = &stubs[i], .domain = &domain.d, .id = i};
    vcpus[i].arch.fpu = fpu;
    arch_vcpu_reset(&vcpus[i]);
  }
  arch_vcpu_start(cpu0, GPA(0x100000), GPA(0x2000));
  world.cpl = 0;
  return 0;
}

#define TABLES 0x10000

void world_code(unsigned bits) {
  static const uint16_t attributes[] = {[1] = 0x9b, [2] = 0xc9b, [4] = 0xa9b};
  world.segment[SEG_CS] = (struct x86_segment){.attributes = attributes[bits / 16]};
  if (bits == 16)
    cpu0->arch.regs.rip = 0x1000;
  if (bits != 64)
    return;
  world.creg[CREG_CR0] = 0x80000011;
  world.creg[CREG_CR4] = 0x20;
  world.creg[CREG_EFER] = 0x500;
  world.creg[CREG_CR3] = TABLES;
  ram_write64(TABLES, (TABLES + 0x1000) | 0x27);
  ram_write64(TABLES + 0x1000, (TABLES + 0x2000) | 0x27);
  ram_write64(TABLES + 0x2000, 0xe7);
  ram_write64(TABLES + 0x2008, 0x200000 | 0xe7);
}

void world_insn(const uint8_t *bytes, unsigned n) {
  memset(&world.ram[cpu0->arch.regs.rip], 0x90, 16);
  memcpy(&world.ram[cpu0->arch.regs.rip], bytes, n);
}
