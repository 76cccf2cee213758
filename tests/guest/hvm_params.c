// SPDX-License-Identifier: Apache-2.0
// HVMOP_get_param and set_param: what a guest may read and may not set.
/* guest: xen-differs=console_pfn.there,console_evtchn.there (a boot domain has no ring)*/
#include "rt/rt.h"

void test_main(void) {
  struct xen_hvm_param param = {.domid = 1234, .index = HVM_PARAM_STORE_PFN};
  uint64_t value = 1;
  check_eq("hvm_params.store_pfn", hvm_param_get(HVM_PARAM_STORE_PFN, &value), 0);
  check_eq("hvm_params.store_pfn.none", value, 0);
  check_eq("hvm_params.store_evtchn", hvm_param_get(HVM_PARAM_STORE_EVTCHN, &value), 0);
  check_eq("hvm_params.store_evtchn.none", value, 0);
  check_eq("hvm_params.console_pfn", hvm_param_get(HVM_PARAM_CONSOLE_PFN, &value), 0);
  CHECK("hvm_params.console_pfn.there", value);
  check_eq("hvm_params.console_evtchn", hvm_param_get(HVM_PARAM_CONSOLE_EVTCHN, &value), 0);
  CHECK("hvm_params.console_evtchn.there", value);
  check_eq("hvm_params.callback", hvm_param_get(HVM_PARAM_CALLBACK_IRQ, &value), 0);
  check_eq("hvm_params.callback.none", value, 0);
  check_eq("hvm_params.get_past_end", hvm_param_get(10000, &value), -XEN_EINVAL);
  check_eq("hvm_params.set_past_end", hvm_param_set(10000, 0), -XEN_EINVAL);
  check_eq("hvm_params.set_store_pfn", hvm_param_set(HVM_PARAM_STORE_PFN, 5), -XEN_EPERM);
  check_eq("hvm_params.set_store_evtchn", hvm_param_set(HVM_PARAM_STORE_EVTCHN, 0), 0);
  check_eq("hvm_params.set_ident_pt", hvm_param_set(HVM_PARAM_IDENT_PT, 0x5000), -XEN_EPERM);
  check_eq("hvm_params.get_ident_pt", hvm_param_get(HVM_PARAM_IDENT_PT, &value), -XEN_EPERM);
  check_eq("hvm_params.of_nobody", hvm_op(HVMOP_get_param, &param), -XEN_ESRCH);
  check_eq("hvm_params.wild_get", hvm_op(HVMOP_get_param, UNMAPPED), -XEN_EFAULT);
  check_eq("hvm_params.wild_set", hvm_op(HVMOP_set_param, UNMAPPED), -XEN_EFAULT);
}
