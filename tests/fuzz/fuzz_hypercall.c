/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hypercalls of two guests that say anything, from two vCPUs each, on the fake
 * machine; a disk's channel leads from the first, its client, to the second. An input is a list of
 * steps: a hypercall whose arguments point into bytes of the input, a change of vCPU, an entry,
 * time that passes. After each call no lock is held and the result is one of the ABI; at the end
 * the client's map leads to its own frames alone, each once, the server's to its own and to such of
 * the client's as are still referenced, and a bystander's frames are as they were. The modelled
 * guests are those of the unit tests.
 */
#include "../unit/xen/guest.h"
#include <abi/xen/event_channel.h>
#include <abi/xen/hvm.h>
#include <abi/xen/memory.h>
#include <abi/xen/sched.h>
#include <abi/xen/vcpu.h>
#include <arch/arch.h>
#include <guest.h>
#include <lib/atomic.h>
#include <personality.h>
#include "fuzz.h"

#define MACHINE_FRAMES  512u /* less to make anew for each input */
#define DOMAINS         2u
#define VCPUS           2u /* of each */
#define BYSTANDER       3u /* its domid: no domain that could be named */
#define STEPS_MAX       48u
#define ARGUMENT_BYTES  64u
#define PAUSES_MAX      200u /* of one call: then its domain is asked to end */
#define BYSTANDER_PAGES 4u
#define BYSTANDER_BYTE  0x5c
#define ERROR_MAX       4095

static unsigned pauses;
static mfn_t bystander[BYSTANDER_PAGES];

/* --- core's ends: never wait, never fill up ---------------------------------------------- */

void vcpu_block(void) {
  struct vcpu_stub *s = vcpu_current()->stub;
  if (!atomic_load(&s->mail))
    atomic_write(&s->park, true);
}

void console_domain_write(struct domain *of, struct console_line *line, const char *s, size_t n) {
  for (size_t i = 0; i < n; i++)
    FUZZ_REQUIRE(s[i] == s[i]); /* reads each byte */
  (void)of, (void)line;
}

/* A call that would go on for ever meets the end of its domain. */
static void count_pause(void) {
  if (++pauses > PAUSES_MAX)
    atomic_write(&vcpu_current()->stub->park, true);
}

/* --- the machine ------------------------------------------------------------------------- */

static const struct manifest_channel channels[] = {
    {.kind = MANIFEST_CHANNEL_DISK, .front = 0, .back = 1},
    {.kind = MANIFEST_CHANNEL_EVENTS, .front = 0, .back = 1, .front_port = 5, .back_port = 6},
};

static void machine_make(void) {
  guest_machine_frames = MACHINE_FRAMES;
  guest_grant_frames = 2;
  guest_maptrack = 16;
  guests_setup(DOMAINS, channels, ARRAY_SIZE(channels));
  for (unsigned i = 0; i < BYSTANDER_PAGES; i++) {
    bystander[i] = frame_alloc(0, BYSTANDER, FRAME_RAM);
    FUZZ_REQUIRE(mfn_valid(bystander[i]));
    memset(fake_page(bystander[i]), BYSTANDER_BYTE, PAGE_SIZE);
  }
  guest_in(0, 0);
  fake_meanwhile = count_pause;
}

/* --- a call ------------------------------------------------------------------------------ */

/* Numbers that mean something at one argument or another. */
static const uint64_t values[] = {
    0,          ARGUMENT,   ARGUMENT + PAGE_SIZE - 8,    READ_ONLY,  UNMAPPED,
    RING_GFN,   DOMID_SELF, (RAM_PAGES - 1) * PAGE_SIZE, RAM_PAGES,  1ull << 46,
    1ull << 63, ~0ull,      0xfffffffffffff000,          0xffffffff, 4096,
    1024,
};

static uint64_t argument(struct fuzz_input *in) {
  uint8_t how = fuzz_u8(in);
  uint64_t value = 0;
  if (how < 0x80)
    return how;
  if (how < 0xc0)
    return values[how % ARRAY_SIZE(values)];
  fuzz_take(in, &value, how < 0xe0 ? 2 : 8);
  return value;
}

static void arguments_put(struct fuzz_input *in) {
  uint8_t block[ARGUMENT_BYTES];
  uint64_t at = ARGUMENT + (fuzz_u8(in) & 1 ? PAGE_SIZE - 8 : 0);
  fuzz_take(in, block, sizeof(block));
  for (size_t i = 0; i < sizeof(block); i += 8)
    (void)guest_write_phys(GPA(at + i), block + i, 8);
}

static void check_after_call(void) {
  FUZZ_REQUIRE(!spin_is_locked(&d->p2m.lock) && !spin_is_locked(&d->arena.lock));
  FUZZ_REQUIRE(!spin_is_locked(&d->personality.lock));
  FUZZ_REQUIRE(!spin_is_locked(&d->personality.console.io_lock));
  FUZZ_REQUIRE(d->pages <= d->max_pages);
}

static void call_step(struct fuzz_input *in, bool compat) {
  uint64_t nr = fuzz_u8(in), a[3];
  for (unsigned i = 0; i < 3; i++)
    a[i] = argument(in);
  for (unsigned i = 0; compat && i < 3; i++)
    a[i] = (uint32_t)a[i];
  pauses = 0;
  int64_t result = (int64_t)personality_hypercall(vcpu_current(), nr, a, compat);
  FUZZ_REQUIRE(result >= -ERROR_MAX);
  check_after_call();
  for (unsigned n = 0; n < DOMAINS * VCPUS; n++)
    atomic_write(&domains[n / VCPUS].vcpus[n % VCPUS].park, false);
}

enum step { CALL, CALL_COMPAT, PUT_CALL, PUT_CALL_COMPAT, BECOME, ENTER, TIME, BYTES, STEPS };

static void step(struct fuzz_input *in) {
  enum step what = fuzz_u8(in) % STEPS;
  unsigned n;
  switch (what) {
  case PUT_CALL:
  case PUT_CALL_COMPAT:
    arguments_put(in);
    call_step(in, what == PUT_CALL_COMPAT);
    break;
  case CALL:
  case CALL_COMPAT:
    call_step(in, what == CALL_COMPAT);
    break;
  case BECOME:
    n = fuzz_u8(in);
    guest_in(n / VCPUS % DOMAINS, n % VCPUS);
    break;
  case ENTER:
    guest_enter();
    break;
  case TIME:
    fake_time_pass(fake_time + (fuzz_u8(in) << 12));
    break;
  default:
    mode_32bit = fuzz_u8(in) & 1;
    (void)personality_hypercall_page(vcpu_current(), argument(in));
  }
}

/* --- what must hold at the end ------------------------------------------------------------- */

static uint8_t seen[1 << 14]; /* by frame number */

static void check_leaf(mfn_t mfn, unsigned level, enum p2m_type type) {
  for (uint64_t i = 0; i < BIT(9 * level); i++) {
    const struct frame *f = frame_of(MFN(mfn.v + i));
    bool granted = d->domid == domains[1].domid && f->owner == domains[0].domid && f->refs > 1;
    FUZZ_REQUIRE(f->refs && (f->owner == d->domid || granted) && type != P2M_NONE);
    FUZZ_REQUIRE(f->kind == FRAME_RAM || f->kind == FRAME_SHARED);
    FUZZ_REQUIRE(!seen[mfn.v + i] || granted);
    seen[mfn.v + i] = 1;
  }
}

static void check_table(mfn_t table, unsigned level) {
  const p2m_pte_t *entry = fake_page(table);
  for (unsigned i = 0; i < ARCH_P2M_ENTRIES; i++) {
    bool is_table;
    mfn_t mfn;
    enum p2m_type type;
    arch_p2m_decode(level, entry[i], &is_table, &mfn, &type);
    if (is_table)
      check_table(mfn, level - 1);
    else if (type != P2M_NONE)
      check_leaf(mfn, level, type);
  }
}

/* Every frame of the guest's memory that is not lost is in its map. */
static void check_pages(void) {
  uint64_t mapped = 0;
  for (uint64_t i = 0; i < frame_table_size(); i++)
    mapped += seen[i] && frame_of(MFN(i))->kind == FRAME_RAM && frame_of(MFN(i))->owner == d->domid;
  FUZZ_REQUIRE(mapped == d->pages);
}

static void check_bystander(void) {
  for (unsigned i = 0; i < BYSTANDER_PAGES; i++) {
    const uint8_t *page = fake_page(bystander[i]);
    const struct frame *f = frame_of(bystander[i]);
    FUZZ_REQUIRE(f->owner == BYSTANDER && f->refs == 1);
    for (unsigned n = 0; n < PAGE_SIZE; n++)
      FUZZ_REQUIRE(page[n] == BYSTANDER_BYTE);
  }
}

void fuzz_one(struct fuzz_input *in) {
  machine_make();
  for (unsigned i = 0; i < STEPS_MAX && in->left; i++)
    step(in);
  for (unsigned i = 0; i < DOMAINS; i++) {
    guest_in(i, 0);
    memset(seen, 0, sizeof(seen));
    check_table(arena_page_mfn(d->p2m.root), ARCH_P2M_LEVELS - 1);
    check_pages();
  }
  check_bystander();
}
