/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal (journal.h). Each half starts with its tail; what stands behind the tail is being
 * written and does not count.
 */
#include "journal.h"

#define MAGIC    0x316c6e6a79726b73ull /* "skryjnl1" */
#define HEAD     sizeof(struct journal_head)
#define TAIL     sizeof(uint64_t)
#define LEAST    (16u << 10) /* of a half: any message is far smaller */
#define ROUND(n) (((n) + 7) & ~(size_t)7)

_Static_assert(sizeof(struct journal_head) == 64, "journal_head");
_Static_assert(sizeof(struct journal_record) == 16, "journal_record");

static uint64_t *tail_of(const struct journal *j, unsigned half) {
  return (uint64_t *)(void *)j->half[half];
}

static char *records_of(const struct journal *j, unsigned half) {
  return j->half[half] + TAIL;
}

/* Where it stands is part of it: a record of an earlier use of the half is none. No step loses
 * anything of the one before, so a single word that is wrong always shows. */
static uint64_t sum_more(uint64_t sum, uint64_t word) {
  sum = (sum ^ word) * 0x9e3779b97f4a7c15ull;
  return sum ^ sum >> 29;
}

static uint64_t sum_of(const struct journal_record *r, size_t at) {
  uint64_t sum = sum_more(at, r->size | (uint64_t)r->type << 32 | (uint64_t)r->domid << 48);
  const uint64_t *word = (const uint64_t *)(const void *)r->body;
  for (size_t i = 0; i < ROUND(r->size) / 8; i++)
    sum = sum_more(sum, word[i]);
  return sum;
}

static bool record_whole(const struct journal *j, unsigned half, size_t at, size_t tail) {
  const struct journal_record *r = (const void *)(records_of(j, half) + at);
  if (tail - at < sizeof(*r) || r->size > tail - at - sizeof(*r) ||
      ROUND(r->size) > tail - at - sizeof(*r))
    return false;
  return r->type && r->sum == sum_of(r, at);
}

static bool half_whole(const struct journal *j, unsigned half) {
  size_t tail = *tail_of(j, half), at = 0;
  if (tail > j->size || tail % 8 || !tail)
    return false;
  while (at < tail && record_whole(j, half, at, tail))
    at += sizeof(struct journal_record) +
          ROUND(((const struct journal_record *)(void *)(records_of(j, half) + at))->size);
  return at == tail;
}

bool journal_open(struct journal *j, void *area, size_t size) {
  *j = (struct journal){0};
  if (size < HEAD + 2 * (TAIL + LEAST))
    return false;
  j->head = area;
  j->size = ((size - HEAD) / 2 & ~(size_t)7) - TAIL;
  j->half[0] = (char *)area + HEAD;
  j->half[1] = j->half[0] + TAIL + j->size;
  j->into = j->head->half & 1;
  if (j->head->magic == MAGIC && j->head->half < 2 && half_whole(j, j->into))
    return true;
  *j->head = (struct journal_head){0};
  return false;
}

void journal_begin(struct journal *j) {
  j->into = !(j->head->half & 1);
  __atomic_store_n(tail_of(j, j->into), 0, __ATOMIC_RELEASE);
}

void journal_turn(struct journal *j) {
  __atomic_store_n(&j->head->half, j->into, __ATOMIC_RELEASE);
  __atomic_store_n(&j->head->magic, MAGIC, __ATOMIC_RELEASE);
}

void *journal_room(struct journal *j, uint16_t type, uint16_t domid, size_t size) {
  size_t tail = *tail_of(j, j->into), room = j->size - tail;
  struct journal_record *r = (void *)(records_of(j, j->into) + tail);
  if (room < sizeof(*r) || room - sizeof(*r) < ROUND(size))
    return NULL;
  *r = (struct journal_record){.size = (uint32_t)size, .type = type, .domid = domid};
  if (size) /* what fills the last word is summed too */
    *(uint64_t *)(void *)(r->body + ROUND(size) - 8) = 0;
  return r->body;
}

void journal_close(struct journal *j) {
  uint64_t *tail = tail_of(j, j->into);
  struct journal_record *r = (void *)(records_of(j, j->into) + *tail);
  r->sum = sum_of(r, *tail);
  __atomic_store_n(tail, *tail + sizeof(*r) + ROUND(r->size), __ATOMIC_RELEASE);
}

const struct journal_record *journal_next(const struct journal *j, size_t *at) {
  unsigned half = j->head->half & 1;
  const struct journal_record *r = (const void *)(records_of(j, half) + *at);
  if (*at >= *tail_of(j, half))
    return NULL;
  *at += sizeof(*r) + ROUND(r->size);
  return r;
}
