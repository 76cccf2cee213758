/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a CPU has in sight: its slots, its windows, the linked arena and that
 * arena's view of guest memory.
 */
#include <arch/arch.h>
#include <asm/platform.h>
#include <asm/asid.h>
#include <asm/private.h>
#include <asm/vendor.h>
#include <lib/atomic.h>
#include <lib/lib.h>
#include "region.h"

uint64_t text_table, shared_table;

void slot_link(unsigned slot, uint64_t table, uint64_t flags) {
  *(volatile uint64_t *)&this_private->top_table[slot] = table | flags;
}

void slot_unlink(unsigned slot) {
  slot_link(slot, 0, 0);
  tlb_flush_local();
}

/* --- windows ------------------------------------------------------------------ */

static uint64_t window_va(unsigned i) {
  return PRIVATE_WINDOWS + i * PAGE_SIZE;
}

/* Known when this is compiled, but for `i`: windows are opened often. */
static volatile uint64_t *window_pte(unsigned i) {
  return region_pte(PRIVATE_WINDOWS) + i;
}

void *arch_window_open(mfn_t mfn, bool writable) {
  unsigned i = this_private->windows_open++;
  assert(i < ARCH_WINDOWS);
  *window_pte(i) = mfn_to_maddr(mfn).v | (writable ? PTE_RW : PTE_RO);
  this_private->cpu->windows++;
  return (void *)window_va(i);
}

void arch_window_close(void *window) {
  unsigned i = --this_private->windows_open;
  assert((uint64_t)window == window_va(i));
  *window_pte(i) = 0;
  tlb_flush_page((uint64_t)window);
}

/* One instruction for eight bytes: a plain loop takes three or four. */
void arch_window_copy(void *to, const void *from, size_t n) {
  size_t words = n / 8;
  asm volatile("rep movsq; mov %3, %2; rep movsb"
               : "+&D"(to), "+&S"(from), "+&c"(words)
               : "r"(n % 8)
               : "memory");
}

/* A kibibyte a turn, by the widest stores that every 64-bit processor has. The guest's XMM0 is
 * back in its register at the end, and no copy stays on the stack. */
static void zero(void *p, uint64_t bytes) {
  uint64_t xmm0[2];
  asm volatile("movups %%xmm0, %2; xorps %%xmm0, %%xmm0;"
               "1: .set zero_at, 0;"
               ".rept 64; movaps %%xmm0, zero_at(%0); .set zero_at, zero_at + 16; .endr;"
               "add $1024, %0; sub $1024, %1; jnz 1b;"
               "movups %2, %%xmm0; movq $0, %2; movq $0, 8+%2"
               : "+&r"(p), "+&r"(bytes), "=m"(xmm0)::"memory", "cc");
}

static void scrub_large(uint64_t maddr) {
  uint64_t *pde = region_pde(PRIVATE_BIG_WINDOW);
  *(volatile uint64_t *)pde = maddr | PTE_RW | PTE_LARGE;
  zero((void *)PRIVATE_BIG_WINDOW, PAGE_SIZE << FRAME_ORDER_2M);
  *(volatile uint64_t *)pde = 0;
  tlb_flush_page(PRIVATE_BIG_WINDOW);
}

void arch_scrub(mfn_t mfn, unsigned order) {
  uint64_t start = rdtsc(), frames = 1ull << order;
  if (order < FRAME_ORDER_2M) {
    for (uint64_t i = 0; i < frames; i++) {
      void *w = arch_window_open(MFN(mfn.v + i), true);
      zero(w, PAGE_SIZE);
      arch_window_close(w);
    }
  } else {
    for (uint64_t i = 0; i < frames; i += 1ul << FRAME_ORDER_2M) {
      scrub_large(mfn_to_maddr(MFN(mfn.v + i)).v);
      arch_cpu_serve();
    }
  }
  atomic_add(&boot_ticks.copy, rdtsc() - start);
}

/* --- arenas --------------------------------------------------------------------- */

char *const arch_arena_heap_start = (char *)ARENA_BASE + PAGE_SIZE;
char *const arch_arena_heap_end = (char *)ARENA_BASE + (64ul << 30);

static struct region_payer arena_payer(uint16_t domid) {
  return (struct region_payer){domid, FRAME_ARENA};
}

enum status arch_arena_create(struct domain_stub *d) {
  mfn_t table = region_create(arena_payer(d->domid));
  if (!mfn_valid(table))
    return STATUS_NO_MEMORY;
  d->arch.heap_pdpt = mfn_to_maddr(table).v;
  slot_link(SLOT_ARENA, d->arch.heap_pdpt, PTE_TABLE | PTE_NX);
  enum status s = region_map_new(ARENA_BASE, 1, arena_payer(d->domid));
  slot_unlink(SLOT_ARENA);
  return s;
}

/* The guest's level-3 tables carry the user bit, so that SMAP guards them, and execution is
 * forbidden at the top whatever the guest's own entries say. */
void mm_guest_slots_link(struct domain_stub *d) {
  for (unsigned i = 0; i < GUEST_SLOTS; i++) {
    uint64_t table = d->arch.guest_pdpt[i];
    slot_link(SLOT_GUEST + i, table, table ? PTE_TABLE | PTE_U | PTE_NX : 0);
  }
}

/* Nothing of the arena is in this CPU's TLB: the last unlink flushed it, and guest entries compare
 * generations. So the generation that flush_link read is good at once (p2m.c has the protocol). */
static void arena_link(struct domain_stub *d) {
  struct cpu *c = this_private->cpu;
  uint64_t generation = flush_link(c, d);
  slot_link(SLOT_ARENA, d->arch.heap_pdpt, PTE_TABLE | PTE_NX);
  mm_guest_slots_link(d);
  flush_ack(c, generation);
}

static void arena_unlink(void) {
  for (unsigned i = 0; i < GUEST_SLOTS; i++)
    slot_link(SLOT_GUEST + i, 0, 0);
  slot_unlink(SLOT_ARENA); /* flushes for all of them */
  flush_unlink(this_private->cpu);
}

void arch_arena_switch(struct domain_stub *d) {
  const struct domain_stub *linked = this_private->cpu->linked;
  if (linked == d)
    return;
  if (linked)
    arena_unlink();
  if (d)
    arena_link(d);
}

void arch_cpu_serve(void) {
  struct cpu *c = this_private->cpu;
  if (unlikely(atomic_read(&c->serve)))
    flush_serve(c);
  asm volatile("pause");
}

enum status arch_arena_map(void *va, mfn_t mfn) {
  return region_map((uint64_t)va, mfn_to_maddr(mfn).v, PTE_RW,
                    arena_payer(this_private->cpu->linked->domid));
}

/* The page may be mapped in the TLBs of siblings that have this arena linked. */
void arch_arena_unmap(void *va) {
  region_unmap((uint64_t)va);
  p2m_flush(domain_current());
}

/* --- the nested page table's format: NPT (APM vol. 2, 15.25.5), EPT (SDM vol. 3, 28.3.2) --- */

bool arch_p2m_leaf_allowed(unsigned level) {
  return !level || (level <= 1u + cpu_features.page1g && !cpu_features.small_leaves);
}

/* Bits 9 to 11 are free for software in both formats: the type. */
#define P2M_TYPE_SHIFT 9

p2m_pte_t arch_p2m_leaf(unsigned level, mfn_t mfn, enum p2m_type t) {
  uint64_t e = mfn_to_maddr(mfn).v | (uint64_t)t << P2M_TYPE_SHIFT;
  e |= t == P2M_MMIO ? vendor->p2m_device : vendor->p2m_memory;
  if (t == P2M_RAM || t == P2M_MMIO || t == P2M_FOREIGN)
    e |= PTE_W;
  return e | (level ? PTE_LARGE : 0);
}

p2m_pte_t arch_p2m_table(unsigned level __unused_param, mfn_t table) {
  return mfn_to_maddr(table).v | vendor->p2m_table;
}

void arch_p2m_decode(unsigned level, p2m_pte_t e, bool *is_table, mfn_t *mfn, enum p2m_type *t) {
  *is_table = (e & PTE_P) && level && !(e & PTE_LARGE);
  *t = (e & PTE_P) && !*is_table ? (enum p2m_type)((e >> P2M_TYPE_SHIFT) & 7) : P2M_NONE;
  *mfn = maddr_to_mfn(MADDR(e & PTE_ADDR));
}

void arch_p2m_write(p2m_pte_t *slot, unsigned level __unused_param, p2m_pte_t e) {
  atomic_store(slot, e);
}

unsigned arch_p2m_bits(void) {
  unsigned slots_bits = SLOT_BITS + 3; /* GUEST_SLOTS is 8 */
  return MIN(slots_bits, cpu_features.phys_bits);
}

void arch_p2m_changed(struct domain *d, gfn_t gfn, unsigned level) {
  vendor->view_changed(d, gfn.v << PAGE_SHIFT, level);
}

void arch_p2m_flush_local(struct domain_stub *d) {
  struct vcpu *v = this_private->vcpu;
  if (v)
    asid_drop(v);
  mm_guest_slots_link(d);
  tlb_flush_local();
}
