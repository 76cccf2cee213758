/* SPDX-License-Identifier: Apache-2.0 */
/* For C and assembly: what enter.S knows by number; vcpu.c asserts both. */
#ifndef SVM_ENTER_H
#define SVM_ENTER_H

#define SVM_HOST_VMCB 0xfffffe8000000040 /* &this_private->vendor_maddr[0] */
#define SVM_VCPU_GPR  0x20               /* offset of arch.regs.gpr in struct vcpu */

#endif
