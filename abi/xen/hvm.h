/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hvm_op, its parameters, and the console ring (libxen-dev 4.17, xen/hvm/hvm_op.h,
 * xen/hvm/params.h, xen/io/console.h).
 */
#ifndef ABI_XEN_HVM_H
#define ABI_XEN_HVM_H

#include <stddef.h>
#include <stdint.h>

#define HVMOP_set_param                0
#define HVMOP_get_param                1
#define HVMOP_flush_tlbs               5
#define HVMOP_pagetable_dying          9
#define HVMOP_get_time                 10
#define HVMOP_get_mem_type             15
#define HVMOP_set_evtchn_upcall_vector 23
#define HVMOP_guest_request_vm_event   24
#define HVMOP_altp2m                   25

struct xen_hvm_param {
  uint16_t domid;
  uint16_t pad;
  uint32_t index; /* HVM_PARAM_* */
  uint64_t value;
};

#define HVM_PARAM_CALLBACK_IRQ          0
#define HVM_PARAM_CALLBACK_TYPE_VECTOR  2 /* in bits 63:56 */
#define HVM_PARAM_STORE_PFN             1
#define HVM_PARAM_STORE_EVTCHN          2
#define HVM_PARAM_ACPI_S_STATE          14
#define HVM_PARAM_VM86_TSS              15
#define HVM_PARAM_CONSOLE_PFN           17
#define HVM_PARAM_CONSOLE_EVTCHN        18
#define HVM_PARAM_VM_GENERATION_ID_ADDR 34
#define HVM_PARAM_ALTP2M                35
#define HVM_PARAM_X87_FIP_WIDTH         36
#define HVM_PARAM_VM86_TSS_SIZED        37
#define HVM_NR_PARAMS                   39

#define HVMMEM_ram_rw                   0
#define HVMMEM_ram_ro                   1
#define HVMMEM_mmio_dm                  2
struct xen_hvm_get_mem_type {
  uint16_t domid;
  uint16_t mem_type; /* out, HVMMEM_* */
  uint16_t pad[2];
  uint64_t pfn;
};

struct xen_hvm_evtchn_upcall_vector {
  uint32_t vcpu;
  uint8_t vector;
};

/* Indices run freely; their low bits are the place in the array. */
struct xencons_interface {
  char in[1024];
  char out[2048];
  uint32_t in_cons, in_prod;
  uint32_t out_cons, out_prod;
};

_Static_assert(sizeof(struct xen_hvm_param) == 16, "xen_hvm_param");
_Static_assert(sizeof(struct xen_hvm_get_mem_type) == 16, "xen_hvm_get_mem_type");
_Static_assert(sizeof(struct xencons_interface) == 3088, "xencons_interface");

#endif
