/* SPDX-License-Identifier: Apache-2.0 */
/* The table of hypercalls, the hypercall page, xen_version, CPUID, hvm_op, multicall, and the
 * personality's life: init, end, soft reset. */
#include "guest.h"
#include <abi/xen/cpuid.h>
#include <abi/xen/event_channel.h>
#include <abi/xen/hvm.h>
#include <abi/xen/memory.h>
#include <abi/xen/hvm_vcpu.h>
#include <abi/xen/vcpu.h>
#include <abi/xen/version.h>
#include <personality.h>

#define HVM(op, arg) CALL(__HYPERVISOR_hvm_op, HVMOP_##op, arg)

static void test_table(void **unused) {
  static const uint8_t eperm[] = {7, 35, 36, 41, 42}, notsupp[] = {39, 40};
  static const uint8_t none[] = {0, 1, 11, 14, 16, 19, 20, 22, 23, 26, 27, 28, 33, 37, 38, 43, 63};
  guest_setup(1);
  for (unsigned i = 0; i < ARRAY_SIZE(eperm); i++)
    assert_int_equal(call(eperm[i], 0, 0, 0), -XEN_EPERM);
  for (unsigned i = 0; i < ARRAY_SIZE(notsupp); i++)
    assert_int_equal(call(notsupp[i], 0, 0, 0), -XEN_EOPNOTSUPP);
  for (unsigned i = 0; i < ARRAY_SIZE(none); i++)
    assert_int_equal(call(none[i], 0, 0, 0), -XEN_ENOSYS);
  const uint64_t args[3] = {0};
  static const uint64_t huge[] = {64, 1ull << 32 | 17, ~0ull};
  for (unsigned i = 0; i < ARRAY_SIZE(huge); i++)
    assert_int_equal(personality_hypercall(vcpu[0], huge[i], args, false), -XEN_ENOSYS);
}

static void test_page(void **unused) {
  guest_setup(1);
  assert_int_equal(personality_hypercall_page(vcpu[0], 5 << PAGE_SHIFT), STATUS_OK);
  const uint8_t *page = guest_page(5), want[] = {0xb8, 17, 0, 0, 0, 0x0f, 0x01, 0xd9, 0xc3};
  assert_memory_equal(page + 17 * 32, want, sizeof(want));
  assert_int_equal(page[17 * 32 + 9], 0xcc);
  assert_int_equal(page[23 * 32], 0x0f);
  assert_int_equal(page[23 * 32 + 1], 0x0b);
  assert_int_equal(page[127 * 32 + 1], 127);
  assert_int_equal(personality_hypercall_page(vcpu[0], 5 << PAGE_SHIFT | 1), STATUS_INVALID);
  assert_int_equal(personality_hypercall_page(vcpu[0], UNMAPPED), STATUS_FAULT);
  assert_int_equal(personality_hypercall_page(vcpu[0], ~0ull << PAGE_SHIFT), STATUS_FAULT);
  assert_false(d->personality.compat);
  mode_32bit = true;
  assert_int_equal(personality_hypercall_page(vcpu[0], 5 << PAGE_SHIFT), STATUS_OK);
  assert_true(d->personality.compat);
}

static int64_t version(unsigned op, void *out, size_t n) {
  memset(guest_page(0xb), 0x55, PAGE_SIZE);
  int64_t result = call(__HYPERVISOR_xen_version, op, 0xb000, 0);
  guest_get(out, 0xb000, n);
  return result;
}

static void test_version(void **unused) {
  static const struct {
    unsigned op;
    size_t size;
  } texts[] = {{XENVER_extraversion, 16},
               {XENVER_capabilities, 1024},
               {XENVER_changeset, 64},
               {XENVER_commandline, 1024}};
  char text[1025];
  guest_setup(1);
  assert_int_equal(version(XENVER_version, text, 1), 4 << 16 | 17);
  for (unsigned i = 0; i < ARRAY_SIZE(texts); i++) {
    assert_int_equal(version(texts[i].op, text, 1025), 0);
    assert_true(strnlen(text, texts[i].size) < texts[i].size);
    if (texts[i].size < 1025)
      assert_int_equal(text[texts[i].size], 0x55); /* and not a byte more */
    assert_int_equal(call(__HYPERVISOR_xen_version, texts[i].op, UNMAPPED, 0), -XEN_EFAULT);
  }
  assert_int_equal(version(XENVER_guest_handle, text, 17), 0);
  assert_memory_equal(text, "0123456789abcdefU", 17);
  assert_int_equal(version(XENVER_pagesize, text, 1), 4096);
  assert_int_equal(version(XENVER_compile_info, text, 145), 0);
  assert_int_equal(text[144], 0x55);
  assert_int_equal(version(XENVER_platform_parameters, text, 9), 0);
  assert_memory_equal(text, "\0\0\0\0\0\0\0\0U", 9);
  assert_int_equal(
      call_compat_mode(__HYPERVISOR_xen_version, XENVER_platform_parameters, 0xb010, 0), 0);
  guest_get(text, 0xb010, 5);
  assert_memory_equal(text, "\0\0\0\0U", 5);
  assert_int_equal(version(11, text, 1), -XEN_ENOSYS);
}

static void test_features_and_build_id(void **unused) {
  struct xen_feature_info f = {0};
  struct {
    uint32_t room;
    uint8_t id[24];
  } id = {.room = 19};
  guest_setup(1);
  assert_int_equal(CALL(__HYPERVISOR_xen_version, XENVER_get_features, f), 0);
  assert_true(f.submap & BIT(XENFEAT_hvm_callback_vector));
  assert_false(f.submap & BIT(7)); /* grants are not offered */
  f.submap_idx = 1;
  assert_int_equal(CALL(__HYPERVISOR_xen_version, XENVER_get_features, f), -XEN_EINVAL);
  assert_int_equal(call(__HYPERVISOR_xen_version, XENVER_build_id, 0, 0), 20);
  assert_int_equal(CALL(__HYPERVISOR_xen_version, XENVER_build_id, id), -XEN_ENOBUFS);
  id.room = 0;
  assert_int_equal(CALL(__HYPERVISOR_xen_version, XENVER_build_id, id), -XEN_EINVAL);
  id.room = 24;
  assert_int_equal(CALL(__HYPERVISOR_xen_version, XENVER_build_id, id), 20);
  assert_int_equal(id.id[20], 0);
  assert_int_equal(call(__HYPERVISOR_xen_version, XENVER_build_id, UNMAPPED, 0), -XEN_EFAULT);
  *(uint32_t *)guest_page(READ_ONLY >> PAGE_SHIFT) = 24; /* told where nothing can be written */
  assert_int_equal(call(__HYPERVISOR_xen_version, XENVER_build_id, READ_ONLY, 0), -XEN_EFAULT);
}

static void test_cpuid(void **unused) {
  uint32_t r[4];
  guest_setup(2);
  assert_false(personality_cpuid(vcpu[0], 0x3fffffff, 0, r));
  assert_false(personality_cpuid(vcpu[0], 0x40000006, 0, r));
  assert_true(personality_cpuid(vcpu[0], 0x40000000, 0, r));
  assert_int_equal(r[0], 0x40000005);
  assert_memory_equal(&r[1], "XenVMMXenVMM", 12);
  assert_true(personality_cpuid(vcpu[0], 0x40000001, 0, r));
  assert_int_equal(r[0], 4 << 16 | 17);
  assert_true(personality_cpuid(vcpu[0], 0x40000002, 0, r));
  assert_int_equal(r[1], 0x40000000);
  assert_true(personality_cpuid(vcpu[0], 0x40000003, 1, r));
  assert_int_equal(r[2], 0x80000000u);
  assert_int_equal((int32_t)r[3], -1);
  assert_true(personality_cpuid(vcpu[0], 0x40000003, 0, r));
  assert_int_equal(r[2], 2000000);
  assert_true(personality_cpuid(vcpu[1], 0x40000004, 0, r));
  assert_int_equal(r[0], 1u << 3 | 1u << 4 | 1u << 6);
  assert_int_equal(r[1], 1);
  assert_int_equal(r[2], 1);
}

static void is_empty_leaf(uint32_t leaf, uint32_t sub) {
  uint32_t r[4] = {1, 2, 3, 4};
  assert_true(personality_cpuid(vcpu[1], leaf, sub, r));
  assert_int_equal(r[0] | r[1] | r[2] | r[3], 0);
}

static void test_cpuid_subleaves(void **unused) {
  uint32_t r[4];
  guest_setup(2);
  assert_true(personality_cpuid(vcpu[0], 0x40000003, 2, r));
  assert_int_equal(r[0], 2000000); /* kHz */
  assert_int_equal(r[1] | r[2] | r[3], 0);
  is_empty_leaf(0x40000003, 3);
  is_empty_leaf(0x40000004, 1); /* its ids are of the first sub-leaf alone */
  is_empty_leaf(0x40000005, 0);
  clock_stable = false;
  assert_true(personality_cpuid(vcpu[0], 0x40000003, 0, r));
  assert_int_equal(r[0], 0);
}

/* --- hvm_op -------------------------------------------------------------------------------- */

static int64_t get(uint32_t index, uint64_t *value) {
  struct xen_hvm_param op = {.domid = DOMID_SELF, .index = index, .value = 99};
  int64_t result = HVM(get_param, op);
  *value = op.value;
  return result;
}

static int64_t set(uint32_t index, uint64_t value) {
  struct xen_hvm_param op = {.domid = DOMID_SELF, .index = index, .value = value};
  return HVM(set_param, op);
}

/* Which of all parameters may be read and which set. */
static void test_params(void **unused) {
  uint64_t readable = 0, settable = 0, value;
  guest_setup(1);
  for (uint32_t i = 0; i < HVM_NR_PARAMS; i++) {
    int64_t r = get(i, &value), w = set(i, 0);
    assert_true(r == 0 || r == -XEN_EPERM);
    assert_true(w == 0 || w == -XEN_EPERM);
    readable |= r ? 0 : BIT(i);
    settable |= w ? 0 : BIT(i);
  }
  assert_int_equal(settable,
                   BIT(0) | BIT(2) | BIT(14) | BIT(15) | BIT(18) | BIT(34) | BIT(36) | BIT(37));
  assert_int_equal(readable, settable | BIT(1) | BIT(17) | BIT(35));
  assert_int_equal(get(HVM_NR_PARAMS, &value), -XEN_EINVAL);
  assert_int_equal(set(~0u, 0), -XEN_EINVAL);
}

static void test_param_values(void **unused) {
  uint64_t value;
  guest_setup(1);
  assert_int_equal(get(HVM_PARAM_STORE_PFN, &value) | (int64_t)value, 0);
  assert_int_equal(get(HVM_PARAM_STORE_EVTCHN, &value) | (int64_t)value, 0);
  assert_int_equal(get(HVM_PARAM_CONSOLE_PFN, &value), 0);
  assert_int_equal(value, RING_GFN);
  assert_int_equal(get(HVM_PARAM_CONSOLE_EVTCHN, &value), 0);
  assert_int_equal(value, 1);
  assert_int_equal(set(HVM_PARAM_X87_FIP_WIDTH, 5), -XEN_EINVAL);
  assert_int_equal(set(HVM_PARAM_X87_FIP_WIDTH, 8), 0);
  assert_int_equal(get(HVM_PARAM_X87_FIP_WIDTH, &value), 0);
  assert_int_equal(value, 8);
  assert_int_equal(set(HVM_PARAM_ACPI_S_STATE, 3), -XEN_EINVAL);
  struct xen_hvm_param op = {.domid = 2};
  assert_int_equal(HVM(get_param, op), -XEN_EPERM);
  op.domid = 77;
  assert_int_equal(HVM(set_param, op), -XEN_ESRCH);
}

static void test_hvm_others(void **unused) {
  struct xen_hvm_get_mem_type type = {.domid = DOMID_SELF, .pfn = 3};
  uint64_t now = 0;
  guest_setup(1);
  assert_int_equal(HVM(get_mem_type, type), 0);
  assert_int_equal(type.mem_type, HVMMEM_ram_rw);
  type.pfn = READ_ONLY >> PAGE_SHIFT;
  assert_int_equal(HVM(get_mem_type, type), 0);
  assert_int_equal(type.mem_type, HVMMEM_ram_ro);
  type.pfn = ~0ull;
  assert_int_equal(HVM(get_mem_type, type), 0);
  assert_int_equal(type.mem_type, HVMMEM_mmio_dm);
  assert_int_equal(HVM(get_time, now), 0);
  assert_int_equal(now, fake_time);
  assert_int_equal(call(__HYPERVISOR_hvm_op, HVMOP_pagetable_dying, ARGUMENT, 0), -XEN_EINVAL);
  assert_int_equal(call(__HYPERVISOR_hvm_op, HVMOP_flush_tlbs, 0, 0), 0);
  assert_int_equal(call(__HYPERVISOR_hvm_op, HVMOP_flush_tlbs, 8, 0), -XEN_EINVAL);
  assert_int_equal(call(__HYPERVISOR_hvm_op, HVMOP_altp2m, ARGUMENT, 0), -XEN_EOPNOTSUPP);
  assert_int_equal(call(__HYPERVISOR_hvm_op, 99, ARGUMENT, 0), -XEN_ENOSYS);
}

/* --- multicall -------------------------------------------------------------------------------- */

static void test_multicall(void **unused) {
  struct multicall_entry e[] = {{.op = __HYPERVISOR_xen_version, .args = {XENVER_pagesize}},
                                {.op = __HYPERVISOR_multicall},
                                {.op = 63}};
  guest_setup(1);
  guest_put(0xb000, e, sizeof(e));
  assert_int_equal(call(__HYPERVISOR_multicall, 0xb000, 3, 0), 0);
  guest_get(e, 0xb000, sizeof(e));
  assert_int_equal(e[0].result, 4096);
  assert_int_equal(e[1].result, -XEN_EINVAL);
  assert_int_equal(e[2].result, -XEN_ENOSYS);
  assert_int_equal(call(__HYPERVISOR_multicall, UNMAPPED, 1, 0), -XEN_EFAULT);
  assert_int_equal(call(__HYPERVISOR_multicall, UNMAPPED, 0, 0), 0);
  struct compat_multicall_entry c[] = {{.op = __HYPERVISOR_xen_version, .args = {XENVER_pagesize}},
                                       {.op = 63, .result = 7}};
  guest_put(0xb000, c, sizeof(c));
  assert_int_equal(call_compat_mode(__HYPERVISOR_multicall, 0xb000, 1, 0), 0);
  guest_get(c, 0xb000, sizeof(c));
  assert_int_equal(c[0].result, 4096);
  assert_int_equal(c[1].result, 7);
  vcpu[0]->stub->park = true; /* the domain ends: the rest is left */
  assert_int_equal(call(__HYPERVISOR_multicall, 0xb000, ~0u, 0), 0);
}

/* A domain that is to end leaves its long calls where they are; what is done stays done. */
static void test_long_calls_give_way(void **unused) {
  static const uint64_t idx = 40, gpfn = 0x40000;
  guest_setup(1);
  guest_put(0xb000, &idx, sizeof(idx));
  guest_put(0xb008, &gpfn, sizeof(gpfn));
  vcpu[0]->stub->park = true;
  struct xen_add_to_physmap range = {
      .domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_range, .size = 1, .idx = idx, .gpfn = gpfn};
  struct xen_add_to_physmap_batch batch = {.domid = DOMID_SELF,
                                           .space = XENMAPSPACE_gmfn,
                                           .size = 1,
                                           .idxs = 0xb000,
                                           .gpfns = 0xb008,
                                           .errs = 0xb010};
  (void)CALL(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, range);
  (void)CALL(__HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, batch);
  assert_null(guest_page(gpfn));
  console_input = "typed";
  (void)call(__HYPERVISOR_console_io, CONSOLEIO_write, 8, 0xb000);
  assert_int_equal(call(__HYPERVISOR_console_io, CONSOLEIO_read, 5, 0xb000), 0);
  assert_int_equal(console_used, 0);
  assert_int_equal(strlen(console_input), 5);
}

/* --- life ----------------------------------------------------------------------------------------
 */

static void use_everything(void) {
  struct vcpu_register_vcpu_info place = {.mfn = 30};
  struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns = fake_time + 5000};
  shared_map();
  while (bind_ipi(0) > 0)
    ;
  assert_int_equal(vcpu_call(VCPUOP_register_vcpu_info, 0, &place, sizeof(place)), 0);
  assert_int_equal(vcpu_call(VCPUOP_set_singleshot_timer, 0, &timer, sizeof(timer)), 0);
}

static void test_nothing_is_lost(void **unused) {
  guest_setup(2);
  personality_domain_fini(d);
  uint64_t before = frame_count_free() + d->pages;
  for (unsigned i = 0; i < 3; i++) {
    assert_int_equal(personality_domain_init(d), STATUS_OK);
    for (unsigned n = 0; n < 2; n++)
      assert_int_equal(personality_vcpu_init(vcpu[n]), STATUS_OK);
    if (i == 0)
      use_everything();
    personality_domain_fini(d);
    assert_int_equal(frame_count_free() + d->pages, before);
  }
  assert_false(timer_pending(&vcpu[0]->stub->timer));
}

static void test_init_fails_whole(void **unused) {
  for (unsigned n = 1; n <= 3; n++) {
    guest_setup(1);
    personality_domain_fini(d);
    uint64_t before = frame_count_free();
    fake_map_fail_in = n;
    assert_int_equal(personality_domain_init(d), STATUS_NO_MEMORY);
    fake_map_fail_in = 0;
    personality_domain_fini(d);
    assert_int_equal(frame_count_free(), before);
  }
}

static void test_soft_reset(void **unused) {
  guest_setup(2);
  memset(guest_page(40), 0x40, PAGE_SIZE);
  use_everything();
  personality_scheduled_in(vcpu[0]);
  uint64_t pages = d->pages;
  assert_int_equal(personality_domain_soft_reset(d), STATUS_OK);
  assert_int_equal(d->pages, pages + 1);
  assert_int_equal(((uint8_t *)guest_page(1))[0], 0); /* memory is where the shared info was */
  assert_int_equal(((uint8_t *)guest_page(40))[0], 0x40);
  assert_false(timer_pending(&vcpu[0]->stub->timer));
  uint64_t value;
  assert_int_equal(get(HVM_PARAM_CONSOLE_EVTCHN, &value), 0);
  assert_int_equal(value, 1);
  shared_map();
  assert_int_equal(shared()->wc_sec, 0x65432100);
  assert_int_equal(info(0)->time.tsc_to_system_mul, 0x80000000u);
  assert_int_equal(bind_ipi(1), 2);
  struct vcpu_register_vcpu_info place = {.mfn = 30};
  assert_int_equal(vcpu_call(VCPUOP_register_vcpu_info, 0, &place, sizeof(place)), 0);
}

/* There is no page for where the shared info was: the domain cannot go on, and has lost nothing. */
static void test_soft_reset_without_memory(void **unused) {
  guest_setup(1);
  shared_map();
  while (mfn_valid(frame_alloc(0, OWNER_HV, FRAME_HV)))
    ;
  uint64_t pages = d->pages;
  d->max_pages = pages + 1;
  mfn_t taken = MFN_INVALID;
  personality_domain_fini(d); /* the shared page is free, and somebody else takes it */
  taken = frame_alloc(0, OWNER_HV, FRAME_HV);
  assert_true(mfn_valid(taken));
  while (mfn_valid(frame_alloc(0, OWNER_HV, FRAME_HV)))
    ;
  d->personality.shared_gfn = 1;
  assert_int_equal(personality_domain_soft_reset(d), STATUS_NO_MEMORY);
  assert_int_equal(d->pages, pages);
}

/* A shared info that was mapped into a hole must not earn a page beyond the limit each time. */
static void test_soft_reset_keeps_the_limit(void **unused) {
  guest_setup(1);
  d->max_pages = d->pages;
  for (unsigned i = 0; i < 3; i++) {
    struct xen_add_to_physmap op = {
        .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info, .gpfn = 0x1000 + i};
    assert_int_equal(call_with(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, &op, sizeof(op)), 0);
    assert_int_equal(personality_domain_soft_reset(d), STATUS_OK);
    assert_int_equal(d->pages, d->max_pages);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_table),
      cmocka_unit_test(test_page),
      cmocka_unit_test(test_version),
      cmocka_unit_test(test_features_and_build_id),
      cmocka_unit_test(test_cpuid),
      cmocka_unit_test(test_cpuid_subleaves),
      cmocka_unit_test(test_params),
      cmocka_unit_test(test_param_values),
      cmocka_unit_test(test_hvm_others),
      cmocka_unit_test(test_multicall),
      cmocka_unit_test(test_long_calls_give_way),
      cmocka_unit_test(test_nothing_is_lost),
      cmocka_unit_test(test_init_fails_whole),
      cmocka_unit_test(test_soft_reset),
      cmocka_unit_test(test_soft_reset_without_memory),
      cmocka_unit_test(test_soft_reset_keeps_the_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
