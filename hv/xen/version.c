/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xen_version: who we are and what the guest may count on; and the CPUID
 * leaves that say the same. We speak the ABI of Xen 4.17.
 */
#include <abi/xen/cpuid.h>
#include <abi/xen/version.h>
#include <xen/internal.h>

#define EXTRAVERSION ".0-skerry"
#define CAPABILITIES                                                                               \
  (ENABLED(CONFIG_GUEST_32BIT) ? "hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64 "                  \
                               : "hvm-3.0-x86_64 ")
#define HVM_FEATURES                                                                               \
  (XEN_HVM_CPUID_VCPU_ID_PRESENT | XEN_HVM_CPUID_DOMID_PRESENT |                                   \
   (ENABLED(CONFIG_XEN_UPCALL_VECTOR) ? XEN_HVM_CPUID_UPCALL_VECTOR : 0))
/* What names this build: the configuration's text takes the place of a hash. */
static const uint8_t build_id[20] = "skerry" EXTRAVERSION;

/* A text in a field of `size` bytes, the rest zeroes. */
static int64_t text_out(uint64_t arg, const char *text, size_t size) {
  char buffer[128] = "";
  memcpy(buffer, text, strlen(text));
  for (size_t done = 0; done < size; done += sizeof(buffer)) {
    if (copy_out(arg + done, buffer, MIN(size - done, sizeof(buffer))))
      return -XEN_EFAULT;
    memset(buffer, 0, sizeof(buffer));
  }
  return 0;
}

static int64_t compile_info(uint64_t arg) {
  static const struct xen_compile_info info = {
      .compiler = "gcc " __VERSION__,
      .compile_by = "skerry",
      .compile_domain = "",
      .compile_date = "", /* the same input gives the same bytes */
  };
  return copy_out(arg, &info, sizeof(info));
}

static int64_t features(uint64_t arg) {
  struct xen_feature_info f;
  if (copy_in(&f, arg, sizeof(f)))
    return -XEN_EFAULT;
  if (f.submap_idx >= XENFEAT_NR_SUBMAPS)
    return -XEN_EINVAL;
  f.submap = BIT(XENFEAT_writable_page_tables) | BIT(XENFEAT_auto_translated_physmap) |
             BIT(XENFEAT_hvm_callback_vector) | BIT(XENFEAT_hvm_safe_pvclock) |
             BIT(XENFEAT_memory_op_vnode_supported) | BIT(XENFEAT_not_direct_mapped);
  return copy_out(arg, &f, sizeof(f));
}

/* struct { uint32_t len; uint8_t buf[]; }, or nothing to ask for the size. */
static int64_t build_id_out(uint64_t arg) {
  uint32_t room;
  if (!arg)
    return sizeof(build_id);
  if (copy_in(&room, arg, sizeof(room)))
    return -XEN_EFAULT;
  if (room == 0)
    return -XEN_EINVAL;
  if (room < sizeof(build_id))
    return -XEN_ENOBUFS;
  return copy_out(arg + sizeof(room), build_id, sizeof(build_id)) ? -XEN_EFAULT
                                                                  : (int64_t)sizeof(build_id);
}

static __attribute__((noinline)) int64_t tell(struct vcpu *v, const uint64_t *a) {
  static const uint64_t no_virt_start;
  switch (a[0]) {
  case XENVER_extraversion:
    return text_out(a[1], EXTRAVERSION, XEN_EXTRAVERSION_LEN);
  case XENVER_compile_info:
    return compile_info(a[1]);
  case XENVER_capabilities:
    return text_out(a[1], CAPABILITIES, XEN_CAPABILITIES_INFO_LEN);
  case XENVER_changeset:
    return text_out(a[1], "", XEN_CHANGESET_INFO_LEN);
  case XENVER_platform_parameters:
    return copy_out(a[1], &no_virt_start, call_word(v));
  case XENVER_get_features:
    return features(a[1]);
  case XENVER_pagesize:
    return PAGE_SIZE;
  case XENVER_guest_handle:
    return copy_out(a[1], v->stub->domain->config->handle, 16);
  case XENVER_commandline: /* the machine's, which is no guest's business */
    return text_out(a[1], "", XEN_COMMANDLINE_LEN);
  case XENVER_build_id:
    return build_id_out(a[1]);
  default:
    return -XEN_ENOSYS;
  }
}

/* Linux asks for the version where it only wants events that wait to be delivered. */
int64_t hypercall_xen_version(struct vcpu *v, const uint64_t *a) {
  return likely(a[0] == XENVER_version) ? XEN_VERSION : tell(v, a);
}

/* --- CPUID ------------------------------------------------------------------------ */

static void leaf_clock(struct vcpu *v, uint32_t sub, uint32_t regs[4]) {
  struct arch_clock c;
  arch_vcpu_clock(v, &c);
  switch (sub) {
  case 0:
    regs[0] = c.stable ? 2 : 0; /* bit 1: the host's TSC is reliable */
    regs[1] = 2;                /* mode: never emulated */
    regs[2] = c.khz;
    break;
  case 1:
    regs[0] = (uint32_t)c.zero;
    regs[1] = (uint32_t)(c.zero >> 32);
    regs[2] = c.mul;
    regs[3] = (uint32_t)c.shift;
    break;
  case 2:
    regs[0] = c.khz;
    break;
  }
}

bool personality_cpuid(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t regs[4]) {
  if (leaf < XEN_CPUID_FIRST_LEAF || leaf > XEN_CPUID_FIRST_LEAF + XEN_CPUID_MAX_NUM_LEAVES)
    return false;
  memset(regs, 0, 4 * sizeof(regs[0]));
  switch (leaf - XEN_CPUID_FIRST_LEAF) {
  case 0:
    regs[0] = XEN_CPUID_FIRST_LEAF + XEN_CPUID_MAX_NUM_LEAVES;
    regs[1] = XEN_CPUID_SIGNATURE_EBX;
    regs[2] = XEN_CPUID_SIGNATURE_ECX;
    regs[3] = XEN_CPUID_SIGNATURE_EDX;
    break;
  case 1:
    regs[0] = XEN_VERSION;
    break;
  case 2:
    regs[0] = 1; /* hypercall pages */
    regs[1] = PERSONALITY_MSR_HYPERCALL;
    break;
  case 3:
    leaf_clock(v, sub, regs);
    break;
  case 4:
    regs[0] = sub ? 0 : HVM_FEATURES;
    regs[1] = sub ? 0 : v->id;
    regs[2] = sub ? 0 : v->domain->domid;
    break;
  }
  return true;
}
