/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin for QEMU that counts the instructions of a hypervisor by function,
 * in sections: the boot, from one address to the guest's first instruction, and
 * then each time between two marks of the guest. Within a section it also counts
 * what runs from the entry of certain functions until they have returned: their
 * extent. It reads no register and changes nothing; under -icount its counts are exact.
 *
 *   count.so,symbols=FILE,out=FILE,boot=ADDRESS,guest=ADDRESS,begin=ADDRESS,
 *            end=ADDRESS[,length=ADDRESSES,lengthend=ADDRESSES]
 *            [,wait=ADDRESSES,waitend=ADDRESSES]
 *
 * FILE of symbols: `address name` in hexadecimal, ascending. Output, a section:
 *   section boot|mark
 *   function COUNT NAME     for each that ran; `-` for all that is not the hypervisor's
 *   length CALLS COUNT      within the functions that find an instruction's length
 *   wait CALLS COUNT        within the functions that wait, whatever they call
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"

#define MAX_SYMBOLS   65536
#define MAX_ADDRESSES 256

__attribute__((visibility("default"))) int qemu_plugin_version = PLUGIN_INTERFACE;

static struct symbol {
  uint64_t address;
  char name[64];
} symbols[MAX_SYMBOLS];
static uint64_t counts[MAX_SYMBOLS + 1], at_start[MAX_SYMBOLS + 1]; /* the last: all else */
static unsigned symbol_count;

struct addresses {
  uint64_t at[MAX_ADDRESSES];
  unsigned count;
};

/* One function may call another of the same extent: `depth` finds the outermost return. */
static struct extent {
  const char *name;
  struct addresses enters, leaves;
  uint64_t calls, total, start;
  unsigned depth;
} extents[] = {{.name = "length"}, {.name = "wait"}};
#define EXTENTS (sizeof(extents) / sizeof(extents[0]))

static struct addresses boot, guest, begin, end;
static FILE *out;
static const char *section; /* that runs now */

static uint64_t *counter_of(uint64_t address) {
  unsigned low = 0, high = symbol_count;
  if (!symbol_count || address < symbols[0].address)
    return &counts[MAX_SYMBOLS];
  while (high - low > 1) {
    unsigned middle = (low + high) / 2;
    if (symbols[middle].address <= address)
      low = middle;
    else
      high = middle;
  }
  return &counts[low];
}

/* Of the hypervisor's own, by far most of which have symbols. */
static uint64_t hypervisor_total(void) {
  uint64_t total = 0;
  for (unsigned i = 0; i < symbol_count; i++)
    total += counts[i];
  return total;
}

static void section_start(const char *name) {
  section = name;
  memcpy(at_start, counts, sizeof(counts));
  for (unsigned i = 0; i < EXTENTS; i++)
    extents[i].calls = extents[i].total = extents[i].depth = 0;
}

static void section_end(void) {
  if (!section)
    return;
  fprintf(out, "section %s\n", section);
  for (unsigned i = 0; i < symbol_count; i++)
    if (counts[i] != at_start[i])
      fprintf(out, "function %" PRIu64 " %s\n", counts[i] - at_start[i], symbols[i].name);
  fprintf(out, "function %" PRIu64 " -\n", counts[MAX_SYMBOLS] - at_start[MAX_SYMBOLS]);
  for (unsigned i = 0; i < EXTENTS; i++)
    fprintf(out, "%s %" PRIu64 " %" PRIu64 "\n", extents[i].name, extents[i].calls,
            extents[i].total);
  fflush(out);
  section = NULL;
}

/* The start of the hypervisor and that of the guest may be the same low address: the hypervisor has
 * not run before the one, and has before the other. */
static void on_entry(unsigned cpu, void *data) {
  (void)cpu, (void)data;
  if (!hypervisor_total() && !section)
    section_start("boot");
  else if (hypervisor_total() && section && !strcmp(section, "boot"))
    section_end();
}

static void on_begin(unsigned cpu, void *data) {
  (void)cpu, (void)data;
  section_start("mark");
}

static void on_end(unsigned cpu, void *data) {
  (void)cpu, (void)data;
  section_end();
}

static void on_enter(unsigned cpu, void *data) {
  struct extent *e = data;
  (void)cpu;
  if (!e->depth++)
    e->start = hypervisor_total();
}

static void on_leave(unsigned cpu, void *data) {
  struct extent *e = data;
  (void)cpu;
  if (!e->depth || --e->depth)
    return;
  e->calls++;
  e->total += hypervisor_total() - e->start;
}

static int among(const struct addresses *list, uint64_t address) {
  for (unsigned i = 0; i < list->count; i++)
    if (list->at[i] == address)
      return 1;
  return 0;
}

static void watch(struct qemu_plugin_insn *insn, executed_fn *watcher, void *data) {
  qemu_plugin_register_vcpu_insn_exec_cb(insn, watcher, CB_NO_REGS, data);
}

static void watch_addresses(struct qemu_plugin_insn *insn, uint64_t address) {
  if (among(&boot, address) || among(&guest, address))
    watch(insn, on_entry, NULL);
  if (among(&begin, address))
    watch(insn, on_begin, NULL);
  if (among(&end, address))
    watch(insn, on_end, NULL);
  for (unsigned i = 0; i < EXTENTS; i++) {
    if (among(&extents[i].leaves, address))
      watch(insn, on_leave, &extents[i]);
    if (among(&extents[i].enters, address))
      watch(insn, on_enter, &extents[i]);
  }
}

static void on_translated(uint64_t id, struct qemu_plugin_tb *tb) {
  size_t n = qemu_plugin_tb_n_insns(tb);
  (void)id;
  for (size_t i = 0; i < n; i++) {
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
    uint64_t address = qemu_plugin_insn_vaddr(insn);
    watch_addresses(insn, address);
    qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64, counter_of(address), 1);
  }
}

static void read_symbols(const char *path) {
  FILE *in = fopen(path, "r");
  while (in && symbol_count < MAX_SYMBOLS &&
         fscanf(in, "%" SCNx64 " %63s", &symbols[symbol_count].address,
                symbols[symbol_count].name) == 2)
    symbol_count++;
  if (in)
    fclose(in);
}

static void read_addresses(struct addresses *list, char *words) {
  for (char *word = strtok(words, ":"); word && list->count < MAX_ADDRESSES;
       word = strtok(NULL, ":"))
    list->at[list->count++] = strtoull(word, NULL, 16);
}

static void read_argument(char *argument) {
  const struct {
    const char *name;
    struct addresses *list;
  } lists[] = {{"boot", &boot},
               {"guest", &guest},
               {"begin", &begin},
               {"end", &end},
               {"length", &extents[0].enters},
               {"lengthend", &extents[0].leaves},
               {"wait", &extents[1].enters},
               {"waitend", &extents[1].leaves}};
  char *value = strchr(argument, '=');
  if (!value)
    return;
  *value++ = 0;
  if (!strcmp(argument, "symbols"))
    read_symbols(value);
  if (!strcmp(argument, "out"))
    out = fopen(value, "w");
  for (unsigned i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
    if (!strcmp(argument, lists[i].name))
      read_addresses(lists[i].list, value);
}

__attribute__((visibility("default"))) int
qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv);
int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv) {
  (void)info;
  for (int i = 0; i < argc; i++)
    read_argument(argv[i]);
  if (!out || !symbol_count)
    return 1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translated);
  return 0;
}
