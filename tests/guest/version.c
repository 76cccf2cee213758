// SPDX-License-Identifier: Apache-2.0
// xen_version: every sub-operation an unprivileged domain may use.
/* guest: */
#include "rt/rt.h"

static int printable(const char *text, size_t size) {
  size_t i = 0;
  for (; i < size && text[i]; i++)
    if (text[i] < ' ' || text[i] > '~')
      return 0;
  return i < size;
}

static void strings(void) {
  char extra[XEN_EXTRAVERSION_LEN], caps[XEN_CAPABILITIES_INFO_LEN], set[XEN_CHANGESET_INFO_LEN];
  struct xen_compile_info compile;
  memset(extra, 1, sizeof(extra));
  memset(caps, 1, sizeof(caps));
  memset(set, 1, sizeof(set));
  memset(&compile, 1, sizeof(compile));
  check_eq("version.extraversion", xen_version(XENVER_extraversion, extra), 0);
  CHECK("version.extraversion.text", printable(extra, sizeof(extra)));
  check_eq("version.compile_info", xen_version(XENVER_compile_info, &compile), 0);
  CHECK("version.compile_info.compiler", printable(compile.compiler, sizeof(compile.compiler)));
  CHECK("version.compile_info.date", printable(compile.compile_date, sizeof(compile.compile_date)));
  check_eq("version.capabilities", xen_version(XENVER_capabilities, caps), 0);
  CHECK("version.capabilities.text", printable(caps, sizeof(caps)));
  check_eq("version.changeset", xen_version(XENVER_changeset, set), 0);
  CHECK("version.changeset.text", printable(set, sizeof(set)));
}

static void features(void) {
  xen_feature_info_t info = {.submap_idx = 0};
  check_eq("version.features", xen_version(XENVER_get_features, &info), 0);
  // Writable page tables are part of the translated mode's promise.
  uint32_t want = 1u << XENFEAT_auto_translated_physmap | 1u << XENFEAT_writable_page_tables |
                  1u << XENFEAT_hvm_callback_vector | 1u << XENFEAT_hvm_safe_pvclock |
                  1u << XENFEAT_memory_op_vnode_supported;
  check_eq("version.features.submap", info.submap & want, want);
  check_eq("version.features.no_gnttab_bits", info.submap & 1u << XENFEAT_gnttab_map_avail_bits, 0);
  info.submap_idx = XENFEAT_NR_SUBMAPS;
  check_eq("version.features.past_end", xen_version(XENVER_get_features, &info), -XEN_EINVAL);
}

static void build_id(void) {
  uint8_t buffer[64] = {0};
  xen_build_id_t *id = (void *)buffer;
  int64_t size = xen_version(XENVER_build_id, 0);
  CHECK("version.build_id.size", size > 0 && size <= 32);
  id->len = 0;
  check_eq("version.build_id.zero", xen_version(XENVER_build_id, id), -XEN_EINVAL);
  id->len = 1;
  check_eq("version.build_id.short", xen_version(XENVER_build_id, id), -XEN_ENOBUFS);
  id->len = 32;
  check_eq("version.build_id", xen_version(XENVER_build_id, id), size);
}

void test_main(void) {
  xen_domain_handle_t handle;
  char line[1024];
  struct cpuid leaf = cpuid(0x40000001, 0);
  int64_t version = xen_version(XENVER_version, 0);
  CHECK("version.version", version >= 0x40000);
  check_eq("version.version.cpuid", version, leaf.eax);
  strings();
  features();
  xen_platform_parameters_t platform = {.virt_start = 1};
  check_eq("version.platform_parameters", xen_version(XENVER_platform_parameters, &platform), 0);
  check_eq("version.pagesize", xen_version(XENVER_pagesize, 0), 4096);
  check_eq("version.guest_handle", xen_version(XENVER_guest_handle, &handle), 0);
  memset(line, 1, sizeof(line));
  check_eq("version.commandline", xen_version(XENVER_commandline, line), 0);
  CHECK("version.commandline.text", printable(line, sizeof(line)));
  build_id();
  check_eq("version.unknown", xen_version(11, &handle), -XEN_ENOSYS);
  check_eq("version.wild", xen_version(XENVER_extraversion, UNMAPPED), -XEN_EFAULT);
}
