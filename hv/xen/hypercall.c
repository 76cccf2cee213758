/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of hypercalls, dispatch, and the page through which guests make
 * them.
 */
#include <abi/xen/hvm.h>
#include <xen/internal.h>

#define TABLE_SIZE         64 /* a power of two: the mask keeps speculation inside */
#define PAGE_ENTRY_SIZE    32
#define INSN_MOV_EAX       0xb8
#define INSN_RET           0xc3
#define INSN_INT3          0xcc
#define HYPERCALLS_ON_PAGE (PAGE_SIZE / PAGE_ENTRY_SIZE)

struct hypercall {
  int64_t (*handler)(struct vcpu *v, const uint64_t *a);
  uint8_t refusal; /* XEN_E*, 0: ENOSYS */
};

static const struct hypercall hypercalls[TABLE_SIZE] = {
#define HYPERCALL(name, arguments, callers, length, tests)                                         \
  [__HYPERVISOR_##name] = {.handler = hypercall_##name},
#define REFUSED(name, error, why) [__HYPERVISOR_##name] = {.refusal = XEN_##error},
#include <xen/hypercalls.def>
#undef HYPERCALL
#undef REFUSED
};

int64_t hypercall_dispatch(struct vcpu *v, uint64_t nr, const uint64_t a[3]) {
  if (unlikely(nr >= TABLE_SIZE))
    return -XEN_ENOSYS;
  const struct hypercall *h = &hypercalls[nr % TABLE_SIZE];
  if (likely(h->handler))
    return h->handler(v, a);
  return h->refusal ? -(int64_t)h->refusal : -XEN_ENOSYS;
}

uint64_t personality_hypercall(struct vcpu *v, uint64_t nr, const uint64_t args[3], bool compat) {
  if (!ENABLED(CONFIG_GUEST_32BIT) && compat)
    return (uint64_t)-XEN_ENOSYS;
  v->personality.compat_call = compat;
  return (uint64_t)hypercall_dispatch(v, nr, args);
}

/* One entry: mov $nr, %eax; vmmcall or vmcall; ret. iret is no hypercall of a translated guest and
 * faults: ud2. */
static void page_entry(uint8_t entry[PAGE_ENTRY_SIZE], uint32_t nr) {
  const uint8_t *insn = arch_hypercall_insn();
  memset(entry, INSN_INT3, PAGE_ENTRY_SIZE);
  if (nr == __HYPERVISOR_iret) {
    entry[0] = 0x0f;
    entry[1] = 0x0b;
    return;
  }
  entry[0] = INSN_MOV_EAX;
  memcpy(entry + 1, &nr, sizeof(nr));
  memcpy(entry + 5, insn, 3);
  entry[8] = INSN_RET;
}

enum status personality_hypercall_page(struct vcpu *v, uint64_t value) {
  uint8_t entry[PAGE_ENTRY_SIZE];
  if (value % PAGE_SIZE)
    return STATUS_INVALID;
  for (uint32_t nr = 0; nr < HYPERCALLS_ON_PAGE; nr++) {
    page_entry(entry, nr);
    enum status s = guest_write_phys(GPA(value + nr * PAGE_ENTRY_SIZE), entry, sizeof(entry));
    if (s)
      return s;
  }
  shared_latch(v, arch_vcpu_is_32bit(v));
  return STATUS_OK;
}
