/* SPDX-License-Identifier: Apache-2.0 */
/* See world.h. */
#include "world.h"
#include <stdio.h>
#include <stdlib.h>

/* core/vcpu.c has its own */
__attribute__((weak)) struct cpu cpus[CPUS_MAX];
__attribute__((weak)) unsigned cpu_count, cpu_first;
struct domain_stub *domains;
unsigned domain_count;
__attribute__((weak)) const struct manifest_header *system_config; /* the builder has its own */

static struct domain_stub stubs[WORLD_DOMAINS];
static struct vcpu_stub vcpu_stubs[WORLD_DOMAINS * 16];
struct manifest_domain world_config[WORLD_DOMAINS];
struct manifest_header world_header;

void world_domains(unsigned count, unsigned vcpus) {
  assert_true(count <= WORLD_DOMAINS && count * vcpus <= ARRAY_SIZE(vcpu_stubs));
  memset(stubs, 0, sizeof(stubs));
  memset(vcpu_stubs, 0, sizeof(vcpu_stubs));
  memset(world_config, 0, sizeof(world_config));
  world_header = (struct manifest_header){.slice_us = 10000};
  system_config = &world_header;
  domains = stubs;
  domain_count = count;
  for (unsigned i = 0; i < count; i++) {
    snprintf(world_config[i].name, sizeof(world_config[i].name), "d%u", i + 1);
    world_config[i].weight = 256;
    stubs[i] = (struct domain_stub){.domid = (uint16_t)(i + 1),
                                    .used = true,
                                    .config = &world_config[i],
                                    .vcpu_count = vcpus,
                                    .vcpus = &vcpu_stubs[i * vcpus]};
    for (unsigned n = 0; n < vcpus; n++)
      stubs[i].vcpus[n] =
          (struct vcpu_stub){.id = n, .domain = &stubs[i], .state = VCPU_PARKED, .weight = 256};
  }
}

struct domain *world_arena(struct domain_stub *stub) {
  assert_int_equal(arch_arena_create(stub), STATUS_OK);
  memset(fake_page(stub->arch.first), 0, PAGE_SIZE);
  arch_arena_switch(stub);
  struct domain *d = domain_current();
  d->stub = stub;
  d->domid = stub->domid;
  return d;
}

/* --- log and panic -------------------------------------------------------------------- */

char world_log[4096];
static size_t log_used;
jmp_buf world_panic_jump;
bool world_panic_expected;
char world_panic_text[256];

void world_log_clear(void) {
  log_used = 0;
  world_log[0] = 0;
}

void log_printf(const char *fmt, ...) {
  va_list ap;

  va_start(ap, fmt);
  log_used += (size_t)vsnprintf(world_log + log_used, sizeof(world_log) - log_used, fmt, ap);
  va_end(ap);
  if (log_used >= sizeof(world_log))
    log_used = sizeof(world_log) - 1;
}

void panic(const char *fmt, ...) {
  va_list ap;

  va_start(ap, fmt);
  vsnprintf(world_panic_text, sizeof(world_panic_text), fmt, ap);
  va_end(ap);
  if (world_panic_expected) {
    world_panic_expected = false;
    longjmp(world_panic_jump, 1);
  }
  fprintf(stderr, "panic: %s\n", world_panic_text);
  abort();
}

/* --- random numbers: xorshift64* --------------------------------------------------------- */

static uint64_t state = 88172645463325252ull;

void rnd_seed(uint64_t seed) {
  state = seed * 2685821657736338717ull + 1;
}

uint32_t rnd(uint32_t n) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return (uint32_t)((state * 2685821657736338717ull >> 32) % n);
}

uint64_t frame_count_kind(enum frame_kind kind) {
  uint64_t used = 0, found = 0;
  for (uint64_t i = 0; i < frame_table_size(); i++) {
    const struct frame *f = frame_of(MFN(i));
    used += f->refs != 0;
    found += f->refs != 0 && f->kind == kind;
  }
  if (kind == FRAME_FREE)
    return frame_count_free();
  return kind == FRAME_ABSENT ? frame_table_size() - used - frame_count_free() : found;
}
