/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The partition map as a Graphviz file: the machine's CPUs on the left, the
 * domains with their memory in the middle, the serial console and the payloads
 * on the right. Domains without an edge between them cannot reach each other.
 */
#include <inttypes.h>

#include "report.h"
#include "value.h"

static void put_cpus(const struct image_view *v, struct buf *out) {
  buf_put_text(out, "  cpus [label=<<table border=\"0\" cellborder=\"1\" cellspacing=\"0\" "
                    "cellpadding=\"6\">\n    <tr><td bgcolor=\"#d9d9d9\"><b>CPUs</b></td></tr>\n");
  for (uint32_t cpu = 0; cpu < v->header->machine_cpus; cpu++) {
    uint32_t vcpu;
    if (report_owner(v, cpu, &vcpu))
      buf_printf(out, "    <tr><td port=\"c%u\">CPU %u</td></tr>\n", cpu, cpu);
  }
  buf_put_text(out, "    <tr><td port=\"any\">shared CPUs</td></tr>\n  </table>>];\n");
}

/* One row for each region, the higher the more memory it holds, within reason. */
static void put_region_row(const struct manifest_domain *d, const struct manifest_region *r,
                           uint32_t index, struct buf *out) {
  static const char *const colours[] = {"white", "#cfe8cf", "#f3e3c3", "#dcd6ee"};
  uint32_t type = r->type < 4 ? r->type : 0;
  unsigned height = 20;
  for (uint64_t size = r->size; size > 16u << 20 && height < 90; size >>= 1)
    height += 6;
  buf_printf(out,
             "    <tr><td port=\"r%u\" bgcolor=\"%s\" height=\"%u\">0x%" PRIx64
             "<br/>%s %s</td></tr>\n",
             index, colours[type], height, r->gpa, report_region(d, r), value_size_text(r->size));
}

static void put_domain(const struct image_view *v, const struct manifest_domain *d,
                       struct buf *out) {
  buf_printf(out,
             "  d%u [label=<<table border=\"0\" cellborder=\"1\" cellspacing=\"0\" "
             "cellpadding=\"6\">\n    <tr><td port=\"name\" bgcolor=\"#bcd4ec\"><b>",
             d->domid);
  report_put_escaped(d->name, out);
  buf_printf(out, "</b><br/>domain %u</td></tr>\n    <tr><td port=\"vcpus\">%u vCPUs</td></tr>\n",
             d->domid, d->vcpus);
  for (uint32_t i = d->regions; i-- > 0;) /* high addresses at the top */
    put_region_row(d, &v->regions[d->first_region + i], i, out);
  buf_printf(out,
             "    <tr><td>shutdown: %s<br/>reboot: %s<br/>crash: %s</td></tr>\n"
             "    <tr><td port=\"io\">%s</td></tr>\n  </table>>];\n",
             report_action(d->on_shutdown), report_action(d->on_reboot), report_action(d->on_crash),
             d->flags & MANIFEST_DOMAIN_CONSOLE ? "console hvc0" : "no console");
}

static void put_cpu_edges(const struct image_view *v, const struct manifest_domain *d,
                          struct buf *out) {
  if (report_is_shared(v, d)) {
    buf_printf(out, "  cpus:any -> d%u:vcpus [dir=none, style=dashed, label=\"weight %u\"];\n",
               d->domid, d->weight);
    return;
  }
  for (uint32_t i = 0; i < d->vcpus; i++)
    buf_printf(out, "  cpus:c%u -> d%u:vcpus [dir=none, label=\"vCPU %u\"];\n",
               v->vcpus[d->first_vcpu + i].cpu, d->domid, i);
}

static void put_payloads(const struct image_view *v, struct buf *out) {
  buf_put_text(out, "  payloads [label=<<table border=\"0\" cellborder=\"1\" cellspacing=\"0\" "
                    "cellpadding=\"6\">\n"
                    "    <tr><td bgcolor=\"#d9d9d9\"><b>payloads</b></td></tr>\n");
  for (uint32_t i = 0; i < v->header->payloads.count; i++) {
    const struct manifest_payload *p = &v->payloads[i];
    buf_printf(out, "    <tr><td port=\"p%u\" align=\"left\">", i);
    report_put_escaped(p->name, out);
    buf_printf(out, "<br/>%" PRIu64 " KiB%s<br/>sha256 %02x%02x%02x%02x...</td></tr>\n",
               (p->size + 1023) / 1024, report_is_kept(v, i) ? ", kept for restart" : "",
               p->sha256[0], p->sha256[1], p->sha256[2], p->sha256[3]);
  }
  buf_put_text(out, "  </table>>];\n");
}

static void put_payload_edges(const struct image_view *v, const struct manifest_domain *d,
                              struct buf *out) {
  for (uint32_t i = 0; i < v->header->payloads.count; i++)
    if (report_uses(v, d, i))
      buf_printf(out, "  d%u:r0 -> payloads:p%u [dir=back, color=\"#808080\"];\n", d->domid, i);
}

/* Whose the serial lines are: the hypervisor's, and another that a domain has. */
static void put_uart(const struct image_view *v, struct buf *out) {
  const struct manifest_domain *owner = report_uart_owner(v);
  bool another = owner && !(owner->flags & MANIFEST_DOMAIN_LINE);
  if (owner) {
    buf_printf(out, "  %s [shape=box, label=\"serial console\\n(", another ? "line" : "uart");
    report_put_escaped(owner->name, out);
    buf_printf(out, "'s, port 0x%x)\"];\n", owner->first_port);
  }
  if (another)
    buf_printf(out, "  d%u:io -> line [dir=both];\n", owner->domid);
  if (!owner || another)
    buf_put_text(out, "  uart [shape=box, label=\"serial console\\n(the hypervisor's)\"];\n");
}

void report_dot(const struct image_view *v, struct buf *out) {
  buf_put_text(out, "digraph system {\n  rankdir=LR;\n  ranksep=1.2;\n"
                    "  node [shape=plain, fontname=\"sans-serif\", fontsize=11];\n"
                    "  edge [fontname=\"sans-serif\", fontsize=9];\n"
                    "  labelloc=t;\n  fontname=\"sans-serif\";\n  label=<System <b>");
  report_put_escaped(v->header->name, out);
  buf_put_text(out, v->header->channels.count ? "</b>>;\n"
                                              : "</b>: no channel between domains is declared>;\n");
  put_cpus(v, out);
  put_uart(v, out);
  put_payloads(v, out);
  for (uint32_t i = 0; i < v->header->domains.count; i++) {
    const struct manifest_domain *d = &v->domains[i];
    put_domain(v, d, out);
    put_cpu_edges(v, d, out);
    put_payload_edges(v, d, out);
    if (d->flags & MANIFEST_DOMAIN_CONSOLE && !report_console_server(v, d))
      buf_printf(out, "  d%u:io -> uart [dir=both];\n", d->domid);
  }
  report_channels_dot(v, out);
  buf_put_text(out, "}\n");
}
