// SPDX-License-Identifier: Apache-2.0
// Nodes of the store as numbers, and where they stand. What a front end wrote may be anything.
#include "bus.h"
#include <stdio.h>

enum { NUMBER = 24 }; // the longest decimal number and its zero

static bool join(char *path, const char *folder, const char *key) {
  int length = snprintf(path, BUS_PATH, "%s/%s", folder, key);
  return length > 0 && length < BUS_PATH;
}

bool bus_parse_number(const char *text, char end, uint64_t max, uint64_t *value) {
  uint64_t v = 0;
  if (*text == end)
    return false;
  for (; *text != end; text++) {
    unsigned digit = (unsigned)(*text - '0');
    if (digit > 9 || digit > max || v > (max - digit) / 10)
      return false;
    v = v * 10 + digit;
  }
  *value = v;
  return true;
}

bool bus_read_number(const struct bus *bus, const char *folder, const char *key, uint64_t max,
                     uint64_t *value) {
  char path[BUS_PATH], text[NUMBER];
  return join(path, folder, key) && bus->ops->read(path, text, sizeof(text)) &&
         bus_parse_number(text, '\0', max, value);
}

bool bus_write_number(const struct bus *bus, const char *folder, const char *key, uint64_t value) {
  char path[BUS_PATH], text[NUMBER];
  snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
  return join(path, folder, key) && bus->ops->write(path, text);
}

unsigned bus_queues(const struct bus *bus, const struct bus_device *device, unsigned max) {
  char path[BUS_PATH], text[NUMBER];
  uint64_t queues;
  if (!join(path, device->front, "multi-queue-num-queues") ||
      !bus->ops->read(path, text, sizeof(text)))
    return 1;
  return bus_parse_number(text, '\0', max, &queues) ? (unsigned)queues : 0;
}

void bus_queue_folder(const struct bus_device *device, unsigned queues, unsigned queue,
                      char folder[BUS_PATH]) {
  if (queues == 1)
    snprintf(folder, BUS_PATH, "%s", device->front);
  else // a front end's folder is short enough: see bus.c
    snprintf(folder, BUS_PATH, "%.*s/queue-%u", BUS_PATH - 20, device->front, queue);
}
