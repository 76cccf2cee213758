/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boot builder on a damaged image: it refuses with one line and changes
 * nothing, or makes exactly the domains that the image names. First byte: bit 0
 * leaves the sums as they are, bit 1 the image's size; else they are made right.
 * The rest is the manifest; two pages of payload follow it.
 */
#include "world.h"
#include <arch/boot.h>
#include <builder/builder.h>
#include <restart.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"

#define IMAGE_MADDR   0x100000u
#define PAYLOAD_PAGES 2u
#define MACHINE_PAGES 1280u
#define SHARED_ALLOCS 256u

struct boot_ticks boot_ticks;
static char *bytes;
static uint64_t size;
static void *shared[SHARED_ALLOCS];
static unsigned shared_count;

/* --- what boot offers the builder ---------------------------------------------------- */

void *boot_phys(uint64_t maddr) {
  FUZZ_REQUIRE(maddr >= IMAGE_MADDR && maddr - IMAGE_MADDR <= size);
  return bytes + (maddr - IMAGE_MADDR);
}

void *mm_map_shared(uint64_t maddr, uint64_t n, bool writable) {
  FUZZ_REQUIRE(maddr == IMAGE_MADDR && n <= size && !writable);
  return bytes;
}

void *mm_shared_alloc(uint64_t n) {
  FUZZ_REQUIRE(shared_count < SHARED_ALLOCS);
  return shared[shared_count++] = calloc(1, n);
}

uint64_t boot_clock(void) {
  return 0;
}

void figures_vcpu_made(uint64_t frames) {
  (void)frames;
}
void figures_release(void) {
}

bool restart_possible(const struct manifest_domain *m) {
  return m->on_reboot == MANIFEST_ACTION_RESTART;
}

void vcpu_mail(struct vcpu_stub *s, enum mail m) {
  FUZZ_REQUIRE(s->domain && m <= MAIL_DEBUG);
}

/* --- the image ------------------------------------------------------------------------ */

static struct manifest_sum sum_of(const void *at, uint64_t n) {
  struct manifest_sum s = {1, 0};
  for (uint64_t i = 0; i < n; i += 8) {
    uint64_t word = 0;
    memcpy(&word, (const char *)at + i, MIN(n - i, 8));
    s.b += s.a += word;
  }
  return s;
}

/* Of those payloads that lie in the image; the others must be refused before their sum is. */
static void payload_sums_right(struct manifest_header *h) {
  struct manifest_payload *p = (void *)(bytes + h->payloads.offset);
  if (h->payloads.offset % 8 || h->payloads.offset > size ||
      h->payloads.count > (size - h->payloads.offset) / sizeof(*p))
    return;
  for (uint32_t i = 0; i < h->payloads.count; i++)
    if (p[i].offset <= size && p[i].size <= size - p[i].offset)
      p[i].sum = sum_of(bytes + p[i].offset, p[i].size);
}

static void sums_right(struct manifest_header *h) {
  payload_sums_right(h);
  h->sum = (struct manifest_sum){0, 0};
  if (h->manifest_size <= size)
    h->sum = sum_of(h, h->manifest_size);
}

/* Of just that size, so that the sanitizer sees what is read beyond it. */
static void image_make(struct fuzz_input *in) {
  uint8_t flags = fuzz_u8(in);
  uint64_t manifest = in->left;
  size = manifest ? ALIGN_UP(manifest, PAGE_SIZE) + PAYLOAD_PAGES * PAGE_SIZE : 0;
  if (flags & 2)
    size = manifest;
  bytes = malloc(MAX(size, 1ul));
  memset(bytes, 0, size);
  fuzz_take(in, bytes, manifest);
  if (size < sizeof(struct manifest_header))
    return;
  struct manifest_header *h = (void *)bytes;
  if (!(flags & 2))
    h->image_size = size;
  if (!(flags & 1))
    sums_right(h);
}

/* --- what came of it -------------------------------------------------------------------- */

static void check_refused(uint64_t free_before) {
  FUZZ_REQUIRE(strstr(world_log, "refused: ") == world_log);
  FUZZ_REQUIRE(strchr(world_log, '\n') == world_log + strlen(world_log) - 1);
  if (!domain_count && !domains)
    FUZZ_REQUIRE(frame_count_free() == free_before);
}

static void check_domain(const struct domain_stub *d, const struct manifest_domain *m) {
  FUZZ_REQUIRE(d->used && d->domid && d->domid == m->domid && d->config == m);
  FUZZ_REQUIRE(d->vcpu_count == m->vcpus && d->state == DOMAIN_NEW);
  for (uint32_t i = 0; i < d->vcpu_count; i++) {
    const struct vcpu_stub *s = &d->vcpus[i];
    FUZZ_REQUIRE(s->park && s->state == VCPU_PARKED && s->vcpu && s->domain == d);
    FUZZ_REQUIRE(!s->pin || (s->pin >= cpus && s->pin < cpus + cpu_count));
  }
}

static void check_made(void) {
  FUZZ_REQUIRE(domain_count == system_config->domains.count);
  for (unsigned i = 0; i < domain_count; i++)
    check_domain(&domains[i], &image.domains[i]);
  FUZZ_REQUIRE(arch_this_cpu()->linked == NULL);
}

void fuzz_one(struct fuzz_input *in) {
  fake_init(MACHINE_PAGES, 4, 1);
  world_log_clear();
  domains = NULL;
  domain_count = 0;
  image = (struct builder_image){0};
  uint64_t free_before = frame_count_free();
  image_make(in);
  if (builder_boot(IMAGE_MADDR, size))
    check_refused(free_before);
  else
    check_made();
  while (shared_count)
    free(shared[--shared_count]);
  free(bytes);
}
