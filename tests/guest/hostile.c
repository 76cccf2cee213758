// SPDX-License-Identifier: Apache-2.0
// A domain that makes random and structured calls and accesses from four vCPUs at once, dies often
// and comes back; a friend that it has channels with and a bystander that it has none with must not
// notice. Seeded: with --icount a run is the same each time, and each life says its seed.
/* guest: system=hostile.yaml values="CALLS=200000 SEED=1" done=2 timeout=300 alone=yes (it takes
 * minutes) xen=no (it has one domain) */
#include "hostile/hostile.h"

#define RANGE   0xf0000000ul // friend's page, which hostile may write
#define ORDER   0xf0001000ul // friend's page, which the bystander may read
#define HOSTILE 1
#define STOP    0x57095709ul
#define PATTERN 0x600000ul // memory of friend and bystander that must stay as it is
#define WORDS   (0x100000ul / 8)
#define AN_HOUR (3600000 * MS)
#define PATIENT (60000 * MS) // with a hostile domain that makes no call

static uint64_t option(const char *name, uint64_t otherwise) {
  const char *line = (const char *)start_info->cmdline_paddr;
  size_t length = strlen(name);
  for (; *line; line++) {
    if (memcmp(line, name, length) || line[length] != '=')
      continue;
    uint64_t value = 0;
    for (line += length + 1; *line >= '0' && *line <= '9'; line++)
      value = value * 10 + *line - '0';
    return value;
  }
  return otherwise;
}

static volatile uint64_t *page_at(unsigned slot, uint64_t address) {
  return vm_map(slot, address, PTE_P | PTE_W);
}

// --- The two that must not notice.

static uint64_t self; // asking for it is an exit

static uint64_t expected(uint64_t i) {
  return i * 0x9e3779b97f4a7c15ul ^ self << 32;
}

static void pattern_write(uint64_t salt) {
  volatile uint64_t *words = (void *)PATTERN;
  for (uint64_t i = 0; i < WORDS; i++)
    words[i] = expected(i) + salt;
}

static uint64_t pattern_wrong(uint64_t salt) {
  volatile uint64_t *words = (void *)PATTERN;
  uint64_t wrong = 0;
  for (uint64_t i = 0; i < WORDS; i++)
    wrong += words[i] != expected(i) + salt;
  return wrong;
}

struct work {
  uint64_t turns, wrong_memory, wrong_time, wrong_calls, wrong_registers;
};

static int registers_kept(void) {
  uint64_t a = 0x1111, b = 0x2222;
  asm volatile("mov %0, %%r12; mov %1, %%r13; cpuid; mov %%r12, %0; mov %%r13, %1"
               : "+m"(a), "+m"(b)
               :
               : "rax", "rbx", "rcx", "rdx", "r12", "r13");
  return a == 0x1111 && b == 0x2222;
}

static void sleep_a_little(void) {
  struct sched_poll poll = {.timeout = time_ns() + 5 * MS};
  sched_op(SCHEDOP_poll, &poll);
}

static void work(struct work *w) {
  uint64_t before = time_ns();
  pattern_write(w->turns);
  sleep_a_little();
  w->wrong_memory += pattern_wrong(w->turns);
  w->wrong_time += time_ns() < before;
  w->wrong_calls += xen_version(XENVER_version, 0) != (4 << 16 | 17);
  w->wrong_registers += !registers_kept();
  w->turns++;
}

static void judge(const char *who, const struct work *w) {
  char name[64];
  const uint64_t values[] = {w->wrong_memory, w->wrong_time, w->wrong_calls, w->wrong_registers};
  static const char *const what[] = {"memory", "time", "calls", "registers"};
  for (unsigned i = 0; i < ARRAY_LEN(values); i++) {
    snprintf(name, sizeof(name), "hostile.%s.%s", who, what[i]);
    check_eq(name, values[i], 0);
  }
  snprintf(name, sizeof(name), "hostile.%s.worked", who);
  check_true(name, w->turns > 1, "it was kept from its work");
  printf("%s: %lu turns\n", who, w->turns);
}

static void bystander(void) {
  struct work w = {0};
  volatile uint64_t *order = page_at(501, ORDER);
  while (order[0] != STOP)
    work(&w);
  judge("bystander", &w);
}

// What hostile has granted it may be anything at any time.
static void use_grants(uint64_t turn) {
  static uint64_t hole;
  grant_handle_t handle;
  if (!hole)
    hole = hole_alloc();
  if (grant_map(HOSTILE, turn % 64, hole, turn & 64 ? GNTMAP_readonly : 0, &handle) == GNTST_okay) {
    *(volatile uint64_t *)(hole * PAGE_SIZE);
    check_eq("hostile.friend.unmap", grant_unmap(handle, hole), GNTST_okay);
  }
}

// Whether it still makes calls; it comes back from whatever it does to itself.
static int goes_on(volatile const struct score *score) {
  static uint64_t calls, since;
  if (score->calls != calls || !since)
    since = time_ns();
  calls = score->calls;
  return time_ns() - since < PATIENT;
}

static void friend(void) {
  volatile struct score *score = (void *)page_at(500, RANGE);
  volatile uint64_t *order = page_at(501, ORDER);
  uint64_t target = option("calls", 200000);
  struct work w = {0};
  score->ready = STOP;
  while (score->calls < target && goes_on(score)) {
    work(&w);
    for (unsigned i = 0; i < 64; i++)
      use_grants(w.turns * 64 + i);
  }
  check_true("hostile.goes_on", goes_on(score), "the hostile domain has stood still for a minute");
  CHECK("hostile.calls", score->calls >= target);
  printf("figure: hostile.calls %lu calls\n", score->calls);
  printf("figure: hostile.accesses %lu accesses\n", score->accesses);
  printf("figure: hostile.lives %lu lives\n", score->lives);
  judge("friend", &w);
  order[0] = STOP;
  score->ready = 0;
}

// --- The one that does it.

static void hostile(void) {
  volatile struct score *score = (void *)page_at(500, RANGE);
  WAIT(score->ready == STOP, AN_HOUR);
  uint64_t seed = option("seed", 1) + 1000003 * score->lives++;
  if (score->lives % 64 == 1)
    printf("life %lu, seed %lu, %lu calls\n", score->lives, seed, score->calls);
  hostile_run(score, seed, STOP);
  shutdown(SHUTDOWN_reboot);
}

void test_main(void) {
  self = own_domid();
  if (role("bystander"))
    bystander();
  else if (option("calls", 0))
    friend();
  else
    hostile();
}
