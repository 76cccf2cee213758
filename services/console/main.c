/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console as a service: the consoles of the domains that its module names and the hypervisor's
 * log on the serial line that this domain has. VIRQ_CONSOLE tells of keys, of room and of the log.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/xen/grant_table.h>
#include <abi/xen/hvm.h>
#include <abi/xen/xen.h>
#include <libos/domain.h>
#include <libos/event.h>
#include <libos/hypercall.h>
#include <libos/stream.h>
#include <services/clients/clients.h>

#include "mux.h"
#include "uart.h"

#define TURNS 16u /* before the other ports are looked at */

struct ring {
  struct served *client;
  struct stream in, out; /* sizes are 0 while there is no page */
};

static struct mux mux;
static struct source *sources; /* the log, then a domain each */
static struct served *served;
static struct ring *rings;
static unsigned count; /* of domains */
static uint32_t line_port;
static unsigned uart_port;
static unsigned long fed, end_after; /* bytes in this life; `end=N`, for tests */

/* --- Where bytes come from ------------------------------------------------------------------- */

static size_t log_read(struct source *s, char *to, size_t size) {
  (void)s;
  int64_t n = hypercall3(__HYPERVISOR_console_io, CONSOLEIO_read, size, (uintptr_t)to);
  return n > 0 ? (size_t)n : 0;
}

/* Indices that make no sense are the client's loss: nothing comes from it any more. */
static size_t ring_read(struct source *s, char *to, size_t size) {
  struct ring *r = s->arg;
  int n = r->out.size ? stream_read(&r->out, to, size) : 0;
  if (n > 0)
    (void)event_send(r->client->port); /* there is room now */
  return n > 0 ? (size_t)n : 0;
}

static size_t ring_write(struct source *s, const char *from, size_t size) {
  struct ring *r = s->arg;
  int n = r->in.size ? stream_write(&r->in, from, size) : 0;
  if (n > 0)
    (void)event_send(r->client->port);
  return n > 0 ? (size_t)n : 0;
}

/* --- The serial line ------------------------------------------------------------------------- */

static void keys_get(void) {
  for (int c = uart_get(); c >= 0; c = uart_get())
    mux_key(&mux, (char)c);
}

static void line_feed(void) {
  char bytes[16];
  for (unsigned room = 1; mux_waits(&mux) && (room = uart_room());) {
    size_t n = mux_take(&mux, bytes, room < sizeof(bytes) ? room : sizeof(bytes));
    for (size_t i = 0; i < n; i++)
      uart_put(bytes[i]);
    fed += n;
    if (end_after && fed >= end_after)
      panic("console: ends, as it was told");
  }
  uart_want_room(mux_waits(&mux));
}

static void work(void) {
  bool more = true;
  for (unsigned i = 0; more && i < TURNS; i++) {
    more = mux_turn(&mux);
    line_feed();
  }
  if (more)
    event_again(line_port);
}

/* The interrupt is an edge: it comes again only if all reasons for it have been gone at once. */
static void line_came(uint32_t port, void *arg) {
  (void)port;
  (void)arg;
  do {
    keys_get();
    line_feed();
  } while (uart_interrupts());
  work();
}

/* --- Clients --------------------------------------------------------------------------------- */

static void joined(struct served *c) {
  struct ring *r = c->arg;
  struct xencons_interface *page = c->page;
  r->in = (struct stream){&page->in_prod, &page->in_cons, (uint8_t *)page->in, sizeof(page->in)};
  r->out =
      (struct stream){&page->out_prod, &page->out_cons, (uint8_t *)page->out, sizeof(page->out)};
}

/* What it wrote last is still shown, as far as there is room. */
static void left(struct served *c) {
  struct ring *r = c->arg;
  for (unsigned i = 0; i < 2 * TURNS && mux_turn(&mux); i++)
    line_feed();
  *r = (struct ring){.client = c};
  mux_restarted(&sources[1 + (r - rings)]);
}

static const struct clients_ops ops = {
    .service = "console",
    .ref = GNTTAB_RESERVED_CONSOLE,
    .joined = joined,
    .left = left,
    .work = work,
};

/* --- Start ----------------------------------------------------------------------------------- */

/* The text is the compiler's: lines of fields with a tab between. */
static bool line_next(const char **text, const char *end, char line[96]) {
  const char *stop = *text < end ? memchr(*text, '\n', (size_t)(end - *text)) : NULL;
  if (!stop || stop - *text >= 96)
    return false;
  memcpy(line, *text, (size_t)(stop - *text));
  line[stop - *text] = 0;
  *text = stop + 1;
  return true;
}

static bool client_parse(const char *line, struct served *c) {
  char name[32];
  unsigned domid, port;
  if (sscanf(line, "client\t%u\t%u\t%31s", &domid, &port, name) != 3)
    return false;
  *c = (struct served){.name = strdup(name), .domid = (uint16_t)domid, .port = port};
  return c->name;
}

static unsigned lines(const char *text, size_t size) {
  unsigned n = 0;
  for (size_t i = 0; i < size; i++)
    n += text[i] == '\n';
  return n;
}

static void load(void) {
  size_t size;
  const char *text = domain_module(&size), *end = text + size;
  unsigned most = text ? lines(text, size) : 0;
  served = calloc(most + 1, sizeof(*served));
  rings = calloc(most + 1, sizeof(*rings));
  sources = calloc(most + 1, sizeof(*sources));
  if (!served || !rings || !sources)
    panic("console: no memory for %u domains", most);
  sources[0].read = log_read;
  for (char line[96]; count < most && line_next(&text, end, line);) {
    if (sscanf(line, "serial\t%u", &uart_port) == 1 || !client_parse(line, &served[count]))
      continue;
    served[count].arg = &rings[count];
    rings[count].client = &served[count];
    sources[count + 1] = (struct source){
        .name = served[count].name, .arg = &rings[count], .read = ring_read, .write = ring_write};
    count++;
  }
  mux_init(&mux, sources, count + 1);
}

int main(int argc, char **argv) {
  if (argc > 1 && !strncmp(argv[1], "end=", 4))
    end_after = strtoul(argv[1] + 4, NULL, 10);
  load();
  int port = event_bind_virq(VIRQ_CONSOLE);
  if (port < 0 || event_handle((uint32_t)port, line_came, NULL))
    panic("console: nobody tells of the serial line (%d)", port);
  line_port = (uint32_t)port;
  uart_start((uint16_t)uart_port);
  event_again(line_port); /* what came before raises no interrupt */
  clients_start(served, count, &ops);
  printf("console: serves %u domains\n", count);
  event_loop();
  return 0;
}
