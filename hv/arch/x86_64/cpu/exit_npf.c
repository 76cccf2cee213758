/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest accesses that the nested page table does not let through: the local
 * APIC's page, tracked and read-only memory, and addresses where nothing is,
 * which read as ones and drop writes. Only plain moves are decoded; everything
 * else gets #GP and is counted. See docs/design/exits.md.
 */
#include <asm/cpu_ops.h>
#include <asm/vendor.h>
#include <p2m.h>

static void refuse(struct vcpu *v) {
  v->arch.undecoded++;
  x86_inject(v, VECTOR_GP, true, 0);
}

/* --- what a move does --------------------------------------------------------------- */

static uint64_t sign_extend(uint64_t value, unsigned size) {
  unsigned shift = 64 - 8 * size;
  return (uint64_t)((int64_t)(value << shift) >> shift);
}

static void load(struct vcpu *v, const struct insn *i, uint64_t value) {
  if (i->size < 8)
    value &= BIT(8 * i->size) - 1;
  if (i->sign_extend)
    value = sign_extend(value, i->size);
  if (i->high_byte)
    v->arch.regs.gpr[i->reg] = (v->arch.regs.gpr[i->reg] & ~0xff00ull) | (value & 0xff) << 8;
  else
    x86_write_gpr(v, i->reg, i->reg_size, value);
}

static uint64_t stored(struct vcpu *v, const struct insn *i) {
  if (i->reg == 0xff)
    return i->immediate;
  return v->arch.regs.gpr[i->reg]; /* no byte register's: 4 bytes are written */
}

/* --- the local APIC's page ------------------------------------------------------------ */

static bool is_lapic(const struct vcpu *v, uint64_t gpa) {
  return (gpa & PAGE_MASK) == VLAPIC_BASE && vlapic_is_mmio(v);
}

/* Registers are 32 bits at multiples of 16; other bytes read zero and drop writes. */
static uint64_t lapic_load(struct vcpu *v, unsigned offset) {
  uint32_t value;
  if ((offset & 15) >= 4 || vlapic_read(v, offset & ~15u, &value))
    return 0;
  return value >> (8 * (offset & 3));
}

static void lapic_access(struct vcpu *v, const struct insn *i, unsigned offset) {
  if (i->op == INSN_LOAD)
    load(v, i, lapic_load(v, offset));
  else if (i->size == 4 && (offset & 15) == 0)
    (void)vlapic_write(v, offset, (uint32_t)stored(v, i));
}

/* --- exits ------------------------------------------------------------------------------ */

/* A plain move at an address that has no memory behind it, or none that it may write. */
static void emulate_move(struct vcpu *v, const struct x86_npf *f) {
  struct insn i;
  if (!x86_fetch(v, &i))
    return;
  if (i.op != INSN_LOAD && i.op != INSN_STORE) {
    refuse(v);
    return;
  }
  x86_advance(v, v->arch.regs.rip + i.length);
  if (is_lapic(v, f->gpa))
    lapic_access(v, &i, f->gpa & (PAGE_SIZE - 1));
  else if (i.op == INSN_LOAD)
    load(v, &i, ~0ull);
}

/* An event that was being delivered, code, and page tables cannot be where nothing is. */
void x86_exit_npf(struct vcpu *v, const struct x86_npf *f) {
  if (!is_lapic(v, f->gpa) && guest_map_allows(v, f->gpa, f->write))
    return;
  if (f->fetch || f->table || v->arch.event.type != EVENT_NONE)
    refuse(v);
  else
    emulate_move(v, f);
}
