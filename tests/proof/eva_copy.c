/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arithmetic of copies from and to guest memory (hv/arch/x86_64/mm/guest_copy.c), for any
 * address, and lengths over up to three pages: no piece leaves its page, its buffer or the guest's
 * address space, and the walk may answer what it likes.
 */
#include <arch/arch.h>
#include <guest.h>
#include <p2m.h>
#include <lib/lib.h>

#define GUEST_GPA_LIMIT (1ul << 46)
#define WALK_WRITE      1u
#define WALK_USER       2u
#define WALK_IMPLICIT   4u
#define BYTES           8200u

struct x86_mode {
  unsigned cpl;
};
struct walk_fault {
  unsigned unused;
};
struct vendor_operations {
  void (*get_mode)(struct vcpu *v, struct x86_mode *m);
  bool (*view_fill)(struct domain *d, uint64_t gpa);
};

extern uint64_t any(void);
static struct domain the_domain;
static struct vcpu the_vcpu = {.domain = &the_domain};
static unsigned char buffer[BYTES];

static void mode_any(struct vcpu *v, struct x86_mode *m) {
  m->cpl = any() & 3;
}
static bool view_any(struct domain *d, uint64_t gpa) {
  return any() & 1;
}
static const struct vendor_operations operations = {mode_any, view_any};
static const struct vendor_operations *const vendor = &operations;

struct vcpu *vcpu_current(void) {
  return &the_vcpu;
}
static void user_open(void) {
}
static void user_close(void) {
}

/* What the copy at ARENA + G rests on. */
/*@ requires n <= 4096 && gpa < (1UL << 46) && gpa % 4096 + n <= 4096;
  @ requires \valid_read((unsigned char *)from + (0 .. n - 1)); assigns \result \from gpa;
  @ ensures \result == 0 || \result == 1; */
bool user_write(uint64_t gpa, const void *from, size_t n);
/*@ requires n <= 4096 && gpa < (1UL << 46) && gpa % 4096 + n <= 4096;
  @ requires \valid((unsigned char *)to + (0 .. n - 1)); assigns \result \from gpa;
  @ ensures \result == 0 || \result == 1; */
bool user_read(void *to, uint64_t gpa, size_t n);

/* Any frame; the place in the page stays (hv/arch/x86_64/mm/walk.c). */
static bool walk_mode(struct vcpu *v, const struct x86_mode *m, uint64_t linear, unsigned access,
                      uint64_t *gpa, struct walk_fault *fault) {
  *gpa = (any() << PAGE_SHIFT) + linear % PAGE_SIZE;
  return any() & 1;
}

/*@ assigns \result \from gfn; */
struct p2m_entry p2m_lookup(const struct domain *d, gfn_t gfn);
/*@ assigns \result \from gfn; */
enum status p2m_set_type(struct p2m_locked p, gfn_t gfn, enum p2m_type t);
struct p2m_locked p2m_lock(struct domain *d) {
  return (struct p2m_locked){d};
}
void p2m_unlock(struct p2m_locked p) {
}

bool guest_map_allows(struct vcpu *v, uint64_t gpa, bool write);
bool guest_resolve(struct vcpu *v, uint64_t gpa, bool write);
#include <hv/arch/x86_64/mm/guest_copy.c>

int main(void) {
  static const size_t lengths[] = {0, 1, 8, 4095, 4096, 4097, BYTES};
  static const uint64_t places[] = {0, 1, 8, 2048, 4088, 4095};
  for (unsigned i = 0; i < ARRAY_SIZE(lengths); i++)
    for (unsigned p = 0; p < ARRAY_SIZE(places); p++) {
      uint64_t at = (any() << PAGE_SHIFT) + places[p];
      (void)guest_read(buffer + BYTES - lengths[i], GVA(at), lengths[i]);
      (void)guest_write(GVA(at), buffer + BYTES - lengths[i], lengths[i]);
      (void)guest_write_implicit(GVA(at), buffer + BYTES - lengths[i], lengths[i]);
      (void)guest_read_phys(buffer + BYTES - lengths[i], GPA(at), lengths[i]);
      (void)guest_write_phys(GPA(at), buffer + BYTES - lengths[i], lengths[i]);
    }
  return 0;
}
