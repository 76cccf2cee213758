/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the loader's memory to ours: takes the first frames straight from the
 * memory map, builds the shared and private regions, maps the image with one
 * right too few for every attack, fills the frame table. All of it is gone
 * when the first guest runs.
 */
#include <asm/platform.h>
#include <asm/private.h>
#include <lib/lib.h>
#include <arch/arch.h>
#include "region.h"

#define LOW_MEMORY  0x100000ull /* the first MiB stays out: trampoline, firmware data */
#define BOOT_MAPPED (1ull << 32)
#define RANGES_MAX  (2 * BOOT_REGIONS_MAX)

extern char _text[], _etext[], _rodata[], _erodata[], _data[], _end[], _boot_start[],
    _boot_text_end[], _boot_end[];

/* Usable RAM less what is in use, page-aligned, ascending. */
static __boot_data struct boot_region ranges[RANGES_MAX];
static __boot_data unsigned range_count;
static bool early = true; /* stays: mm_frame does */
static __boot_data uint64_t shared_heap_next;

uint64_t mm_frame_table_frames, mm_early_private;

static const struct region_payer shared_payer = {OWNER_HV, FRAME_HV};
static const struct region_payer private_payer = {OWNER_HV, FRAME_PRIVATE};

void *boot_phys(uint64_t maddr) {
  assert(maddr < BOOT_MAPPED);
  return (void *)maddr;
}

static uint64_t image_maddr(const void *va) {
  return (uint64_t)va - TEXT_BASE;
}

/* --- early ranges ------------------------------------------------------------ */

static __boot void range_add(uint64_t start, uint64_t end) {
  start = ALIGN_UP(start, PAGE_SIZE);
  end = ALIGN_DOWN(end, PAGE_SIZE);
  if (start >= end || range_count == RANGES_MAX)
    return;
  ranges[range_count++] = (struct boot_region){start, end};
}

/* Take [start, end) out of all ranges. */
static __boot void range_cut(uint64_t start, uint64_t end) {
  unsigned n = range_count;
  for (unsigned i = 0; i < n; i++) {
    struct boot_region r = ranges[i];
    if (end <= r.start || start >= r.end)
      continue;
    ranges[i].end = MAX(r.start, MIN(r.end, ALIGN_DOWN(start, PAGE_SIZE)));
    range_add(MAX(end, r.start), r.end);
  }
}

/* One frame from the end of the largest range that ends below `limit`. */
static __boot uint64_t early_take(uint64_t limit) {
  struct boot_region *best = NULL;
  for (unsigned i = 0; i < range_count; i++) {
    struct boot_region *r = &ranges[i];
    bool usable = r->end <= limit && r->end > r->start;
    if (usable && (!best || r->end - r->start > best->end - best->start))
      best = r;
  }
  if (!best)
    panic("no memory for the hypervisor's own tables");
  best->end -= PAGE_SIZE;
  return best->end;
}

static __boot mfn_t early_frame(void) {
  uint64_t a = early_take(BOOT_MAPPED);
  memset(boot_phys(a), 0, PAGE_SIZE);
  return maddr_to_mfn(MADDR(a));
}

/* What is taken early is marked as the hypervisor's later, whoever pays. */
mfn_t mm_frame(struct region_payer p) {
  if (!early)
    return frame_alloc(0, p.owner, p.kind);
  mm_early_private += p.kind == FRAME_PRIVATE;
  return early_frame();
}

mfn_t region_create(struct region_payer p) {
  mfn_t m = mm_frame(p);
  if (!mfn_valid(m))
    return m;
  uint64_t *table = early ? boot_phys(mfn_to_maddr(m).v) : arch_window_open(m, true);
  table[REGION_SELF] = mfn_to_maddr(m).v | PTE_TABLE | PTE_NX;
  if (!early)
    arch_window_close(table);
  return m;
}

/* --- private parts -------------------------------------------------------------- */

static __boot void private_map(uint64_t base, uint64_t va, unsigned frames) {
  if (region_map_new(base + (va - PRIVATE_BASE), frames, private_payer))
    panic("no memory for a CPU's private part");
}

/* Fill the private region that is linked at `base` (PRIVATE_BASE, or the
 * arena's slot while it is made for another CPU). */
static __boot void private_fill(uint64_t base, struct cpu *c, mfn_t top) {
  static const struct {
    uint64_t va;
    unsigned frames;
  } parts[] = {{PRIVATE_CPU, 2},      {PRIVATE_NMI_STACK, 1},  {PRIVATE_MC_STACK, 1},
               {PRIVATE_DF_STACK, 1}, {PRIVATE_IDLE_STACK, 2}, {PRIVATE_VENDOR, 2}};
  for (unsigned i = 0; i < ARRAY_SIZE(parts); i++)
    private_map(base, parts[i].va, parts[i].frames);
  region_map(base + (PRIVATE_TOP_TABLE - PRIVATE_BASE), mfn_to_maddr(top).v, PTE_RW, private_payer);
  region_prepare(base + (PRIVATE_WINDOWS - PRIVATE_BASE), private_payer);

  struct cpu_private *p = (void *)(base + (PRIVATE_CPU - PRIVATE_BASE));
  p->cpu = c;
  p->top_table = (uint64_t *)PRIVATE_TOP_TABLE;
  p->top_table_maddr = mfn_to_maddr(top).v;
  for (unsigned i = 0; i < 2; i++)
    p->vendor_maddr[i] =
        *region_pte(base + (PRIVATE_VENDOR - PRIVATE_BASE) + i * PAGE_SIZE) & PTE_ADDR;
}

static __boot void top_fill(uint64_t *top, uint64_t identity, mfn_t private) {
  top[0] = identity;
  top[SLOT_TEXT] = text_table | PTE_TABLE;
  top[SLOT_SHARED] = shared_table | PTE_TABLE | PTE_NX;
  top[SLOT_PRIVATE] = mfn_to_maddr(private).v | PTE_TABLE | PTE_NX;
}

static uint64_t top_tables[CPUS_MAX];

uint64_t mm_cpu_top_table(struct cpu *c) {
  return top_tables[c->id];
}

__boot void mm_cpu_create(struct cpu *c) {
  mfn_t private = region_create(private_payer), top = mm_frame(private_payer);
  if (!mfn_valid(private) || !mfn_valid(top))
    panic("no memory for CPU %u", c->id);
  uint64_t *t = arch_window_open(top, true);
  top_fill(t, this_private->top_table[0], private);
  arch_window_close(t);
  slot_link(SLOT_ARENA, mfn_to_maddr(private).v, PTE_TABLE | PTE_NX);
  private_fill(ARENA_BASE, c, top);
  slot_unlink(SLOT_ARENA);
  top_tables[c->id] = mfn_to_maddr(top).v;
}

/* --- the image, W^X --------------------------------------------------------------- */

static __boot void image_map(const char *from, const char *to, uint64_t flags) {
  for (const char *p = from; p < to; p += PAGE_SIZE) {
    uint64_t at = ARENA_BASE + ((uint64_t)p - SLOT_VA(SLOT_TEXT));
    if (region_map(at, image_maddr(p), flags | PTE_G, shared_payer))
      panic("no memory to map the image");
  }
}

/* Built beside the loader's mapping, at the arena's slot, then put in its place. */
static __boot void image_remap(void) {
  slot_link(SLOT_ARENA, text_table, PTE_TABLE);
  image_map(_text, _etext, PTE_RX);
  image_map(_rodata, _erodata, PTE_RO);
  image_map(_data, _end, PTE_RW);
  image_map(_boot_start, _boot_text_end, PTE_RX);
  image_map(_boot_text_end, _boot_end, PTE_RW);
  slot_unlink(SLOT_ARENA);
  slot_link(SLOT_TEXT, text_table, PTE_TABLE);
  tlb_flush_local();
}

/* --- frame records ------------------------------------------------------------------ */

static __boot bool ram_overlaps(uint64_t start, uint64_t end) {
  for (unsigned i = 0; i < boot_info.ram_count; i++)
    if (boot_info.ram[i].start < end && start < boot_info.ram[i].end)
      return true;
  return false;
}

/* Back the records of RAM with memory; those of holes read as zeroes (ABSENT). */
static __boot uint64_t frame_table_map(void) {
  uint64_t top = 0, covered = PAGE_SIZE / sizeof(struct frame) * PAGE_SIZE;
  for (unsigned i = 0; i < boot_info.ram_count; i++)
    top = MAX(top, boot_info.ram[i].end);
  uint64_t zero = mfn_to_maddr(early_frame()).v, va = FRAME_TABLE_BASE;
  for (uint64_t a = 0; a < top; a += covered, va += PAGE_SIZE) {
    bool ram = ram_overlaps(a, a + covered);
    region_map(va, ram ? early_take(~0ull) : zero, ram ? PTE_RW : PTE_RO, shared_payer);
    if (!ram)
      continue;
    memset((void *)va, 0, PAGE_SIZE);
    mm_frame_table_frames++;
  }
  return top >> PAGE_SHIFT;
}

static __boot bool in_ranges(uint64_t a, uint64_t *end) {
  *end = ~0ull;
  for (unsigned i = 0; i < range_count; i++) {
    if (a >= ranges[i].start && a < ranges[i].end) {
      *end = ranges[i].end;
      return true;
    }
    if (ranges[i].start > a)
      *end = MIN(*end, ranges[i].start);
  }
  return false;
}

/* What of the RAM is not in the ranges any more is in use: by the image, or by early frames. */
static __boot void frame_table_fill(void) {
  for (unsigned i = 0; i < boot_info.ram_count; i++) {
    uint64_t end, a = ALIGN_UP(boot_info.ram[i].start, PAGE_SIZE);
    uint64_t last = ALIGN_DOWN(boot_info.ram[i].end, PAGE_SIZE);
    for (; a < last; a = end) {
      bool free = in_ranges(a, &end);
      end = MIN(end, last);
      if (free)
        frame_add_free(maddr_to_mfn(MADDR(a)), maddr_to_mfn(MADDR(end)));
      else
        frame_reserve(maddr_to_mfn(MADDR(a)), (end - a) >> PAGE_SHIFT, FRAME_HV);
    }
  }
  if (boot_info.module_end > boot_info.module_start) {
    uint64_t first = boot_info.module_start >> PAGE_SHIFT;
    uint64_t last = DIV_ROUND_UP(boot_info.module_end, PAGE_SIZE);
    frame_reserve(MFN(first), last - first, FRAME_PAYLOAD);
  }
}

/* --- in order --------------------------------------------------------------------------- */

static __boot void ranges_init(void) {
  for (unsigned i = 0; i < boot_info.ram_count; i++)
    range_add(boot_info.ram[i].start, boot_info.ram[i].end);
  range_cut(0, LOW_MEMORY);
  range_cut(image_maddr(_text), ALIGN_UP(image_maddr(_end), PAGE_SIZE));
  range_cut(boot_info.module_start, boot_info.module_end);
}

static __boot void boot_cpu_tables(void) {
  uint64_t *loader_top = boot_phys(read_cr3() & PTE_ADDR);
  mfn_t top = mm_frame(private_payer), private = region_create(private_payer);
  text_table = mfn_to_maddr(region_create(shared_payer)).v;
  shared_table = mfn_to_maddr(region_create(shared_payer)).v;
  uint64_t *t = boot_phys(mfn_to_maddr(top).v);
  top_fill(t, loader_top[0], private);
  t[SLOT_TEXT] = loader_top[SLOT_TEXT];
  asm volatile("mov %0, %%cr3" ::"r"(mfn_to_maddr(top).v) : "memory");
  private_fill(PRIVATE_BASE, &cpus[0], top);
  top_tables[0] = mfn_to_maddr(top).v;
}

__boot void mm_init(void) {
  ranges_init();
  boot_cpu_tables();
  image_remap();
  shared_heap_next = SHARED_HEAP_BASE;
  uint64_t frames = frame_table_map();
  frame_init((struct frame *)FRAME_TABLE_BASE, frames);
  frame_table_fill();
  early = false;
}

/* --- the shared heap ------------------------------------------------------------------------ */

static __boot void *shared_map(uint64_t maddr, uint64_t size, uint64_t flags) {
  uint64_t va = shared_heap_next, first = ALIGN_DOWN(maddr, PAGE_SIZE);
  uint64_t pages = DIV_ROUND_UP(maddr + size - first, PAGE_SIZE);
  for (uint64_t i = 0; i < pages; i++)
    if (region_map(va + i * PAGE_SIZE, first + i * PAGE_SIZE, flags | PTE_G, shared_payer))
      return NULL;
  shared_heap_next += (pages + 1) * PAGE_SIZE; /* an unmapped page between any two */
  return (void *)(va + (maddr - first));
}

__boot void *mm_map_device(uint64_t maddr, uint64_t size) {
  return shared_map(maddr, size, PTE_DEV);
}

__boot void *mm_map_shared(uint64_t maddr, uint64_t size, bool writable) {
  return shared_map(maddr, size, writable ? PTE_RW : PTE_RO);
}

__boot void *mm_shared_alloc(uint64_t size) {
  uint64_t va = shared_heap_next;
  unsigned pages = DIV_ROUND_UP(size, PAGE_SIZE);
  if (region_map_new(va, pages, shared_payer))
    return NULL;
  shared_heap_next += (pages + 1) * PAGE_SIZE;
  return (void *)va;
}

/* --- the end of boot -------------------------------------------------------------------------- */

/* Runs from the permanent text. The last CPU to come also gives the boot sections back. */
void mm_finish_boot(void) {
  slot_unlink(0);
  if (this_private->cpu->id != 0)
    return;
  for (uint64_t va = (uint64_t)_boot_start; va < (uint64_t)_boot_end; va += PAGE_SIZE)
    frame_free(maddr_to_mfn(MADDR(region_unmap(va) & PTE_ADDR)), 0);
}
