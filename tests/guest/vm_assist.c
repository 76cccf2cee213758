// SPDX-License-Identifier: Apache-2.0
// vm_assist: the one type that a translated domain may have, and refusals.
/* guest: */
#include "rt/rt.h"

void test_main(void) {
  unsigned type = VMASST_TYPE_runstate_update_flag;
  check_eq("vm_assist.enable", vm_assist(VMASST_CMD_enable, type), 0);
  check_eq("vm_assist.disable", vm_assist(VMASST_CMD_disable, type), 0);
  check_eq("vm_assist.command", vm_assist(2, type), -XEN_ENOSYS);
  check_eq("vm_assist.pv_type", vm_assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables),
           -XEN_EINVAL);
  check_eq("vm_assist.type", vm_assist(VMASST_CMD_enable, 63), -XEN_EINVAL);
  check_eq("vm_assist.huge_type", vm_assist(VMASST_CMD_enable, 0xffffffff), -XEN_EINVAL);
}
