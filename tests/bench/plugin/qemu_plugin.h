/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the counter needs of QEMU's interface for plugins, version 1 (QEMU's
 * documentation, "QEMU TCG Plugins"); Debian ships no header for it. The names,
 * the argument types and the two enumeration values are QEMU's.
 */
#ifndef QEMU_PLUGIN_H
#define QEMU_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#define PLUGIN_INTERFACE 1
#define CB_NO_REGS       0 /* the callback looks at no register */
#define INLINE_ADD_U64   0

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;

typedef void translated_fn(uint64_t id, struct qemu_plugin_tb *tb);
typedef void executed_fn(unsigned cpu, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, translated_fn *callback);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, executed_fn *callback,
                                            int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int operation,
                                                void *counter, uint64_t added);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

#endif
