// SPDX-License-Identifier: Apache-2.0
// Grants of another domain under fire: two vCPUs of the back map, unmap and copy with arguments
// that are mostly wrong, while two of the front rewrite its entries, give pages back and start the
// domain again, twice. What the back holds of each of its lives stays what it was, whatever the
// next life writes into all of its memory; and in the end everything works as before.
/* guest: system=fire.yaml timeout=240 expect="restart 2" xen=no (it has one domain) */
#include "rt/rt.h"

#define FRONT    1
#define BACK     2
#define LIVES    3
#define A_LIFE   (1500 * MS)
#define A_MINUTE (60000 * MS)
#define HOLES    16
#define HANDLES  70 // more than there are

// The front's memory from here on is stamped; its first pages are granted. References: INVITE and
// what follows are for the whole life, FIRE and what follows change all the time.
#define STAMPED  0x1000UL
#define END      0x2000UL
#define INVITE   8
#define STEADY   4
#define FIRE     12
#define REFS     20

// The words of a stamped page: [0] its life's stamp, [1] its number. Of the first one also: [2] the
// life that the back gave it, [3] the entries are clean, [4] the back has seen that.
#define PAGE(n)  ((volatile uint64_t *)((n)*PAGE_SIZE))

static volatile unsigned stop, stopped;

// --- The front.

static void any_entry(uint64_t *r) {
  volatile grant_entry_v1_t *entry = &grant_table()[FIRE + random_next(r) % REFS];
  entry->frame = random_next(r) % 8 ? STAMPED + STEADY + random_next(r) % HOLES : random_next(r);
  entry->domid = random_next(r) % 8 ? BACK : random_next(r) % 4;
  entry->flags = random_next(r) % 4 ? GTF_permit_access : random_next(r);
}

// A page that the back has mapped stays.
static void any_balloon(uint64_t *r) {
  xen_pfn_t gfn = STAMPED + STEADY + random_next(r) % HOLES;
  struct xen_memory_reservation arg = {.nr_extents = 1, .domid = DOMID_SELF};
  set_xen_guest_handle(arg.extent_start, &gfn);
  memory_op(random_next(r) % 2 ? XENMEM_decrease_reservation : XENMEM_populate_physmap, &arg);
}

static void front_fire(uint64_t r) {
  while (!stop)
    if (random_next(&r) % 4)
      any_entry(&r);
    else
      any_balloon(&r);
  __sync_fetch_and_add(&stopped, 1);
}

static void front_second(void) {
  front_fire(4711);
  for (;;)
    irq_wait();
}

static void stamp_all(void) {
  uint64_t stamp = time_ns() | 1;
  for (uint64_t n = STAMPED; n < END; n++) {
    memset((void *)PAGE(n), 0, PAGE_SIZE);
    PAGE(n)[0] = stamp;
    PAGE(n)[1] = n;
  }
  for (unsigned i = STEADY; i; i--) // the invitation last
    grant_allow(INVITE + i - 1, BACK, STAMPED + i - 1, 0);
}

static void front_clean(void) {
  xen_pfn_t gfn;
  struct xen_memory_reservation arg = {.nr_extents = 1, .domid = DOMID_SELF};
  set_xen_guest_handle(arg.extent_start, &gfn);
  for (unsigned i = 0; i < REFS; i++) {
    gfn = STAMPED + STEADY + i % HOLES;
    memory_op(XENMEM_populate_physmap, &arg); // if it is not there
    PAGE(gfn)[1] = gfn;
    grant_table()[FIRE + i].flags = 0;
    grant_allow(FIRE + i, BACK, gfn, 0);
  }
}

static void front(void) {
  volatile uint64_t *invite = PAGE(STAMPED);
  uint64_t start = time_ns();
  grant_table();
  stamp_all();
  check_eq("grant_fire.front.start", cpu_start(1, front_second), 0);
  CHECK("grant_fire.front.found", WAIT(invite[2], A_MINUTE));
  for (uint64_t r = start; time_ns() < start + A_LIFE;)
    (random_next(&r) % 4 ? any_entry : any_balloon)(&r);
  if (invite[2] < LIVES)
    shutdown(SHUTDOWN_reboot);
  stop = 1;
  CHECK("grant_fire.front.stopped", WAIT(stopped, A_MINUTE));
  front_clean();
  invite[3] = 1;
  CHECK("grant_fire.front.served", WAIT(invite[4], A_MINUTE));
}

// --- The back.

static uint64_t hole[HOLES];
static volatile unsigned mapped[2], copied[2];
static volatile grant_handle_t last[HOLES];

static struct pin {
  uint64_t gfn, stamp;
  grant_handle_t handle;
} pins[LIVES][STEADY];

static unsigned any_ref(uint64_t *r) {
  return random_next(r) % 8   ? FIRE + random_next(r) % REFS
         : random_next(r) % 4 ? 500 + random_next(r) % 20
                              : random_next(r);
}

static void any_map(unsigned vcpu, uint64_t *r) {
  unsigned slot = random_next(r) % HOLES;
  grant_handle_t handle;
  domid_t domid = random_next(r) % 8 ? FRONT : random_next(r) % 5;
  if (grant_map(domid, any_ref(r), hole[slot], random_next(r) % 3 ? 0 : GNTMAP_readonly, &handle))
    return;
  mapped[vcpu]++;
  last[slot] = handle;
  (void)*(volatile uint64_t *)(hole[slot] * PAGE_SIZE); // it may be gone already: then all ones
}

static void any_unmap(uint64_t *r) {
  unsigned slot = random_next(r) % HOLES;
  grant_unmap(random_next(r) % 4 ? last[slot] : random_next(r) % HANDLES, hole[slot]);
}

static void any_copy(unsigned vcpu, uint64_t *r) {
  static uint64_t own[2][PAGE_SIZE / 8] __attribute__((aligned(PAGE_SIZE)));
  struct gnttab_copy_ptr theirs = {
      .u.ref = any_ref(r), .domid = FRONT, .offset = 16 + random_next(r) % 4090};
  struct gnttab_copy_ptr ours = {.u.gmfn = (uintptr_t)own[vcpu] / PAGE_SIZE,
                                 .domid = DOMID_SELF,
                                 .offset = random_next(r) % 4200};
  struct gnttab_copy op = {.len = random_next(r) % 5000,
                           .flags = random_next(r) % 2 ? GNTCOPY_source_gref : GNTCOPY_dest_gref};
  op.source = op.flags == GNTCOPY_source_gref ? theirs : ours;
  op.dest = op.flags == GNTCOPY_source_gref ? ours : theirs;
  copied[vcpu] += !grant_op(GNTTABOP_copy, &op, 1) && op.status == GNTST_okay;
}

static void back_step(unsigned vcpu, uint64_t *r) {
  unsigned what = random_next(r) % 5;
  if (what < 2)
    any_map(vcpu, r);
  else if (what < 4)
    any_unmap(r);
  else
    any_copy(vcpu, r);
}

static void back_second(void) {
  for (uint64_t r = 815; !stop;)
    back_step(1, &r);
  __sync_fetch_and_add(&stopped, 1);
  for (;;)
    irq_wait();
}

static unsigned pins_wrong(unsigned lives) {
  unsigned wrong = 0;
  for (unsigned life = 0; life < lives; life++)
    for (unsigned i = 0; i < STEADY; i++) {
      const struct pin *p = &pins[life][i];
      wrong += PAGE(p->gfn)[0] != p->stamp || PAGE(p->gfn)[1] != STAMPED + i;
    }
  return wrong;
}

// Is there a life whose stamp is not the last one's? Then its steady pages are held.
static int find_life(unsigned life) {
  struct pin *pin = pins[life];
  if (!pin->gfn)
    for (unsigned i = 0; i < STEADY; i++)
      pin[i].gfn = hole_alloc();
  if (grant_map(FRONT, INVITE, pin->gfn, 0, &pin->handle))
    return 0;
  pin->stamp = PAGE(pin->gfn)[0];
  if (life && pin->stamp == pins[life - 1]->stamp) {
    grant_unmap(pin->handle, pin->gfn);
    return 0;
  }
  for (unsigned i = 1; i < STEADY; i++) {
    check_eq("grant_fire.back.steady", grant_map(FRONT, INVITE + i, pin[i].gfn, 0, &pin[i].handle),
             0);
    pin[i].stamp = pin->stamp;
  }
  PAGE(pin->gfn)[2] = life + 1;
  return 1;
}

static unsigned fire_until(int (*done)(unsigned), unsigned argument, uint64_t *r) {
  unsigned wrong = 0;
  uint64_t end = time_ns() + A_MINUTE;
  while (!done(argument) && time_ns() < end) {
    for (unsigned i = 0; i < 200; i++)
      back_step(0, r);
    wrong += pins_wrong(argument);
  }
  CHECK("grant_fire.back.in_time", time_ns() < end);
  return wrong;
}

static int is_clean(unsigned life) {
  return PAGE(pins[life - 1]->gfn)[3];
}

static void release_all(void) {
  unsigned bad = 0;
  for (unsigned handle = 0; handle < HANDLES; handle++)
    for (unsigned i = 0; i < HOLES; i++)
      grant_unmap(handle, hole[i]);
  for (unsigned life = 0; life < LIVES; life++)
    for (unsigned i = 0; i < STEADY; i++)
      bad += life < LIVES - 1 && grant_unmap(pins[life][i].handle, pins[life][i].gfn);
  check_eq("grant_fire.back.released", bad, 0);
}

static void back(void) {
  uint64_t r = 42;
  unsigned wrong = 0, bad = 0;
  for (unsigned i = 0; i < HOLES; i++)
    hole[i] = hole_alloc();
  check_eq("grant_fire.back.start", cpu_start(1, back_second), 0);
  for (unsigned life = 0; life < LIVES; life++)
    wrong += fire_until(find_life, life, &r);
  wrong += fire_until(is_clean, LIVES, &r);
  stop = 1;
  CHECK("grant_fire.back.stopped", WAIT(stopped, A_MINUTE));
  check_eq("grant_fire.back.held", wrong + pins_wrong(LIVES), 0);
  printf("mapped %u and %u times, copied %u and %u\n", mapped[0], mapped[1], copied[0], copied[1]);
  CHECK("grant_fire.back.some_worked",
        mapped[0] > 20 && mapped[1] > 20 && copied[0] > 20 && copied[1] > 20);
  release_all();
  for (unsigned i = 0; i < REFS; i++) {
    grant_handle_t handle;
    int status = grant_map(FRONT, FIRE + i, hole[0], 0, &handle);
    bad += status || PAGE(hole[0])[1] != STAMPED + STEADY + i % HOLES;
    bad += status || grant_unmap(handle, hole[0]);
  }
  check_eq("grant_fire.back.works_after", bad, 0);
  PAGE(pins[LIVES - 1]->gfn)[4] = 1;
}

void test_main(void) {
  if (role("front"))
    front();
  else
    back();
}
