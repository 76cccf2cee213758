/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of the system file's form with all ranges and defaults, and the
 * way from the tree to struct system. Judges nothing.
 */
#include "system.h"

#include <stdlib.h>
#include <string.h>

#include "../../abi/manifest/manifest.h"
#include "store_tree.h"

#define KIB         (1ull << 10)
#define MIB         (1ull << 20)
#define GIB         (1ull << 30)
#define MAX_RAMDISK GIB

static const char *const action_words[] = {"stop", "restart", "poweroff", NULL};
static const char *const all_stopped_words[] = {"poweroff", "stay", NULL};
static const char *const service_words[] = {"none", "store", "console", NULL};
static const char *const serial_words[] = {"none", "com1", "com2", NULL};
static const char *const smt_words[] = {"apart", "share", NULL};

#define AT(type, member) .offset = offsetof(struct type, member)

static const struct field uart_fields[] = {
    {"port", FIELD_PORT, true, .min = 0x200, .max = 0xfff8, AT(domain, uart_port)},
    {"interrupt", FIELD_COUNT, true, .min = 1, .max = 15, AT(domain, uart_interrupt)},
    {0},
};

static const struct schema uart_schema = {.what = "`uart`", .fields = uart_fields};

static const struct field domain_fields[] = {
    {"name", FIELD_NAME, true, .max = MANIFEST_NAME_SIZE - 1, AT(domain, name)},
    {"kernel", FIELD_PATH, true, AT(domain, kernel_path)},
    {"ramdisk", FIELD_PATH, AT(domain, ramdisk_path)},
    {"command_line", FIELD_TEXT, .max = 2047, AT(domain, command_line)},
    {"memory", FIELD_SIZE, true, 256 << 10, 1024 * GIB, AT(domain, memory)},
    {"vcpus", FIELD_COUNT, .min = 1, .max = MANIFEST_MAX_VCPUS, AT(domain, vcpus)},
    {"cpus", FIELD_CPUS, .max = SYSTEM_MAX_CPUS - 1, AT(domain, cpus)},
    {"console", FIELD_BOOL, AT(domain, console)},
    {"on_shutdown", FIELD_CHOICE, AT(domain, on_shutdown), .words = action_words},
    {"on_reboot", FIELD_CHOICE, AT(domain, on_reboot), .words = action_words},
    {"on_crash", FIELD_CHOICE, AT(domain, on_crash), .words = action_words},
    {"weight", FIELD_COUNT, .min = 1, .max = 65535, AT(domain, weight)},
    {"max_restarts", FIELD_COUNT, .max = UINT32_MAX, AT(domain, max_restarts)},
    {"smt", FIELD_CHOICE, AT(domain, smt_share), .words = smt_words},
    {"event_channels", FIELD_COUNT, .min = 64, .max = 4096, AT(domain, event_channels)},
    {"grant_frames", FIELD_COUNT, .min = 1, .max = MANIFEST_MAX_GRANT_FRAMES,
     AT(domain, grant_frames)},
    {"maptrack", FIELD_COUNT, .min = 1, .max = MANIFEST_MAX_MAPTRACK, AT(domain, maptrack)},
    {"tsc_khz", FIELD_COUNT, .min = MANIFEST_MIN_TSC_KHZ, .max = MANIFEST_MAX_TSC_KHZ,
     AT(domain, tsc_khz)},
    {"keep", FIELD_SIZE, .min = 4 * KIB, .max = 64 * GIB, AT(domain, keep)},
    {"serial", FIELD_CHOICE, AT(domain, serial), .words = serial_words},
    {"uart", FIELD_MAP, .inner = &uart_schema},
    {"service", FIELD_CHOICE, AT(domain, service), .words = service_words},
    {0},
};

static const struct schema domain_schema = {.what = "a domain", .fields = domain_fields};

static const struct field machine_fields[] = {
    {"cpus", FIELD_COUNT, .min = 1, .max = SYSTEM_MAX_CPUS, AT(system, machine_cpus)},
    {"memory", FIELD_SIZE, .min = 64 * MIB, .max = 64 * 1024 * GIB, AT(system, machine_memory)},
    {"all_stopped", FIELD_CHOICE, AT(system, all_stopped), .words = all_stopped_words},
    {"slice", FIELD_TIME, .min = 1000, .max = 1000000, AT(system, slice_us)},
    {"console", FIELD_NAME, .max = MANIFEST_NAME_SIZE - 1, AT(system, console)},
    {0},
};

static const struct schema machine_schema = {.what = "`machine`", .fields = machine_fields};

static const struct field system_fields[] = {
    {"system", FIELD_NAME, true, .max = MANIFEST_NAME_SIZE - 1, AT(system, name)},
    {"machine", FIELD_MAP, .inner = &machine_schema},
    {"domains", FIELD_LIST, true, .max = MANIFEST_MAX_DOMAINS, .inner = &domain_schema},
    {"channels", FIELD_LIST, .max = CHANNEL_MAX, .inner = &channel_schema},
    {0},
};

const struct schema system_schema = {.what = "a system file", .fields = system_fields};

static uint64_t default_ports(uint64_t vcpus) {
  uint64_t ports = 2 * SYSTEM_PORTS_PER_VCPU * vcpus;
  return ports < 1024 ? 1024 : ports > 4096 ? 4096 : ports;
}

static void take_domain(struct yaml *y, struct domain *d, const yaml_node_t *node) {
  *d = (struct domain){
      .node = node,
      .command_line = xstrdup(""),
      .vcpus = 1,
      .console = true,
      .on_shutdown = MANIFEST_ACTION_STOP,
      .on_reboot = MANIFEST_ACTION_RESTART,
      .on_crash = MANIFEST_ACTION_STOP,
      .weight = 256,
  };
  schema_fill(y, &domain_schema, node, d);
  if (!d->event_channels)
    d->event_channels = default_ports(d->vcpus);
}

static void take_domains(struct system *s, struct yaml *y, const yaml_node_t *list) {
  const yaml_node_item_t *start = list->data.sequence.items.start;
  s->count = (unsigned)(list->data.sequence.items.top - start);
  s->domains = xcalloc(s->count, sizeof(struct domain));
  for (unsigned i = 0; i < s->count; i++)
    take_domain(y, &s->domains[i], yaml_at(y, start[i]));
}

void system_from_tree(struct system *s, struct yaml *y, const char *path) {
  *s = (struct system){.slice_us = 10000};
  const char *slash = strrchr(path, '/');
  s->folder = xstrdup(path);
  s->folder[slash ? slash - path + 1 : 0] = 0;
  schema_fill(y, &system_schema, yaml_root(y), s);
  take_domains(s, y, yaml_map_get(y, yaml_root(y), "domains"));
  channels_from_tree(&s->channels, y, yaml_map_get(y, yaml_root(y), "channels"));
}

static int read_beside(const struct system *s, const char *path, size_t limit, struct buf *out) {
  struct buf full = {0};
  buf_printf(&full, "%s%s", *path == '/' ? "" : s->folder, path);
  int status = file_read(buf_text(&full), limit, out);
  buf_free(&full);
  return status;
}

static const struct source *source_load(struct system *s, const char *path, bool is_kernel) {
  for (unsigned i = 0; i < s->source_count; i++)
    if (s->sources[i].is_kernel == is_kernel && !strcmp(s->sources[i].path, path))
      return &s->sources[i];
  struct source *source = &s->sources[s->source_count++];
  struct buf file = {0};
  source->path = path;
  source->is_kernel = is_kernel;
  source->error = read_beside(s, path, is_kernel ? KERNEL_MAX_FILE : MAX_RAMDISK, &file);
  if (!is_kernel) {
    source->bytes = file;
    return source;
  }
  if (!source->error)
    source->status = kernel_read(&file, &source->kernel);
  buf_free(&file);
  return source;
}

/* What a service starts with is not read from a file. */
static const struct source *source_text(struct system *s, unsigned domain) {
  struct source *source = &s->sources[s->source_count++];
  source->path = "";
  if (s->domains[domain].service == SERVICE_STORE)
    store_tree_build(s, domain, &source->bytes);
  else
    buf_printf(&source->bytes, "serial\t%u\n", domain_uart(&s->domains[domain]).port);
  if (s->domains[domain].service == SERVICE_CONSOLE)
    clients_build(s, domain, MANIFEST_CHANNEL_CONSOLE, &source->bytes);
  return source;
}

void system_load_files(struct system *s) {
  s->sources = xcalloc(2 * s->count, sizeof(struct source));
  for (unsigned i = 0; i < s->count; i++) {
    struct domain *d = &s->domains[i];
    d->kernel = source_load(s, d->kernel_path, true);
    if (d->ramdisk_path)
      d->ramdisk = source_load(s, d->ramdisk_path, false);
    else if (d->service != SERVICE_NONE)
      d->ramdisk = source_text(s, i);
  }
}

static void domain_free(struct domain *d) {
  free(d->name);
  free(d->kernel_path);
  free(d->ramdisk_path);
  free(d->command_line);
  free(d->cpus.cpu);
}

void system_free(struct system *s) {
  for (unsigned i = 0; i < s->count; i++)
    domain_free(&s->domains[i]);
  for (unsigned i = 0; i < s->source_count; i++) {
    kernel_free(&s->sources[i].kernel);
    buf_free(&s->sources[i].bytes);
  }
  channels_free(&s->channels);
  free(s->sources);
  free(s->domains);
  free(s->name);
  free(s->console);
  free(s->folder);
  *s = (struct system){0};
}

struct mark domain_mark(struct yaml *y, const struct domain *d, const char *key) {
  const yaml_node_t *value = yaml_map_get(y, d->node, key);
  return yaml_mark(value ? value : d->node);
}

uint64_t system_least_cpus(const struct system *s) {
  uint64_t highest = 0, pinned = 0;
  bool shared = false;
  for (unsigned i = 0; i < s->count; i++) {
    const struct cpu_list *cpus = &s->domains[i].cpus;
    shared |= !cpus->count;
    pinned += cpus->count;
    for (unsigned j = 0; j < cpus->count; j++)
      highest = cpus->cpu[j] + 1 > highest ? cpus->cpu[j] + 1 : highest;
  }
  uint64_t owned_and_one = pinned + shared;
  return highest > owned_and_one ? highest : owned_and_one;
}

/* A PC's first two serial lines have words for them. */
struct uart domain_uart(const struct domain *d) {
  static const struct uart words[] = {{0, 0}, {0x3f8, 4}, {0x2f8, 3}};
  if (d->uart_port)
    return (struct uart){(uint16_t)d->uart_port, (uint16_t)d->uart_interrupt};
  return words[d->serial];
}

bool domain_may_restart(const struct domain *d) {
  return d->on_shutdown == MANIFEST_ACTION_RESTART || d->on_reboot == MANIFEST_ACTION_RESTART ||
         d->on_crash == MANIFEST_ACTION_RESTART;
}
