/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients of a store. "devices" creates 200 devices, removes them, and tells the 99th percentile of
 * what each took; "mute" watches them, asks for as much as it can and never reads an answer; "idle"
 * does nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/xen/hvm.h>
#include <abi/xen/xs_wire.h>
#include <libos/event.h>
#include <libos/hypercall.h>
#include <libos/page.h>
#include <libos/xs.h>

#define DEVICES 200u
#define NODES                                                                                      \
  4u /* of a device, with its directory: all of them are there at once, and a client owns 1000 */
#define MS 1000000ull

/* --- The one that works
 * ---------------------------------------------------------------------------
 */

static uint64_t creating[DEVICES], removing[DEVICES];

static int device_create(const char *path) {
  char node[64];
  uint32_t t = xs_begin();
  int failed = !t;
  for (unsigned i = 1; i < NODES; i++) {
    snprintf(node, sizeof(node), "%s/node%u", path, i);
    failed |= xs_printf(t, node, "%u", i);
  }
  return failed | xs_end(t, true);
}

static int order(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

/* In us: 99 of 100 samples are at most this. */
static unsigned long percentile_99(uint64_t *samples) {
  qsort(samples, DEVICES, sizeof(*samples), order);
  return samples[DEVICES * 99 / 100 - 1] / 1000;
}

static int device_remove(const char *path) {
  return xs_rm(XS_NONE, path);
}

/* Does it for each device in turn, and takes the time. */
static int for_each(int (*work)(const char *), uint64_t *samples) {
  char path[32];
  int failed = 0;
  for (unsigned i = 0; i < DEVICES; i++) {
    snprintf(path, sizeof(path), "data/device%u", i);
    uint64_t start = clock_now();
    failed |= work(path);
    samples[i] = clock_now() - start;
  }
  return failed;
}

static int devices(void) {
  int failed = xs_write(XS_NONE, "data/ready", "", 0);
  char perms[16];
  int size =
      snprintf(perms, sizeof(perms), "r%d", (int)strtol(xs_read(XS_NONE, "domid", NULL), NULL, 10));
  failed |= xs_set_perms(XS_NONE, "data", perms, (size_t)size + 1);
  failed |= for_each(device_create, creating);
  failed |= for_each(device_remove, removing);
  printf("devices failed=%d count=%u p99 create=%lu remove=%lu us\n", failed, DEVICES,
         percentile_99(creating), percentile_99(removing));
  return failed;
}

/* --- The one that does not answer
 * -------------------------------------------------------------------
 */

static struct xenstore_domain_interface *ring;

static void put(const void *bytes, size_t size) {
  for (size_t i = 0; i < size; i++)
    ring->req[(ring->req_prod + i) % XENSTORE_RING_SIZE] = ((const char *)bytes)[i];
  __atomic_store_n(&ring->req_prod, ring->req_prod + (uint32_t)size, __ATOMIC_RELEASE);
}

static void ask(uint32_t type, const char *payload, size_t size) {
  struct xsd_sockmsg m = {.type = type, .len = (uint32_t)size};
  if (XENSTORE_RING_SIZE - (ring->req_prod - ring->req_cons) < sizeof(m) + size)
    return;
  put(&m, sizeof(m));
  put(payload, size);
}

static void again(struct timer *t) {
  for (unsigned i = 0; i < 64; i++)
    ask(XS_READ, "name", 5);
  (void)event_send((uint32_t)hvm_param(HVM_PARAM_STORE_EVTCHN));
  timer_start(t, clock_now() + MS);
}

static int mute(void) {
  static const char watch[] = "/local/domain/1/data\0token";
  static struct timer timer = {.fire = again};
  if (xs_open())
    return 1;
  ring = (void *)(hvm_param(HVM_PARAM_STORE_PFN) * PAGE_SIZE);
  ask(XS_WATCH, watch, sizeof(watch));
  again(&timer);
  printf("says nothing any more\n");
  event_loop();
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "idle"))
    return 0;
  return argc > 1 && !strcmp(argv[1], "mute") ? mute() : devices();
}
