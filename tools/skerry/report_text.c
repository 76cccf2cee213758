/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report as text.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <xen/xen.h>

#include <xen/arch-x86/hvm/start_info.h>

#include "report.h"
#include "value.h"

static void put_head(const struct image_view *v, struct buf *out) {
  const struct manifest_header *h = v->header;
  buf_printf(out, "System %s\n\n", h->name);
  buf_printf(out, "  domains              %u\n", h->domains.count);
  buf_printf(out, "  machine must have    %u CPUs, %" PRIu64 " KiB for the domains\n",
             h->machine_cpus, h->machine_kib);
  buf_printf(out, "  image                %" PRIu64 " bytes\n", h->image_size);
  buf_printf(out, "  all domains stopped  %s\n",
             h->all_stopped == MANIFEST_ALL_STOPPED_STAY ? "the machine stays on"
                                                         : "the machine powers off");
  buf_printf(out, "  slice                %u us, for CPUs that vCPUs share\n", h->slice_us);
  if (h->console_domain < h->domains.count)
    buf_printf(out, "  console input        goes to %s first\n",
               v->domains[h->console_domain].name);
}

/* The file may have come from anywhere: no byte of it drives a terminal. */
static void put_environment(const struct image_view *v, struct buf *out) {
  if (!v->header->environment.count)
    return;
  buf_put_text(out, "\nBuilt with\n\n  ");
  for (uint32_t i = 0; i < v->header->environment.count; i++) {
    char c = v->environment[i];
    if (c == '\n')
      buf_put_text(out, i + 1 < v->header->environment.count ? "\n  " : "\n");
    else
      buf_u8(out, (uint8_t)(c < ' ' || c > '~' ? '?' : c));
  }
}

static void put_memory(const struct image_view *v, const struct manifest_domain *d,
                       struct buf *out) {
  buf_printf(out, "  memory        %s, at most %" PRIu64 " pages\n",
             value_size_text(report_ram(v, d)), d->max_pages);
  for (uint32_t i = 0; i < d->regions; i++) {
    const struct manifest_region *r = &v->regions[d->first_region + i];
    buf_printf(out, "    0x%010" PRIx64 " - 0x%010" PRIx64 "  %-10s %s\n", r->gpa,
               r->gpa + r->size - 1, value_size_text(r->size), report_region(d, r));
  }
}

static void put_loads(const struct image_view *v, const struct manifest_domain *d,
                      struct buf *out) {
  buf_printf(out, "  at start      entry 0x%" PRIx64 ", start_info 0x%" PRIx64 "\n", d->entry,
             d->start_info);
  for (uint32_t i = 0; i < d->loads; i++) {
    const struct manifest_load *l = &v->loads[d->first_load + i];
    buf_printf(out, "    0x%010" PRIx64 " - 0x%010" PRIx64 "  payload %u\n", l->gpa,
               l->gpa + l->mem_size - 1, l->payload);
  }
}

static void put_vcpus(const struct image_view *v, const struct manifest_domain *d,
                      struct buf *out) {
  buf_printf(out, "  vCPUs         %u", d->vcpus);
  if (report_is_shared(v, d))
    buf_printf(out, " on any CPU without an owner, weight %u", d->weight);
  else
    for (uint32_t i = 0; i < d->vcpus; i++)
      buf_printf(out, "%s %u", i ? "," : ", pinned to CPU", v->vcpus[d->first_vcpu + i].cpu);
  buf_printf(out, "\n  cores         %s\n",
             d->flags & MANIFEST_DOMAIN_SMT_SHARE
                 ? "may share a core's threads with domains that allow it too"
                 : "shares no core's threads with another domain");
}

/* From the start_info block, as the guest will read it. */
static const char *command_line(const struct image_view *v, const struct manifest_domain *d) {
  const uint8_t *info = image_guest_bytes(v, d, d->start_info, sizeof(struct hvm_start_info));
  uint64_t at = 0;
  if (!info)
    return "?";
  memcpy(&at, info + offsetof(struct hvm_start_info, cmdline_paddr), sizeof(at));
  for (uint64_t size = 1; size < 4096; size++) {
    const uint8_t *text = image_guest_bytes(v, d, at, size);
    if (!text)
      return "?";
    if (!text[size - 1])
      return (const char *)text;
  }
  return "?";
}

static void put_end(const struct manifest_domain *d, struct buf *out) {
  buf_printf(out, "  on shutdown   %s\n", report_action(d->on_shutdown));
  buf_printf(out, "  on reboot     %s\n", report_action(d->on_reboot));
  buf_printf(out, "  on crash      %s\n", report_action(d->on_crash));
  if (!report_may_restart(d))
    return;
  if (d->max_restarts)
    buf_printf(out, "  restarts      %u, then it stays stopped\n", d->max_restarts);
  else
    buf_put_text(out, "  restarts      without limit\n");
}

static void put_handle(const struct manifest_domain *d, struct buf *out) {
  buf_put_text(out, "  handle        ");
  for (unsigned i = 0; i < 16; i++)
    buf_printf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", d->handle[i]);
  buf_put_text(out, "\n");
}

static void put_tsc(const struct manifest_domain *d, struct buf *out) {
  if (d->tsc_khz)
    buf_printf(out, "  TSC           %u kHz\n", d->tsc_khz);
}

static void put_grants(const struct manifest_domain *d, struct buf *out) {
  if (!d->grant_frames && !d->maptrack)
    buf_put_text(out, "  grants        none\n");
  else
    buf_printf(out, "  grants        gives from at most %u pages of entries, maps at most %u\n",
               d->grant_frames, d->maptrack);
}

static void put_domain(const struct image_view *v, const struct manifest_domain *d,
                       struct buf *out) {
  buf_printf(out, "\nDomain %u: %s\n\n", d->domid, d->name);
  put_handle(d, out);
  put_memory(v, d, out);
  put_loads(v, d, out);
  put_vcpus(v, d, out);
  put_tsc(d, out);
  if (d->ports)
    buf_printf(out, "  devices       serial line: ports 0x%x to 0x%x, interrupt %u\n",
               d->first_port, d->first_port + d->ports - 1, d->interrupt);
  else
    buf_put_text(out, "  devices       none\n");
  const struct manifest_domain *server = report_console_server(v, d);
  buf_printf(out, "  console       %s%s%s\n", d->flags & MANIFEST_DOMAIN_CONSOLE ? "hvc0" : "none",
             server ? ", served by " : "", server ? server->name : "");
  buf_printf(out, "  events        at most %u channels\n", d->evtchn_limit);
  put_grants(d, out);
  buf_printf(out, "  command line  %s\n", command_line(v, d));
  put_end(d, out);
}

static void put_cpus(const struct image_view *v, struct buf *out) {
  buf_put_text(out, "\nCPUs\n\n");
  for (uint32_t cpu = 0; cpu < v->header->machine_cpus; cpu++) {
    uint32_t vcpu;
    const struct manifest_domain *d = report_owner(v, cpu, &vcpu);
    if (d)
      buf_printf(out, "  CPU %-4u vCPU %u of %s alone\n", cpu, vcpu, d->name);
    else
      buf_printf(out, "  CPU %-4u shared\n", cpu);
  }
  buf_put_text(out, "  further  shared\n  shared by");
  unsigned sharers = 0;
  for (uint32_t i = 0; i < v->header->domains.count; i++)
    if (report_is_shared(v, &v->domains[i]))
      buf_printf(out, "%s %s", sharers++ ? "," : "", v->domains[i].name);
  buf_put_text(out, sharers ? "\n" : " nobody\n");
}

static const char *kind_name(uint32_t kind) {
  static const char *const names[] = {"?", "kernel", "ramdisk", "tables"};
  return kind < 4 ? names[kind] : "?";
}

static void put_payloads(const struct image_view *v, struct buf *out) {
  buf_put_text(out, "\nPayloads\n");
  for (uint32_t i = 0; i < v->header->payloads.count; i++) {
    const struct manifest_payload *p = &v->payloads[i];
    buf_printf(out, "\n  %u: %s, %" PRIu64 " bytes, %s\n     sha256 ", i, kind_name(p->kind),
               p->size, report_is_kept(v, i) ? "kept for restart" : "dropped after the start");
    for (unsigned j = 0; j < sizeof(p->sha256); j++)
      buf_printf(out, "%02x", p->sha256[j]);
    buf_put_text(out, "\n     of");
    unsigned users = 0;
    for (uint32_t j = 0; j < v->header->domains.count; j++)
      if (report_uses(v, &v->domains[j], i))
        buf_printf(out, "%s %s", users++ ? "," : "", v->domains[j].name);
    buf_put_text(out, "\n");
  }
}

static uint64_t kept_kib(const struct image_view *v) {
  uint64_t kib = 0;
  for (uint32_t i = 0; i < v->header->payloads.count; i++)
    if (report_is_kept(v, i))
      kib += (v->payloads[i].size + MANIFEST_PAGE - 1) / MANIFEST_PAGE * (MANIFEST_PAGE / 1024);
  return kib;
}

static double put_term(struct buf *out, const char *what, uint64_t count, double each) {
  buf_printf(out, "  %-24s ", what);
  if (each < 0) {
    buf_printf(out, "%6" PRIu64 " x ?\n", count);
    return -1;
  }
  buf_printf(out, "%6" PRIu64 " x %8.1f KiB = %10.1f KiB\n", count, each, (double)count * each);
  return (double)count * each;
}

static void put_hypervisor(const struct image_view *v, const struct report_figures *f,
                           struct buf *out) {
  const struct manifest_header *h = v->header;
  buf_put_text(out, "\nMemory that the hypervisor keeps\n\n");
  double terms[] = {put_term(out, "machine", 1, f->machine_kib),
                    put_term(out, "each CPU (at least)", h->machine_cpus, f->pcpu_kib),
                    put_term(out, "each domain", h->domains.count, f->domain_kib),
                    put_term(out, "each vCPU", h->vcpus.count, f->vcpu_kib),
                    put_term(out, "payloads for restart", 1, (double)kept_kib(v))};
  double sum = 0;
  int known = 1;
  for (unsigned i = 0; i < 5; i++) {
    known = known && terms[i] >= 0;
    sum += terms[i];
  }
  if (known)
    buf_printf(out, "  %-24s %31.1f KiB\n", "together", sum);
  buf_put_text(out,
               "  and 16 bytes for each 4 KiB of the machine's memory (frame records), and\n"
               "  the nested page tables: 4 KiB for each GiB of a domain where pages of 2 MiB\n"
               "  map it, 2 MiB for each GiB where pages of 4 KiB do.\n");
  if (!known)
    buf_put_text(out, "  `?`: depends on the build; `skerry report --figures FILE` takes it from "
                      "what\n  `make figures` prints.\n");
}

static void put_devices(const struct image_view *v, struct buf *out) {
  const struct manifest_domain *owner = report_uart_owner(v);
  buf_put_text(out, "\nDevices\n\n");
  if (owner)
    buf_printf(out, "  %s has the UART at port 0x%x, interrupt %u.\n", owner->name,
               owner->first_port, owner->interrupt);
  buf_printf(out,
             "  No %sdomain has a device. %s, the timers and the local APICs are the\n"
             "  hypervisor's.\n",
             owner ? "other " : "", owner ? "Other serial ports" : "The serial port");
}

void report_text(const struct image_view *v, const struct report_figures *f, struct buf *out) {
  put_head(v, out);
  for (uint32_t i = 0; i < v->header->domains.count; i++)
    put_domain(v, &v->domains[i], out);
  put_cpus(v, out);
  put_devices(v, out);
  report_channels_text(v, out);
  put_payloads(v, out);
  put_hypervisor(v, f, out);
  put_environment(v, out);
}

static double find_figure(const char *text, const char *name) {
  size_t length = strlen(name);
  for (const char *line = text; line; line = strchr(line, '\n')) {
    line += *line == '\n';
    if (!strncmp(line, name, length) && line[length] == '\t')
      return strtod(line + length + 1, NULL);
  }
  return -1;
}

struct report_figures report_read_figures(const char *text) {
  return (struct report_figures){
      find_figure(text, "memory.machine_kib"), find_figure(text, "memory.pcpu_kib"),
      find_figure(text, "memory.domain_kib"), find_figure(text, "memory.vcpu_kib")};
}
