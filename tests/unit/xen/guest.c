/* SPDX-License-Identifier: Apache-2.0 */
/* See guest.h. */
#include "guest.h"
#include <abi/xen/memory.h>
#include <abi/xen/event_channel.h>
#include <channel.h>
#include <console.h>
#include <guest.h>
#include <lib/atomic.h>
#include <personality.h>

struct domain *d;
struct vcpu *vcpu[4];
uint64_t guest_machine_frames = 1024;
unsigned mails, blocks;
void (*while_blocked)(void);
enum domain_end ended;
char console_text[8192];
size_t console_used;
const char *console_input;
struct arch_context context_seen;
uint64_t clock_zero;
bool clock_stable, mode_32bit, interrupt_due;
uint32_t guest_grant_frames, guest_maptrack;
struct manifest_channel guest_channel;
static struct grant_frame grant_frames[GUESTS_MAX][16];

static struct {
  struct manifest_header header;
  struct manifest_region region[3];
  struct manifest_channel channel[CHANNELS_MAX];
} manifest;
static uint64_t boxes[GUESTS_MAX][EVENT_LIMIT / 64];
static struct channel_end ends[GUESTS_MAX][EVENT_LIMIT];
static struct spinlock channel_locks[CHANNELS_MAX];

/* --- the domain ------------------------------------------------------------------------ */

static void page_add(uint64_t gfn, enum p2m_type t) {
  mfn_t mfn = frame_alloc(0, d->domid, FRAME_RAM);
  struct p2m_locked p = p2m_lock(d);
  assert_int_equal(p2m_add(p, GFN(gfn), mfn, 0, t), STATUS_OK);
  p2m_unlock(p);
  d->pages++;
}

static void vcpu_make(unsigned n) {
  struct vcpu *v = arena_page_alloc(FRAME_ARENA);
  _Static_assert(sizeof(*v) <= PAGE_SIZE, "a vCPU fits in a page here");
  v->stub = &d->stub->vcpus[n];
  v->stub->vcpu = v;
  v->domain = d;
  v->id = n;
  v->arch.offline = n != 0;
  d->vcpus[n] = vcpu[n] = v;
}

static void description(void) {
  memset(&manifest, 0, sizeof(manifest));
  manifest.header.regions.offset = sizeof(manifest.header);
  manifest.region[1] = (struct manifest_region){0, RAM_PAGES * PAGE_SIZE, 1, 1};
  manifest.region[2] = (struct manifest_region){RING_GFN * PAGE_SIZE, PAGE_SIZE, 2, 1};
  manifest.channel[0] = guest_channel;
  manifest.header.channels =
      (struct manifest_table){offsetof(__typeof__(manifest), channel), guest_channel.kind != 0};
  system_config = &manifest.header;
}

static void describe(struct domain_stub *stub) {
  struct manifest_domain *m = &world_config[stub - domains];
  stub->grants.frame = grant_frames[stub - domains];
  m->grant_frames = guest_grant_frames;
  m->maptrack = guest_maptrack;
  m->first_region = 1;
  m->regions = 2;
  m->flags = MANIFEST_DOMAIN_CONSOLE;
  m->special_gfn = RING_GFN;
  m->special_pages = 2;
  m->evtchn_limit = EVENT_LIMIT;
  memcpy(m->handle, "0123456789abcdef", 16);
}

static void fakes_reset(void) {
  mails = blocks = 0;
  while_blocked = NULL;
  ended = DOMAIN_END_NONE;
  console_used = 0;
  console_input = "";
  clock_zero = 0x123456789abc;
  clock_stable = true;
  mode_32bit = interrupt_due = false;
  memset(&context_seen, 0, sizeof(context_seen));
}

void guest_become(unsigned n) {
  fake_cpu_set(n);
  if (!arch_this_cpu()->linked)
    arch_arena_switch(&domains[0]); /* not d->stub: d is in the arena */
  arch_this_cpu()->running = &domains[0].vcpus[n];
}

/* In the arena of this CPU, on which vCPU 0 then runs. */
static void domain_make(struct domain_stub *stub, unsigned vcpus) {
  describe(stub);
  d = world_arena(stub);
  d->vcpu_count = vcpus;
  assert_int_equal(p2m_init(d), STATUS_OK);
  for (unsigned gfn = 0; gfn < RAM_PAGES; gfn++)
    page_add(gfn, gfn == READ_ONLY >> PAGE_SHIFT ? P2M_RAM_RO : P2M_RAM);
  page_add(RING_GFN, P2M_RAM);
  d->max_pages = MAX_PAGES;
  for (unsigned n = 0; n < vcpus; n++)
    vcpu_make(n);
  arch_this_cpu()->running = &stub->vcpus[0];
  guest_start();
}

void guest_start(void) {
  assert_int_equal(personality_domain_init(d), STATUS_OK);
  for (unsigned n = 0; n < d->vcpu_count; n++)
    assert_int_equal(personality_vcpu_init(vcpu[n]), STATUS_OK);
}

void guest_end(void) {
  personality_domain_fini(d);
}

static void world_setup(unsigned count, unsigned vcpus) {
  fake_init(guest_machine_frames, 6, 1);
  fakes_reset();
  world_domains(count, vcpus);
  description();
}

void guest_setup(unsigned vcpus) {
  world_setup(2, vcpus);
  domain_make(&domains[0], vcpus);
  guest_become(0);
}

static void ends_make(unsigned i) {
  memset(boxes[i], 0, sizeof(boxes[i]));
  memset(ends[i], 0, sizeof(ends[i]));
  domains[i].box = boxes[i];
  domains[i].ends = ends[i];
  domains[i].end_count = EVENT_LIMIT;
}

void guest_in(unsigned domain, unsigned n) {
  fake_cpu_set(domain * 2 + n);
  if (!arch_this_cpu()->linked)
    arch_arena_switch(&domains[domain]);
  arch_this_cpu()->running = &domains[domain].vcpus[n];
}

void guests_setup(unsigned count, const struct manifest_channel *channels, unsigned channel_count) {
  world_setup(count, 2);
  manifest.header.channels.count = channel_count;
  memcpy(manifest.channel, channels, channel_count * sizeof(*channels));
  channel_init(channel_locks);
  for (unsigned i = 0; i < count; i++)
    ends_make(i);
  for (unsigned i = 0; i < count; i++)
    channel_stop(&domains[i]);
  for (unsigned i = 0; i < count; i++) {
    fake_cpu_set(i * 2);
    domain_make(&domains[i], 2);
    guest_in(i, 0);
    shared_map();
  }
}

void guest_become_second(void) {
  fake_cpu_set(3);
}

void guest_second(void) {
  struct vcpu *first[4];
  memcpy(first, vcpu, sizeof(first));
  domains[1].vcpu_count = 1;
  fake_cpu_set(3);
  domain_make(&domains[1], 1);
  memcpy(vcpu, first, sizeof(first));
}

void guest_enter(void) {
  struct vcpu_stub *s = vcpu_current()->stub;
  uint64_t mail = atomic_swap(&s->mail, 0);
  personality_prepare_entry(s->vcpu, mail);
}

/* --- its memory --------------------------------------------------------------------------- */

/* Through the machine's translations as they stand, stale ones included. */
void *guest_page(uint64_t gfn) {
  struct p2m_entry e = fake_touch(GFN(gfn), VIEW_ARENA);
  return e.type == P2M_NONE ? NULL : fake_page(e.mfn);
}

__attribute__((weak)) enum status guest_write_implicit(gva_t dst, const void *src, size_t n) {
  return guest_write(dst, src, n);
}

void guest_put(uint64_t gpa, const void *from, size_t n) {
  assert_int_equal(guest_write_phys(GPA(gpa), from, n), STATUS_OK);
}

void guest_get(void *to, uint64_t gpa, size_t n) {
  enum status guest_read_phys(void *dst, gpa_t src, size_t n); // the fake machine's own
  assert_int_equal(guest_read_phys(to, GPA(gpa), n), STATUS_OK);
}

/* --- its calls ---------------------------------------------------------------------------- */

int64_t call(unsigned nr, uint64_t a, uint64_t b, uint64_t c) {
  const uint64_t args[3] = {a, b, c};
  return (int64_t)personality_hypercall(vcpu_current(), nr, args, false);
}

int64_t call_compat_mode(unsigned nr, uint64_t a, uint64_t b, uint64_t c) {
  const uint64_t args[3] = {(uint32_t)a, (uint32_t)b, (uint32_t)c};
  return (int32_t)personality_hypercall(vcpu_current(), nr, args, true);
}

int64_t call_with(unsigned nr, uint64_t op, void *arg, size_t n) {
  guest_put(ARGUMENT, arg, n);
  int64_t result = call(nr, op, ARGUMENT, 0);
  guest_get(arg, ARGUMENT, n);
  return result;
}

int64_t compat_call_with(unsigned nr, uint64_t op, void *arg, size_t n) {
  guest_put(ARGUMENT, arg, n);
  int64_t result = call_compat_mode(nr, op, ARGUMENT, 0);
  guest_get(arg, ARGUMENT, n);
  return result;
}

int64_t vcpu_call(uint64_t op, unsigned id, void *arg, size_t n) {
  guest_put(ARGUMENT, arg, n);
  int64_t result = call(__HYPERVISOR_vcpu_op, op, id, ARGUMENT);
  guest_get(arg, ARGUMENT, n);
  return result;
}

void shared_map(void) {
  struct xen_add_to_physmap op = {.domid = DOMID_SELF, .space = XENMAPSPACE_shared_info, .gpfn = 1};
  assert_int_equal(CALL(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, op), 0);
}

struct shared_info *shared(void) {
  struct shared_info *s = guest_page(1);
  assert_non_null(s);
  return s;
}

struct vcpu_info *info(unsigned n) {
  return &shared()->vcpu_info[n];
}

int64_t bind_ipi(unsigned n) {
  struct evtchn_bind_ipi op = {.vcpu = n};
  int64_t error = CALL(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, op);
  return error ? error : (int64_t)op.port;
}

/* --- fakes of core and of the machine -------------------------------------------------------- */

struct domain_stub *domain_find(uint16_t domid) {
  for (unsigned i = 0; i < domain_count; i++)
    if (domains[i].domid == domid)
      return &domains[i];
  return NULL;
}

struct vcpu *domain_vcpu(struct domain *of, uint32_t id) {
  return id < of->vcpu_count ? of->vcpus[id] : NULL;
}

void vcpu_mail(struct vcpu_stub *s, enum mail m) {
  atomic_or(&s->mail, BIT(m));
  mails++;
}

__attribute__((weak)) void vcpu_block(void) {
  struct vcpu_stub *s = vcpu_current()->stub;
  if (atomic_load(&s->mail))
    return;
  blocks++;
  assert_non_null(while_blocked);
  while_blocked();
  assert_true(atomic_load(&s->mail) || s->park);
}

void domain_end(struct domain_stub *of, enum domain_end why) {
  if (!ended)
    ended = why;
}

void domain_crash(const char *fmt, ...) {
  domain_end(d->stub, DOMAIN_END_CRASH);
}

__attribute__((weak)) void console_domain_write(struct domain *of, struct console_line *line,
                                                const char *s, size_t n) {
  assert_true(console_used + n <= sizeof(console_text));
  memcpy(console_text + console_used, s, n);
  console_used += n;
}

void console_domain_show(struct domain *of, const struct console_line *line) {
  (void)of, (void)line;
}

size_t console_domain_read(struct domain *of, char *s, size_t n) {
  size_t got = 0;
  while (got < n && *console_input)
    s[got++] = *console_input++;
  return got;
}

__attribute__((weak)) void arch_vcpu_clock(const struct vcpu *v, struct arch_clock *c) {
  *c = (struct arch_clock){
      .zero = clock_zero, .mul = 0x80000000u, .shift = -1, .stable = clock_stable, .khz = 2000000};
}

uint64_t wallclock_seconds = 0x1065432100ull;

__attribute__((weak)) const uint8_t *arch_hypercall_insn(void) {
  static const uint8_t insn[] = {0x0f, 0x01, 0xd9};
  return insn;
}

__attribute__((weak)) bool arch_vcpu_is_32bit(const struct vcpu *v) {
  return mode_32bit;
}

__attribute__((weak)) bool arch_vcpu_can_take_interrupt(struct vcpu *v) {
  return interrupt_due;
}

__attribute__((weak)) enum status arch_vcpu_set_context(struct vcpu *v,
                                                        const struct arch_context *c) {
  context_seen = *c;
  return c->cr0 ? STATUS_OK : STATUS_INVALID;
}

__attribute__((weak)) void arch_vcpu_set_up(struct vcpu *v, bool up) {
  v->arch.offline = !up;
}
