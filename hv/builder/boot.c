/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boot builder: believes nothing of the image that it has not checked,
 * then makes a stub and an arena for each domain. It fills no guest memory: each
 * domain does that itself, on its own CPU time (domain.c).
 */
#include <arch/arch.h>
#include <arch/boot.h>
#include <builder/builder.h>
#include <console_lent.h>
#include <lib/lib.h>
#include <restart.h>
#include <sched.h>

const struct manifest_header *system_config;
struct builder_image image;

/* --- the file as a whole ----------------------------------------------------------- */

/* A name is shown as it is: it is printable and has an end. */
static __boot bool name_ok(const char *name) {
  size_t n = strnlen(name, MANIFEST_NAME_SIZE);
  for (size_t i = 0; i < n; i++)
    if (name[i] < ' ' || name[i] > '~')
      return false;
  return n && n < MANIFEST_NAME_SIZE;
}

static __boot enum status header_check(const struct manifest_header *h, uint64_t size) {
  if (size < sizeof(*h))
    REFUSE("reason=truncated what=header size=%lu\n", size);
  if (memcmp(h->magic, MANIFEST_MAGIC, sizeof(h->magic)))
    REFUSE("reason=magic: this module is no Skerry image\n");
  if (h->version != MANIFEST_VERSION || h->header_size != sizeof(*h))
    REFUSE("reason=version image=%u supported=%u\n", h->version, MANIFEST_VERSION);
  if (h->image_size > size)
    REFUSE("reason=truncated what=image need=%lu have=%lu\n", h->image_size, size);
  if (!IS_ALIGNED(h->image_size, PAGE_SIZE))
    REFUSE("reason=image-size size=%lu\n", h->image_size);
  if (h->manifest_size < sizeof(*h) || h->manifest_size > h->image_size)
    REFUSE("reason=manifest-size size=%lu\n", h->manifest_size);
  return STATUS_OK;
}

static __boot struct manifest_sum sum_words(const uint64_t *w, uint64_t words,
                                            struct manifest_sum s) {
  uint64_t a = s.a, b = s.b;
  for (; words >= 8; words -= 8, w += 8) {
    b += a += w[0];
    b += a += w[1];
    b += a += w[2];
    b += a += w[3];
    b += a += w[4];
    b += a += w[5];
    b += a += w[6];
    b += a += w[7];
  }
  while (words--)
    b += a += *w++;
  return (struct manifest_sum){a, b};
}

static __boot bool sum_equal(struct manifest_sum x, struct manifest_sum y) {
  return x.a == y.a && x.b == y.b;
}

/* The header's own sum counts as zeroes: take it in two pieces around it. */
static __boot enum status manifest_sum_check(const struct manifest_header *h) {
  const uint64_t *w = (const uint64_t *)h, zeroes[2] = {0, 0};
  uint64_t at = offsetof(struct manifest_header, sum) / 8, words = h->manifest_size / 8;
  struct manifest_sum s = sum_words(w, at, (struct manifest_sum){1, 0});
  s = sum_words(zeroes, 2, s);
  s = sum_words(w + at + 2, words - at - 2, s);
  if (h->manifest_size % 8 || !sum_equal(s, h->sum))
    REFUSE("reason=checksum what=manifest\n");
  return STATUS_OK;
}

static __boot enum status table_check(const struct manifest_header *h, struct manifest_table t,
                                      size_t element, const char *name) {
  if (t.offset % 8 || t.offset < sizeof(*h) || t.offset > h->manifest_size ||
      t.count > (h->manifest_size - t.offset) / element)
    REFUSE("reason=table what=%s offset=%u count=%u\n", name, t.offset, t.count);
  return STATUS_OK;
}

static __boot enum status tables_check(const struct manifest_header *h) {
  const struct {
    struct manifest_table t;
    size_t element;
    const char *name;
  } all[] = {
      {h->domains, sizeof(struct manifest_domain), "domains"},
      {h->vcpus, sizeof(struct manifest_vcpu), "vcpus"},
      {h->regions, sizeof(struct manifest_region), "regions"},
      {h->loads, sizeof(struct manifest_load), "loads"},
      {h->payloads, sizeof(struct manifest_payload), "payloads"},
      {h->channels, sizeof(struct manifest_channel), "channels"},
  };
  for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
    if (table_check(h, all[i].t, all[i].element, all[i].name))
      return STATUS_INVALID;
  if (!name_ok(h->name))
    REFUSE("reason=system-name\n");
  if (!h->domains.count || h->domains.count > MANIFEST_MAX_DOMAINS)
    REFUSE("reason=domains count=%u most=%u\n", h->domains.count, MANIFEST_MAX_DOMAINS);
  return STATUS_OK;
}

/* --- payloads -------------------------------------------------------------------------- */

static __boot enum status payload_check(unsigned i) {
  const struct manifest_payload *p = &image.payloads[i];
  uint64_t end = system_config->image_size;
  if (p->offset % PAGE_SIZE || p->offset < system_config->manifest_size || p->offset > end ||
      p->size > end - p->offset)
    REFUSE("reason=payload-bounds payload=%u\n", i);
  if (!name_ok(p->name))
    REFUSE("reason=payload-name payload=%u\n", i);
  for (unsigned j = 0; j < i; j++) {
    const struct manifest_payload *q = &image.payloads[j];
    if (p->offset < q->offset + ALIGN_UP(q->size, PAGE_SIZE) && q->offset < p->offset + p->size)
      REFUSE("reason=payload-overlap payload=%u other=%u\n", i, j);
  }
  const uint64_t *w = boot_phys(image.maddr + p->offset);
  struct manifest_sum s = sum_words(w, DIV_ROUND_UP(p->size, 8), (struct manifest_sum){1, 0});
  if (!sum_equal(s, p->sum))
    REFUSE("reason=checksum what=payload payload=%u name=%.31s\n", i, p->name);
  return STATUS_OK;
}

static __boot enum status payloads_check(void) {
  uint64_t start = boot_clock();
  for (unsigned i = 0; i < system_config->payloads.count; i++)
    if (payload_check(i))
      return STATUS_INVALID;
  boot_ticks.copy += boot_clock() - start;
  return STATUS_OK;
}

/* --- domains -------------------------------------------------------------------------------- */

static __boot bool slice_ok(uint32_t first, uint32_t n, uint32_t count) {
  return first <= count && n <= count - first;
}

static __boot bool region_ok(const struct manifest_region *r, uint64_t after) {
  return IS_ALIGNED(r->gpa | r->size, PAGE_SIZE) && r->size && r->gpa >= after &&
         r->gpa + r->size > r->gpa && r->gpa + r->size <= BIT(arch_p2m_bits());
}

static __boot enum status regions_check(const struct manifest_domain *d) {
  uint64_t after = 0, pages = 0;
  for (uint32_t i = 0; i < d->regions; i++) {
    const struct manifest_region *r = &image.regions[d->first_region + i];
    if (!region_ok(r, after))
      REFUSE("reason=region domain=%.31s region=%u\n", d->name, i);
    after = r->gpa + r->size;
    pages += r->backed ? r->size / PAGE_SIZE : 0;
  }
  if (pages > d->max_pages)
    REFUSE("reason=pages domain=%.31s need=%lu limit=%lu\n", d->name, pages, d->max_pages);
  image.pages += pages;
  return STATUS_OK;
}

static __boot bool backed(const struct manifest_domain *d, uint64_t gpa, uint64_t size) {
  for (uint32_t i = 0; i < d->regions; i++) {
    const struct manifest_region *r = &image.regions[d->first_region + i];
    if (r->backed && gpa >= r->gpa && gpa - r->gpa <= r->size && size <= r->size - (gpa - r->gpa))
      return true;
  }
  return false;
}

static __boot enum status loads_check(const struct manifest_domain *d) {
  for (uint32_t i = 0; i < d->loads; i++) {
    const struct manifest_load *l = &image.loads[d->first_load + i];
    if (l->payload >= system_config->payloads.count)
      REFUSE("reason=load domain=%.31s load=%u payload=%u\n", d->name, i, l->payload);
    const struct manifest_payload *p = &image.payloads[l->payload];
    if (l->payload_offset > p->size || l->file_size > p->size - l->payload_offset ||
        l->file_size > l->mem_size || !backed(d, l->gpa, l->mem_size))
      REFUSE("reason=load domain=%.31s load=%u\n", d->name, i);
  }
  return STATUS_OK;
}

static __boot enum status pins_check(const struct manifest_domain *d) {
  for (uint32_t i = 0; i < d->vcpus; i++) {
    uint16_t cpu = image.vcpus[d->first_vcpu + i].cpu;
    if (cpu != MANIFEST_CPU_ANY && cpu >= cpu_count - cpu_first)
      REFUSE("reason=cpus domain=%.31s need=%u have=%u\n", d->name, cpu + 1u,
             cpu_count - cpu_first);
  }
  return STATUS_OK;
}

/* Whether payloads are kept for a restart depends on these: none may be unknown. */
static __boot bool actions_ok(const struct manifest_domain *d) {
  return MAX(d->on_shutdown, MAX(d->on_reboot, d->on_crash)) <= MANIFEST_ACTION_POWEROFF;
}

static __boot enum status domain_check(unsigned i) {
  const struct manifest_domain *d = &image.domains[i];
  const struct manifest_header *h = system_config;
  if (!name_ok(d->name))
    REFUSE("reason=domain-name domain=%u\n", i);
  for (unsigned j = 0; j < i; j++)
    if (image.domains[j].domid == d->domid || !strcmp(image.domains[j].name, d->name))
      REFUSE("reason=domain-twice domain=%s\n", d->name);
  if (!d->domid || d->domid >= 0x7ff0 || !d->vcpus || d->vcpus > MANIFEST_MAX_VCPUS || !d->weight ||
      d->weight > 65535 || d->evtchn_limit > 4096 || d->grant_frames > MANIFEST_MAX_GRANT_FRAMES ||
      d->maptrack > MANIFEST_MAX_MAPTRACK || d->max_pages > BIT(arch_p2m_bits() - PAGE_SHIFT) ||
      (d->ports && !ENABLED(CONFIG_CONSOLE_SERVICE)))
    REFUSE("reason=domain-range domain=%s\n", d->name);
  if (!actions_ok(d))
    REFUSE("reason=domain-action domain=%s\n", d->name);
  if (d->tsc_khz && !(ENABLED(CONFIG_TSC_SCALING) && arch_tsc_scales &&
                      d->tsc_khz >= MANIFEST_MIN_TSC_KHZ && d->tsc_khz <= MANIFEST_MAX_TSC_KHZ))
    REFUSE("reason=tsc domain=%s: this machine's TSC has one rate\n", d->name);
  if (!slice_ok(d->first_vcpu, d->vcpus, h->vcpus.count) ||
      !slice_ok(d->first_region, d->regions, h->regions.count) ||
      !slice_ok(d->first_load, d->loads, h->loads.count))
    REFUSE("reason=domain-tables domain=%s\n", d->name);
  if (regions_check(d) || loads_check(d) || pins_check(d))
    return STATUS_INVALID;
  if (d->entry >> 32 || d->start_info >> 32 || !backed(d, d->entry, 1) ||
      !backed(d, d->start_info, PAGE_SIZE / 64))
    REFUSE("reason=entry domain=%s\n", d->name);
  return STATUS_OK;
}

/* Pages of its clients' past lives that a domain may still have mapped while they start again. */
static __boot uint64_t held_pages(uint32_t domain) {
  for (uint32_t i = 0; i < system_config->channels.count; i++) {
    const struct manifest_channel *c = &system_channels()[i];
    if (c->back == domain && restart_possible(&image.domains[c->front]))
      return image.domains[domain].maptrack;
  }
  return 0;
}

/* What a domain may need beside its memory: its arena, nested page tables, vCPUs, grants. */
static __boot uint64_t overhead_pages(const struct manifest_domain *d) {
  uint64_t mapped = d->max_pages + d->maptrack + ranges_borrowed((uint16_t)(d - image.domains));
  return 28 + d->vcpus * 10ul + d->evtchn_limit / 256 + p2m_tables_max(mapped) +
         2 * d->grant_frames + d->maptrack / 128;
}

static __boot enum status machine_check(void) {
  uint64_t need = image.pages, have = frame_count_free();
  for (unsigned i = 0; i < system_config->domains.count; i++)
    need += overhead_pages(&image.domains[i]) + held_pages(i);
  if (need > have)
    REFUSE("reason=memory need=%lu have=%lu unit=KiB\n", need * 4, have * 4);
  if (system_config->machine_cpus > cpu_count - cpu_first)
    REFUSE("reason=cpus need=%u have=%u\n", system_config->machine_cpus, cpu_count - cpu_first);
  return STATUS_OK;
}

static __boot void image_tables(const struct manifest_header *h) {
  const char *base = (const char *)h;
  system_config = h;
  image.domains = (const void *)(base + h->domains.offset);
  image.vcpus = (const void *)(base + h->vcpus.offset);
  image.regions = (const void *)(base + h->regions.offset);
  image.loads = (const void *)(base + h->loads.offset);
  image.payloads = (const void *)(base + h->payloads.offset);
}

static __boot enum status image_check(uint64_t maddr, uint64_t size) {
  const struct manifest_header *h = boot_phys(maddr);
  if (!size)
    REFUSE("reason=no-image: give the system image as the boot loader's module\n");
  if (maddr % PAGE_SIZE)
    REFUSE("reason=module-alignment address=%lx\n", maddr);
  if (header_check(h, size) || manifest_sum_check(h) || tables_check(h))
    return STATUS_INVALID;
  h = mm_map_shared(maddr, h->manifest_size, false);
  if (!h)
    REFUSE("reason=memory what=manifest\n");
  image.maddr = maddr;
  image_tables(h);
  for (unsigned i = 0; i < h->domains.count; i++)
    if (domain_check(i))
      return STATUS_INVALID;
  if (ENABLED(CONFIG_CONSOLE_SERVICE) && serial_check())
    return STATUS_INVALID;
  return channels_check() || payloads_check() ? STATUS_INVALID : machine_check();
}

/* --- making domains -------------------------------------------------------------------------- */

static __boot void vcpu_stub_make(struct domain_stub *d, uint32_t id) {
  struct vcpu_stub *s = &d->vcpus[id];
  uint16_t cpu = image.vcpus[d->config->first_vcpu + id].cpu;
  s->id = id;
  s->domain = d;
  s->park = true;
  s->state = VCPU_PARKED;
  s->pin = cpu == MANIFEST_CPU_ANY ? NULL : &cpus[cpu_first + cpu];
}

static __boot enum status vcpu_make(struct domain *d, uint32_t id) {
  struct vcpu *v = arena_page_alloc(FRAME_ARENA);
  if (!v)
    return STATUS_NO_MEMORY;
  v->stub = &d->stub->vcpus[id];
  v->domain = d;
  v->id = id;
  v->stub->vcpu = v;
  d->vcpus[id] = v;
  return arch_vcpu_init(v);
}

/* In the new domain's arena. */
static __boot enum status domain_make_inside(struct domain_stub *s) {
  struct domain *d = domain_current();
  d->stub = s;
  d->domid = s->domid;
  d->vcpu_count = s->vcpu_count;
  d->max_pages = s->config->max_pages;
  d->borrowed = s->config->maptrack + ranges_borrowed((uint16_t)(s - domains));
  enum status e = p2m_init(d);
  for (uint32_t i = 0; !e && i < d->vcpu_count; i++) {
    uint64_t before = frame_count_free();
    e = vcpu_make(d, i);
    figures_vcpu_made(before - frame_count_free());
  }
  return e;
}

static __boot enum status domain_make(unsigned i) {
  const struct manifest_domain *m = &image.domains[i];
  struct domain_stub *s = &domains[i];
  s->config = m;
  s->domid = m->domid;
  s->used = true;
  s->vcpu_count = m->vcpus;
  s->vcpus = mm_shared_alloc(m->vcpus * sizeof(struct vcpu_stub));
  if (m->grant_frames)
    s->grants.frame = mm_shared_alloc(m->grant_frames * sizeof(struct grant_frame));
  if (!s->vcpus || (m->grant_frames && !s->grants.frame) || arch_arena_create(s))
    return STATUS_NO_MEMORY;
  if (ENABLED(CONFIG_CONSOLE_SERVICE) && m->ports)
    console_lend(s);
  for (uint32_t v = 0; v < m->vcpus; v++)
    vcpu_stub_make(s, v);
  arch_arena_switch(s);
  enum status e = domain_make_inside(s);
  arch_arena_switch(NULL);
  return e;
}

/* How often each payload will be copied: the last time its frames go. */
static __boot enum status payload_uses_count(void) {
  image.uses = mm_shared_alloc(MAX(1u, system_config->payloads.count) * sizeof(*image.uses));
  if (!image.uses)
    return STATUS_NO_MEMORY;
  for (unsigned i = 0; i < system_config->domains.count; i++)
    for (uint32_t l = 0; l < image.domains[i].loads; l++)
      image.uses[image.loads[image.domains[i].first_load + l].payload]++;
  return STATUS_OK;
}

static __boot enum status domains_make(void) {
  unsigned n = system_config->domains.count;
  domains = mm_shared_alloc(n * sizeof(*domains));
  if (!domains || payload_uses_count())
    return STATUS_NO_MEMORY;
  for (unsigned i = 0; i < n; i++)
    if (domain_make(i))
      return STATUS_NO_MEMORY;
  domain_count = n;
  return channels_make() ? STATUS_NO_MEMORY : ranges_make();
}

__boot enum status builder_boot(uint64_t maddr, uint64_t size) {
  if (image_check(maddr, size))
    return STATUS_INVALID;
  if (domains_make())
    REFUSE("reason=memory what=domains\n");
  if (sched_init())
    return STATUS_INVALID;
  log_printf("system %.31s: %u domains\n", system_config->name, domain_count);
  figures_release();
  return STATUS_OK;
}
