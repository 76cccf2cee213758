/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of meaning: what the values say together, and about the files that
 * they name.
 */
#include "rules.h"

#include <inttypes.h>
#include <string.h>

#include "compile.h"
#include "value.h"

static struct mark key_mark(const struct rule_check *c, const struct domain *d, const char *key) {
  return domain_mark(c->yaml, d, key);
}

static struct mark machine_mark(const struct rule_check *c, const char *key) {
  const yaml_node_t *machine = yaml_map_get(c->yaml, yaml_root(c->yaml), "machine");
  return yaml_mark(yaml_map_get(c->yaml, machine, key));
}

#define EACH_DOMAIN(d, c)                                                                          \
  for (const struct domain *d = (c)->system->domains;                                              \
       d < (c)->system->domains + (c)->system->count; d++)

static void rule_domain_name_unique(struct rule_check *c) {
  EACH_DOMAIN(d, c) {
    const struct domain *first = c->system->domains;
    while (strcmp(first->name, d->name))
      first++;
    if (first != d)
      diag_add(c->diag, key_mark(c, d, "name"), "another domain is called `%s`: see line %u",
               d->name, key_mark(c, first, "name").line);
  }
}

static void rule_cpus_each_vcpu(struct rule_check *c) {
  EACH_DOMAIN(d, c) {
    const yaml_node_t *node = yaml_map_get(c->yaml, d->node, "cpus");
    if (node && node->type == YAML_SEQUENCE_NODE && d->cpus.count != d->vcpus)
      diag_add(c->diag, yaml_mark(node),
               "`cpus` names %u, but `%s` has %" PRIu64 " vCPUs: each needs one", d->cpus.count,
               d->name, d->vcpus);
  }
}

/* The domain that pinned a vCPU to this CPU before vCPU `until` of *d did. */
static const struct domain *earlier_owner(const struct rule_check *c, const struct domain *d,
                                          unsigned until, uint32_t cpu) {
  EACH_DOMAIN(other, c) {
    unsigned count = other == d ? until : other->cpus.count;
    for (unsigned i = 0; i < count; i++)
      if (other->cpus.cpu[i] == cpu)
        return other;
    if (other == d)
      return NULL;
  }
  return NULL;
}

static void rule_cpu_one_owner(struct rule_check *c) {
  EACH_DOMAIN(d, c) {
    for (unsigned i = 0; i < d->cpus.count; i++) {
      const struct domain *owner = earlier_owner(c, d, i, d->cpus.cpu[i]);
      if (owner)
        diag_add(c->diag, key_mark(c, d, "cpus"),
                 "CPU %u belongs to a vCPU of `%s` already: a CPU has one owner", d->cpus.cpu[i],
                 owner->name);
    }
  }
}

static void rule_machine_has_cpu(struct rule_check *c) {
  uint64_t cpus = c->system->machine_cpus;
  if (!cpus)
    return;
  EACH_DOMAIN(d, c) {
    for (unsigned i = 0; i < d->cpus.count; i++)
      if (d->cpus.cpu[i] >= cpus)
        diag_add(c->diag, key_mark(c, d, "cpus"),
                 "CPU %u: the machine is said to have %" PRIu64 ", numbered from 0", d->cpus.cpu[i],
                 cpus);
  }
}

static void rule_cpu_left_to_share(struct rule_check *c) {
  uint64_t cpus = c->system->machine_cpus, owned = 0;
  EACH_DOMAIN(d, c) {
    owned += d->cpus.count;
  }
  EACH_DOMAIN(d, c) {
    if (cpus && !d->cpus.count && owned >= cpus) {
      diag_add(c->diag, yaml_mark(d->node),
               "no CPU is left for `%s`: all %" PRIu64 " of the machine have owners", d->name,
               cpus);
      return;
    }
  }
}

static void rule_machine_memory(struct rule_check *c) {
  uint64_t total = 0;
  EACH_DOMAIN(d, c) {
    total += d->memory;
  }
  for (unsigned i = 0; i < c->system->channels.count; i++)
    total += c->system->channels.list[i].size;
  if (c->system->machine_memory && total > c->system->machine_memory)
    diag_add(c->diag, machine_mark(c, "memory"),
             "the machine is said to have %s, but the domains take %s",
             value_size_text(c->system->machine_memory), value_size_text(total));
}

static const struct domain *console_domain(const struct rule_check *c) {
  EACH_DOMAIN(d, c) {
    if (c->system->console && !strcmp(d->name, c->system->console))
      return d;
  }
  return NULL;
}

static void rule_console_domain(struct rule_check *c) {
  if (c->system->console && !console_domain(c))
    diag_add(c->diag, machine_mark(c, "console"), "no domain is called `%s`", c->system->console);
}

static void rule_console_off(struct rule_check *c) {
  const struct domain *d = console_domain(c);
  if (d && !d->console)
    diag_add(c->diag, machine_mark(c, "console"), "`%s` has no console: see line %u", d->name,
             key_mark(c, d, "console").line);
}

static void check_service_one(struct rule_check *c, enum domain_service service, const char *what) {
  const struct domain *first = NULL;
  EACH_DOMAIN(d, c) {
    if (d->service != service)
      continue;
    if (first)
      diag_add(c->diag, key_mark(c, d, "service"), "a system has one %s: `%s` is it, see line %u",
               what, first->name, key_mark(c, first, "service").line);
    else
      first = d;
  }
}

static void rule_service_one(struct rule_check *c) {
  check_service_one(c, SERVICE_STORE, "store");
  check_service_one(c, SERVICE_CONSOLE, "console service");
}

/* The hypervisor drives one line, which it can give to one domain. */
static struct mark uart_mark(const struct rule_check *c, const struct domain *d) {
  return key_mark(c, d, d->uart_port ? "uart" : "serial");
}

static void rule_serial_or_uart(struct rule_check *c) {
  EACH_DOMAIN(d, c) {
    if (d->serial && d->uart_port)
      diag_add(c->diag, key_mark(c, d, "uart"),
               "`%s` has the serial line of `serial` already: one domain has one UART", d->name);
  }
}

static void rule_serial_once(struct rule_check *c) {
  const struct domain *first = NULL;
  EACH_DOMAIN(d, c) {
    if (first && domain_uart(d).port)
      diag_add(c->diag, uart_mark(c, d), "the serial line belongs to `%s`: see line %u",
               first->name, uart_mark(c, first).line);
    else if (domain_uart(d).port)
      first = d;
  }
}

static void rule_service_serial(struct rule_check *c) {
  EACH_DOMAIN(d, c) {
    if (d->service == SERVICE_CONSOLE && !domain_uart(d).port)
      diag_add(c->diag, key_mark(c, d, "service"),
               "`%s` serves consoles on a serial line: say which, `serial: com1` or `uart`",
               d->name);
  }
}

static void rule_service_ramdisk(struct rule_check *c) {
  EACH_DOMAIN(d, c) {
    if (d->service != SERVICE_NONE && d->ramdisk_path)
      diag_add(c->diag, key_mark(c, d, "ramdisk"),
               "`%s` is a service: the %s that it starts with is its ramdisk", d->name,
               d->service == SERVICE_STORE ? "tree" : "list of its clients");
  }
}

static void rule_keep_restart(struct rule_check *c) {
  EACH_DOMAIN(d, c) {
    if (d->keep && !domain_may_restart(d))
      diag_add(c->diag, key_mark(c, d, "keep"),
               "`%s` never restarts, so there is no life to keep memory for", d->name);
  }
}

static void rule_event_channels(struct rule_check *c) {
  EACH_DOMAIN(d, c) {
    if (d->event_channels < SYSTEM_PORTS_PER_VCPU * d->vcpus)
      diag_add(c->diag, key_mark(c, d, "event_channels"),
               "%" PRIu64 " event channels are too few for %" PRIu64 " vCPUs: at least %u for each",
               d->event_channels, d->vcpus, SYSTEM_PORTS_PER_VCPU);
  }
}

/* What the rules on kernels share: the rule speaks for one status. */
static bool kernel_is(const struct rule_check *c, enum kernel_status status) {
  const struct source *k = c->domain->kernel;
  return !k->error && k->status == status;
}

#define KERNEL_SAY(c, ...) diag_add((c)->diag, key_mark(c, (c)->domain, "kernel"), __VA_ARGS__)

static void rule_kernel_file(struct rule_check *c) {
  if (c->domain->kernel->error)
    KERNEL_SAY(c, "cannot read the kernel `%s`: %s", c->domain->kernel_path,
               strerror(c->domain->kernel->error));
}

static void rule_kernel_format(struct rule_check *c) {
  if (kernel_is(c, KERNEL_UNKNOWN_FORMAT))
    KERNEL_SAY(c, "`%s` is no kernel: neither an ELF file nor a bzImage", c->domain->kernel_path);
}

static void rule_kernel_bzimage(struct rule_check *c) {
  if (kernel_is(c, KERNEL_BZIMAGE_BROKEN))
    KERNEL_SAY(c, "the bzImage `%s` is damaged or cut short: its payload lies outside of it",
               c->domain->kernel_path);
}

static void rule_kernel_protocol(struct rule_check *c) {
  if (kernel_is(c, KERNEL_BZIMAGE_OLD))
    KERNEL_SAY(c, "the bzImage `%s` is too old: its boot protocol must be 2.08 or newer",
               c->domain->kernel_path);
}

static void rule_kernel_compression(struct rule_check *c) {
  if (kernel_is(c, KERNEL_UNKNOWN_COMPRESSION))
    KERNEL_SAY(c, "the bzImage `%s` is compressed with %s: gzip, XZ, LZ4 and Zstandard are read",
               c->domain->kernel_path, c->domain->kernel->kernel.detail);
}

static void rule_kernel_unpack(struct rule_check *c) {
  if (kernel_is(c, KERNEL_UNPACK_FAILED))
    KERNEL_SAY(c, "the bzImage `%s` does not unpack: its %s data are damaged or cut short",
               c->domain->kernel_path, c->domain->kernel->kernel.detail);
}

static void rule_kernel_elf(struct rule_check *c) {
  if (kernel_is(c, KERNEL_ELF_BROKEN))
    KERNEL_SAY(c, "the ELF file in `%s` is damaged: %s", c->domain->kernel_path,
               c->domain->kernel->kernel.detail);
}

static void rule_kernel_machine(struct rule_check *c) {
  if (kernel_is(c, KERNEL_ELF_MACHINE))
    KERNEL_SAY(c, "the kernel `%s` is not made for x86", c->domain->kernel_path);
}

static void rule_kernel_segment(struct rule_check *c) {
  if (kernel_is(c, KERNEL_NO_SEGMENT))
    KERNEL_SAY(c, "the kernel `%s` has no segment to load", c->domain->kernel_path);
}

static void rule_kernel_overlap(struct rule_check *c) {
  if (kernel_is(c, KERNEL_OVERLAP))
    KERNEL_SAY(c, "two segments of the kernel `%s` overlap in memory", c->domain->kernel_path);
}

static void rule_kernel_pvh(struct rule_check *c) {
  if (kernel_is(c, KERNEL_NO_PVH_NOTE))
    KERNEL_SAY(c,
               "the kernel `%s` cannot start as a PVH guest: it has no XEN_ELFNOTE_PHYS32_ENTRY "
               "note (Linux: CONFIG_PVH)",
               c->domain->kernel_path);
}

static void rule_kernel_entry(struct rule_check *c) {
  if (kernel_is(c, KERNEL_ENTRY_OUTSIDE))
    KERNEL_SAY(c, "the PVH entry of the kernel `%s`, 0x%" PRIx64 ", lies in none of its segments",
               c->domain->kernel_path, c->domain->kernel->kernel.entry);
}

static void rule_ramdisk_file(struct rule_check *c) {
  if (c->domain->ramdisk && c->domain->ramdisk->error)
    diag_add(c->diag, key_mark(c, c->domain, "ramdisk"), "cannot read the ramdisk `%s`: %s",
             c->domain->ramdisk_path, strerror(c->domain->ramdisk->error));
}

static void rule_ramdisk_empty(struct rule_check *c) {
  const struct source *r = c->domain->ramdisk;
  if (r && !r->error && !r->bytes.size)
    diag_add(c->diag, key_mark(c, c->domain, "ramdisk"), "the ramdisk `%s` is empty",
             c->domain->ramdisk_path);
}

static uint64_t round_up_mib(uint64_t v) {
  return (v + (1 << 20) - 1) & ~(uint64_t)((1 << 20) - 1);
}

static void rule_kernel_fits(struct rule_check *c) {
  struct layout l;
  if (compile_layout(c->system, c->domain, &l) == LAYOUT_KERNEL_TOO_LARGE)
    diag_add(c->diag, key_mark(c, c->domain, "memory"),
             "too little memory: the kernel ends at %s, the RAM below the 4 GiB hole at %s",
             value_size_text(round_up_mib(l.end)), value_size_text(l.low_end));
  layout_free(&l);
}

static void rule_ramdisk_fits(struct rule_check *c) {
  struct layout l;
  if (compile_layout(c->system, c->domain, &l) == LAYOUT_REST_TOO_LARGE)
    diag_add(c->diag, key_mark(c, c->domain, "memory"),
             "too little memory: kernel, ramdisk and start structures end at %s, the RAM below the "
             "4 GiB hole at %s",
             value_size_text(round_up_mib(l.end)), value_size_text(l.low_end));
  layout_free(&l);
}

const struct rule rules_meaning[] = {
    {"domain-name-unique", RULE_SYSTEM, rule_domain_name_unique},
    {"cpus-each-vcpu", RULE_SYSTEM, rule_cpus_each_vcpu},
    {"cpu-one-owner", RULE_SYSTEM, rule_cpu_one_owner},
    {"machine-has-cpu", RULE_SYSTEM, rule_machine_has_cpu},
    {"cpu-left-to-share", RULE_SYSTEM, rule_cpu_left_to_share},
    {"machine-memory", RULE_SYSTEM, rule_machine_memory},
    {"console-domain", RULE_SYSTEM, rule_console_domain},
    {"console-off", RULE_SYSTEM, rule_console_off},
    {"service-one", RULE_SYSTEM, rule_service_one},
    {"serial-or-uart", RULE_SYSTEM, rule_serial_or_uart},
    {"serial-once", RULE_SYSTEM, rule_serial_once},
    {"service-serial", RULE_SYSTEM, rule_service_serial},
    {"service-ramdisk", RULE_SYSTEM, rule_service_ramdisk},
    {"keep-restart", RULE_SYSTEM, rule_keep_restart},
    {"event-channels", RULE_SYSTEM, rule_event_channels},
    {"kernel-file", RULE_DOMAIN, rule_kernel_file},
    {"kernel-format", RULE_DOMAIN, rule_kernel_format},
    {"kernel-bzimage", RULE_DOMAIN, rule_kernel_bzimage},
    {"kernel-protocol", RULE_DOMAIN, rule_kernel_protocol},
    {"kernel-compression", RULE_DOMAIN, rule_kernel_compression},
    {"kernel-unpack", RULE_DOMAIN, rule_kernel_unpack},
    {"kernel-elf", RULE_DOMAIN, rule_kernel_elf},
    {"kernel-machine", RULE_DOMAIN, rule_kernel_machine},
    {"kernel-segment", RULE_DOMAIN, rule_kernel_segment},
    {"kernel-overlap", RULE_DOMAIN, rule_kernel_overlap},
    {"kernel-pvh", RULE_DOMAIN, rule_kernel_pvh},
    {"kernel-entry", RULE_DOMAIN, rule_kernel_entry},
    {"ramdisk-file", RULE_DOMAIN, rule_ramdisk_file},
    {"ramdisk-empty", RULE_DOMAIN, rule_ramdisk_empty},
    {"kernel-fits", RULE_DOMAIN, rule_kernel_fits},
    {"ramdisk-fits", RULE_DOMAIN, rule_ramdisk_fits},
    {0},
};
