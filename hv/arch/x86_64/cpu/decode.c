/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instructions that root mode knows: those that exit, for their length,
 * and plain moves to and from memory, for the local APIC and for addresses
 * where nothing is. Nothing is executed here, and no address is computed: the
 * machine has reported it. Opcode maps: AMD APM vol. 3, appendix A.
 */
#include <asm/vendor.h>
#include <lib/lib.h>

struct cursor {
  const uint8_t *bytes;
  unsigned n, at;
  unsigned mode_bits;
  bool operand_prefix, address_prefix, repeat_f3;
  uint8_t rex;
};
#define REX_W 8
#define REX_R 4
#define REX_B 1

/* Beyond the end it reads zero and `at` tells. */
static uint8_t next_byte(struct cursor *c) {
  unsigned at = c->at++;
  return at < c->n ? c->bytes[at] : 0;
}

static uint64_t next_bytes(struct cursor *c, unsigned count) {
  uint64_t value = 0;
  for (unsigned i = 0; i < count; i++)
    value |= (uint64_t)next_byte(c) << (8 * i);
  return value;
}

static bool take_prefix(struct cursor *c, uint8_t byte) {
  switch (byte) {
  case 0xf2:
  case 0xf3:
    c->repeat_f3 = byte == 0xf3;
    return true;
  case 0x66:
    c->operand_prefix = true;
    return true;
  case 0x67:
    c->address_prefix = true;
    return true;
  default: /* segments, LOCK */
    return (byte & 0xe7) == 0x26 || (byte & 0xfe) == 0x64 || byte == 0xf0;
  }
}

/* The opcode's first byte. A REX prefix counts only right before it. */
static uint8_t take_prefixes(struct cursor *c) {
  for (;;) {
    uint8_t byte = next_byte(c);
    if (c->mode_bits == 64 && (byte & 0xf0) == 0x40)
      c->rex = byte;
    else if (take_prefix(c, byte))
      c->rex = 0;
    else
      return byte;
    if (c->at >= c->n)
      return next_byte(c);
  }
}

static unsigned operand_size(const struct cursor *c) {
  if (c->rex & REX_W)
    return 8;
  return (c->mode_bits == 16) != c->operand_prefix ? 2 : 4;
}

static unsigned address_size(const struct cursor *c) {
  if (c->mode_bits == 64)
    return c->address_prefix ? 4 : 8;
  return (c->mode_bits == 16) != c->address_prefix ? 2 : 4;
}

static void skip_displacement16(struct cursor *c, uint8_t modrm) {
  unsigned mod = modrm >> 6;
  bool direct = mod == 0 && (modrm & 7) == 6;
  c->at += direct ? 2 : mod;
}

static void skip_displacement(struct cursor *c, uint8_t modrm) {
  unsigned mod = modrm >> 6, base = modrm & 7;
  if (base == 4)
    base = next_byte(c) & 7; /* SIB */
  if (mod == 1)
    c->at += 1;
  else if (mod == 2 || base == 5)
    c->at += 4;
}

/* The ModRM byte of a memory operand with what follows it; false: a register operand. */
static bool take_memory(struct cursor *c, uint8_t *modrm) {
  *modrm = next_byte(c);
  if (*modrm >> 6 == 3)
    return false;
  if (address_size(c) == 2)
    skip_displacement16(c, *modrm);
  else
    skip_displacement(c, *modrm);
  return true;
}

static void set_register(struct insn *out, const struct cursor *c, uint8_t modrm, unsigned size) {
  out->reg = ((modrm >> 3) & 7) | (c->rex & REX_R ? 8 : 0);
  out->reg_size = (uint8_t)size;
  if (size == 1 && !c->rex && out->reg >= 4) {
    out->reg -= 4;
    out->high_byte = true;
  }
}

/* MOV between a register and memory, sizes equal: 88-8b. */
static enum insn_op decode_move(struct cursor *c, uint8_t opcode, struct insn *out) {
  uint8_t modrm;
  if (!take_memory(c, &modrm))
    return INSN_OTHER;
  out->size = opcode & 1 ? (uint8_t)operand_size(c) : 1;
  set_register(out, c, modrm, out->size);
  return opcode & 2 ? INSN_LOAD : INSN_STORE;
}

/* MOVZX, MOVSX, MOVSXD: a narrower load. */
static enum insn_op decode_extend(struct cursor *c, unsigned size, bool sign, struct insn *out) {
  uint8_t modrm;
  if (!take_memory(c, &modrm))
    return INSN_OTHER;
  set_register(out, c, modrm, operand_size(c));
  out->size = (uint8_t)size;
  out->sign_extend = sign;
  return INSN_LOAD;
}

/* MOV between the accumulator and an address that stands in the instruction: a0-a3. */
static enum insn_op decode_moffs(struct cursor *c, uint8_t opcode, struct insn *out) {
  c->at += address_size(c);
  out->size = opcode & 1 ? (uint8_t)operand_size(c) : 1;
  out->reg = RAX;
  out->reg_size = out->size;
  return opcode & 2 ? INSN_STORE : INSN_LOAD;
}

/* MOV of an immediate to memory: c6 /0, c7 /0. */
static enum insn_op decode_immediate(struct cursor *c, uint8_t opcode, struct insn *out) {
  uint8_t modrm;
  if (!take_memory(c, &modrm) || (modrm & 0x38))
    return INSN_OTHER;
  out->size = opcode & 1 ? (uint8_t)operand_size(c) : 1;
  out->reg = 0xff;
  out->immediate = next_bytes(c, MIN(out->size, 4));
  if (out->size == 8)
    out->immediate = (uint64_t)(int32_t)out->immediate;
  return INSN_STORE;
}

/* 0f 01: told apart by the whole ModRM byte. */
static enum insn_op decode_group7(struct cursor *c) {
  static const uint8_t plain[256] = {[0xd1] = INSN_XSETBV, [0xf9] = INSN_RDTSCP};
  return plain[next_byte(c)];
}

/* MOV to a control register; which one the exit has told. `mod` counts as 3. */
static enum insn_op decode_control(struct cursor *c, struct insn *out) {
  uint8_t modrm = next_byte(c);
  out->reg = (modrm & 7) | (c->rex & REX_B ? 8 : 0);
  out->reg_size = c->mode_bits == 64 ? 8 : 4;
  return INSN_MOV_CR;
}

static enum insn_op decode_two_byte(struct cursor *c, struct insn *out) {
  static const uint8_t plain[256] = {
      [0x08] = INSN_INVD,  [0x09] = INSN_WBINVD, [0x30] = INSN_WRMSR, [0x31] = INSN_RDTSC,
      [0x32] = INSN_RDMSR, [0x33] = INSN_RDPMC,  [0xa2] = INSN_CPUID};
  uint8_t opcode = next_byte(c);
  if (opcode == 0x01)
    return decode_group7(c);
  if (opcode == 0x22)
    return decode_control(c, out);
  if ((opcode & 0xf6) == 0xb6) /* b6, b7, be, bf */
    return decode_extend(c, opcode & 1 ? 2 : 1, opcode & 8, out);
  return plain[opcode];
}

static enum insn_op decode_one_byte(struct cursor *c, uint8_t opcode, struct insn *out) {
  switch (opcode) {
  case 0x0f:
    return decode_two_byte(c, out);
  case 0x63:
    return c->mode_bits == 64 ? decode_extend(c, MIN(4u, operand_size(c)), true, out) : INSN_OTHER;
  case 0x6c ... 0x6f:
  case 0xec ... 0xef:
    return INSN_IN_OUT;
  case 0xe4 ... 0xe7:
    next_byte(c);
    return INSN_IN_OUT;
  case 0x88 ... 0x8b:
    return decode_move(c, opcode, out);
  case 0x90:
    return c->repeat_f3 ? INSN_PAUSE : INSN_OTHER;
  case 0xa0 ... 0xa3:
    return decode_moffs(c, opcode, out);
  case 0xc6:
  case 0xc7:
    return decode_immediate(c, opcode, out);
  case 0xf4:
    return INSN_HLT;
  default:
    return INSN_OTHER;
  }
}

bool insn_decode(const uint8_t *bytes, unsigned n, unsigned mode_bits, struct insn *out) {
  struct cursor c = {.bytes = bytes, .n = n, .mode_bits = mode_bits};
  *out = (struct insn){.op = INSN_OTHER};
  uint8_t opcode = take_prefixes(&c);
  enum insn_op op = decode_one_byte(&c, opcode, out);
  out->length = (uint8_t)c.at;
  if (c.at > n || op == INSN_OTHER)
    return false;
  out->op = op;
  return true;
}
