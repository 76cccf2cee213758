// SPDX-License-Identifier: Apache-2.0
// Further vCPUs, started by the hypervisor's own call or by INIT and SIPI.
#include "apic.h"
#include "rt.h"

static uint8_t stacks[MAX_CPUS][16384] __attribute__((aligned(16)));
uint64_t sipi_stack, sipi_cpu;
extern uint8_t ap_entry64[], sipi_start[], sipi_end[];

void cpu_ap_main(struct cpu *cpu);
void cpu_ap_main(struct cpu *cpu) {
  cpu_init(cpu, cpu->vcpu);
  __atomic_store_n(&cpu->online, 1, __ATOMIC_SEQ_CST);
  cpu->entry();
}

static uint64_t prepare(unsigned vcpu, void (*entry)(void)) {
  cpus[vcpu].vcpu = vcpu;
  cpus[vcpu].online = 0;
  cpus[vcpu].entry = entry;
  return (uintptr_t)stacks[vcpu] + sizeof(stacks[vcpu]);
}

struct vcpu_hvm_context cpu_context_flat(uint32_t eip) {
  struct vcpu_hvm_context context = {.mode = VCPU_HVM_MODE_32B};
  struct vcpu_hvm_x86_32 *r = &context.cpu_regs.x86_32;
  r->cr0 = 0x11;
  r->eflags = 2;
  r->eip = eip;
  r->cs_limit = r->ds_limit = r->ss_limit = r->es_limit = 0xffffffff;
  r->cs_ar = 0xc9b;
  r->ds_ar = r->ss_ar = r->es_ar = 0xc93;
  r->tr_ar = 0x8b;
  r->tr_limit = 0x67;
  return context;
}

struct vcpu_hvm_context cpu_context_long(uint64_t rip) {
  struct vcpu_hvm_context context = {.mode = VCPU_HVM_MODE_64B};
  struct vcpu_hvm_x86_64 *r = &context.cpu_regs.x86_64;
  r->rip = rip;
  r->rflags = 2;
  r->cr0 = read_cr0();
  r->cr3 = read_cr3();
  r->cr4 = read_cr4();
  r->efer = rdmsr(0xc0000080);
  return context;
}

int cpu_start(unsigned vcpu, void (*entry)(void)) {
  struct vcpu_hvm_context context = cpu_context_long((uintptr_t)ap_entry64);
  struct vcpu_hvm_x86_64 *r = &context.cpu_regs.x86_64;
  r->rsp = prepare(vcpu, entry);
  r->rdi = (uintptr_t)&cpus[vcpu];
  int error = vcpu_op(VCPUOP_initialise, vcpu, &context);
  if (!error)
    error = vcpu_op(VCPUOP_up, vcpu, 0);
  if (!error && !WAIT(cpus[vcpu].online, 2000 * MS))
    error = -1;
  return error;
}

int cpu_start_sipi(unsigned vcpu, uint32_t apic_id, void (*entry)(void)) {
  enum { SIPI_PAGE = 0x8000 };
  sipi_stack = prepare(vcpu, entry);
  sipi_cpu = (uintptr_t)&cpus[vcpu];
  memcpy((void *)SIPI_PAGE, sipi_start, sipi_end - sipi_start);
  apic_ipi(apic_id, APIC_INIT);
  delay_ns(10 * MS);
  apic_ipi(apic_id, APIC_SIPI | SIPI_PAGE >> 12);
  if (!WAIT(cpus[vcpu].online, MS))
    apic_ipi(apic_id, APIC_SIPI | SIPI_PAGE >> 12);
  return WAIT(cpus[vcpu].online, 1000 * MS) ? 0 : -1;
}
