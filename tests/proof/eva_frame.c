/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame allocator on a table of 16 frames: blocks of every order taken, referenced, given
 * back whole and singly, by every frame number and by an owner or not.
 */
static unsigned proof_ctz(unsigned long long x) {
  unsigned n = 0;
  while (!(x & 1)) {
    x >>= 1;
    n++;
  }
  return n;
}
#define __builtin_ctzll         proof_ctz
#define __builtin_memcpy        memcpy
#define __builtin_expect(x, as) (x)
#include <hv/lib/string.c>
#include <hv/core/frame.c>

#define FRAMES 16u

/*@ requires \false; */
void panic(const char *fmt, ...);

void spin_lock(struct spinlock *l) {
  l->next++;
}
void spin_unlock(struct spinlock *l) {
  l->owner++;
}
/*@ requires mfn.v + (1 << order) <= 16; assigns \nothing; */
void arch_scrub(mfn_t mfn, unsigned order);

static struct frame records[FRAMES];

static void pool_make(uint64_t first, uint64_t last) {
  memset(records, 0, sizeof(records));
  frame_init(records, FRAMES);
  frame_add_free(MFN(first), MFN(last));
}

/* By every number, also such as there are no frames of; the second has another owner. */
static void questions(void) {
  for (uint64_t i = 0; i < FRAMES + 2; i++) {
    (void)frame_of(MFN(i));
    if (frame_get(MFN(i), 1) == STATUS_OK)
      frame_put(MFN(i));
  }
  (void)frame_get(MFN_INVALID, 1);
}

static void one_order(unsigned order) {
  mfn_t a = frame_alloc(order, 1, FRAME_RAM), b = frame_alloc(order, 2, FRAME_ARENA);
  questions();
  if (mfn_valid(b))
    frame_free(b, order);
  for (uint64_t i = 0; mfn_valid(a) && i < BIT(order); i++)
    frame_put(MFN(a.v + i));
}

/* Somebody else still has a frame of the block. */
static void held(unsigned order) {
  mfn_t m = frame_alloc(order, 1, FRAME_RAM);
  if (!mfn_valid(m) || frame_get(MFN(m.v + BIT(order) - 1), 1) != STATUS_OK)
    return;
  frame_free(m, order);
  frame_put(MFN(m.v + BIT(order) - 1));
}

int main(void) {
  for (uint64_t first = 0; first < 3; first++)
    for (uint64_t last = FRAMES - 3; last <= FRAMES; last++)
      for (unsigned order = 0; order <= 5; order++) {
        pool_make(first, last);
        one_order(order);
        held(order);
        frame_reserve(MFN(0), first, FRAME_HV);
      }
  return 0;
}
