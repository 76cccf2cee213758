/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boot builder's check of the channels: what the policy (core/policy.c) and
 * the ports that are bound from the start rely on at run time.
 */
#include <arch/arch.h>
#include <arch/boot.h>
#include <builder/builder.h>
#include <channel.h>
#include <policy.h>

static __boot const struct manifest_domain *front_of(const struct manifest_channel *c) {
  return &image.domains[c->front];
}

static __boot const struct manifest_domain *back_of(const struct manifest_channel *c) {
  return &image.domains[c->back];
}

static __boot bool has_ring(const struct manifest_channel *c) {
  return c->kind == MANIFEST_CHANNEL_CONSOLE || c->kind == MANIFEST_CHANNEL_STORE;
}

static __boot bool has_ports(const struct manifest_channel *c) {
  return c->kind == MANIFEST_CHANNEL_EVENTS || has_ring(c);
}

static __boot bool ends_ok(const struct manifest_channel *c) {
  uint32_t count = system_config->domains.count;
  return c->front < count && c->back < count &&
         (c->front != c->back || c->kind == MANIFEST_CHANNEL_MEMORY);
}

/* A channel has what its kind needs, and nothing else is set. */
static __boot bool form_ok(const struct manifest_channel *c) {
  bool memory = c->kind == MANIFEST_CHANNEL_MEMORY;
  if (c->kind < MANIFEST_CHANNEL_EVENTS || c->kind > MANIFEST_CHANNEL_STORE)
    return false;
  if (c->flags & ~(memory ? MANIFEST_CHANNEL_WRITABLE : 0u))
    return false;
  if (!memory && (c->front_gpa | c->back_gpa | c->size))
    return false;
  if (!has_ports(c) && (c->front_port | c->back_port))
    return false;
  return strnlen(c->name, sizeof(c->name)) < sizeof(c->name);
}

/* --- ports ------------------------------------------------------------------------ */

/* The port that the channel holds in a domain, by its index; 0: none. */
static __boot uint32_t port_in(const struct manifest_channel *c, uint16_t domain) {
  return domain == c->front ? c->front_port : domain == c->back ? c->back_port : 0;
}

static __boot bool port_ok(const struct manifest_channel *c, uint16_t domain) {
  uint32_t port = port_in(c, domain);
  if (!port || port >= image.domains[domain].evtchn_limit)
    return false;
  for (const struct manifest_channel *o = system_channels(); o < c; o++)
    if (port_in(o, domain) == port)
      return false;
  return true;
}

/* --- rings: a page of the front, and one console and one store at most ---------------- */

static __boot bool ring_ok(const struct manifest_channel *c) {
  uint32_t page = c->kind == MANIFEST_CHANNEL_STORE ? 1 : 0;
  if (front_of(c)->special_pages <= page)
    return false;
  for (const struct manifest_channel *o = system_channels(); o < c; o++)
    if (o->kind == c->kind && o->front == c->front)
      return false;
  return true;
}

/* --- memory ------------------------------------------------------------------------ */

static __boot bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size) {
  return a < b + b_size && b < a + a_size;
}

static __boot bool range_ok(uint64_t gpa, uint64_t size) {
  return size && IS_ALIGNED(gpa | size, PAGE_SIZE) && gpa + size > gpa &&
         gpa + size <= BIT(arch_p2m_bits());
}

static __boot const struct manifest_region *regions_of(const struct manifest_domain *d) {
  return &image.regions[d->first_region];
}

/* In one of the owner's regions with memory, and not in its tables. */
static __boot bool range_owned(const struct manifest_channel *c) {
  const struct manifest_region *r = regions_of(back_of(c));
  for (uint32_t i = 0; i < back_of(c)->regions; i++)
    if (r[i].type != MANIFEST_REGION_ACPI && r[i].backed && c->back_gpa >= r[i].gpa &&
        c->back_gpa + c->size <= r[i].gpa + r[i].size)
      return true;
  return false;
}

/* Where the borrower has neither memory of its own nor borrowed another range. Who keeps a range
 * over its own restarts is both ends. */
static __boot bool range_free(const struct manifest_channel *c) {
  if (c->front == c->back)
    return c->front_gpa == c->back_gpa;
  const struct manifest_region *r = regions_of(front_of(c));
  for (uint32_t i = 0; i < front_of(c)->regions; i++)
    if (r[i].backed && overlap(c->front_gpa, c->size, r[i].gpa, r[i].size))
      return false;
  for (const struct manifest_channel *o = system_channels(); o < c; o++)
    if (o->kind == MANIFEST_CHANNEL_MEMORY && o->front == c->front &&
        overlap(c->front_gpa, c->size, o->front_gpa, o->size))
      return false;
  return true;
}

/* Each page of an owner is in one range at most. */
static __boot bool range_lent_once(const struct manifest_channel *c) {
  for (const struct manifest_channel *o = system_channels(); o < c; o++)
    if (o->kind == MANIFEST_CHANNEL_MEMORY && o->back == c->back &&
        overlap(c->back_gpa, c->size, o->back_gpa, o->size))
      return false;
  return true;
}

static __boot bool memory_ok(const struct manifest_channel *c) {
  return range_ok(c->front_gpa, c->size) && range_ok(c->back_gpa, c->size) && range_owned(c) &&
         range_free(c) && range_lent_once(c);
}

/* --- all of them ---------------------------------------------------------------------- */

static __boot enum status channel_check(uint32_t i) {
  const struct manifest_channel *c = &system_channels()[i];
  if (!ends_ok(c))
    REFUSE("reason=channel-domains channel=%u front=%u back=%u\n", i, c->front, c->back);
  if (!form_ok(c))
    REFUSE("reason=channel-kind channel=%u kind=%u flags=%x\n", i, c->kind, c->flags);
  if (has_ports(c) && (!port_ok(c, c->front) || !port_ok(c, c->back)))
    REFUSE("reason=channel-port channel=%u front=%u back=%u\n", i, c->front_port, c->back_port);
  if (has_ring(c) && !ring_ok(c))
    REFUSE("reason=channel-ring channel=%u domain=%.31s\n", i, front_of(c)->name);
  if (c->kind == MANIFEST_CHANNEL_MEMORY && !memory_ok(c))
    REFUSE("reason=channel-memory channel=%u gpa=%lx size=%lx\n", i, c->front_gpa, c->size);
  return STATUS_OK;
}

__boot enum status channels_check(void) {
  uint32_t count = system_config->channels.count;
  if (count > MANIFEST_MAX_CHANNELS)
    REFUSE("reason=channels count=%u most=%u\n", count, MANIFEST_MAX_CHANNELS);
  for (uint32_t i = 0; i < count; i++)
    if (channel_check(i))
      return STATUS_INVALID;
  return STATUS_OK;
}

/* --- what the domains' stubs need of them -------------------------------------------------- */

static __boot bool has_events(const struct domain_stub *d) {
  for (unsigned i = 0; i < system_config->domains.count; i++)
    if (&domains[i] != d && policy_allows(d, &domains[i], POLICY_EVENT))
      return true;
  return false;
}

static __boot enum status ends_make(struct domain_stub *d) {
  uint32_t ports = d->config->evtchn_limit;
  uint64_t *box = mm_shared_alloc(DIV_ROUND_UP(ports, 64) * 8 + ports * sizeof(*d->ends));
  if (!box)
    return STATUS_NO_MEMORY;
  d->box = box;
  d->ends = (struct channel_end *)(box + DIV_ROUND_UP(ports, 64));
  d->end_count = ports;
  channel_stop(d);
  return STATUS_OK;
}

__boot enum status channels_make(void) {
  if (!system_config->channels.count)
    return STATUS_OK;
  struct spinlock *locks = mm_shared_alloc(system_config->channels.count * sizeof(*locks));
  if (!locks)
    return STATUS_NO_MEMORY;
  channel_init(locks);
  for (unsigned i = 0; i < system_config->domains.count; i++)
    if (has_events(&domains[i]) && ends_make(&domains[i]))
      return STATUS_NO_MEMORY;
  return STATUS_OK;
}
