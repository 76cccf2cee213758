/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many lines of the hypervisor's log a domain can cause: so many at once, then so many a
 * second. What is too much is counted, and the count said with the next line that may come. A
 * domain's own console is not limited here.
 */
#include <arch/arch.h>
#include <lib/lib.h>

#define AT_ONCE  200u
#define INTERVAL 500000000ull /* ns */

/* By domain; both atomic. `due` is the time at which the lines so far are paid for, at one each
 * interval; it runs ahead of the clock by no more than what may come at once. */
static struct account {
  uint64_t due;
  uint32_t lost; /* lines kept back, of which nothing has been said */
} accounts[MANIFEST_MAX_DOMAINS];

static bool pay(struct account *a, unsigned lines) {
  uint64_t now = time_now(), due = atomic_read(&a->due), next;
  do {
    next = MAX(due, now) + lines * INTERVAL;
    if (next > now + AT_ONCE * INTERVAL)
      return false;
  } while (!atomic_cas(&a->due, &due, next));
  return true;
}

/* The line that says how many are missing costs one too. A report of more lines than may come at
 * once may come where nothing has before, and costs all. */
bool log_limit_take(const struct domain_stub *d, unsigned lines) {
  struct account *a = &accounts[d - domains];
  if (lines && !pay(a, MIN(lines + !!atomic_read(&a->lost), AT_ONCE))) {
    (void)atomic_add(&a->lost, lines);
    return false;
  }
  uint32_t lost = atomic_swap(&a->lost, 0);
  if (lost)
    log_printf("domain %s: %u lines more of this domain were not printed\n", d->config->name, lost);
  return true;
}
