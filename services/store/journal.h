/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records in memory that outlives the program that writes them: a state, then what has changed it
 * since. A record counts once the tail has passed it, so a program that dies anywhere leaves whole
 * records alone; their sums find memory that was spoilt. Knows nothing of what a record says.
 *
 *      0 +------------------+
 *        | head             |  which half counts
 *     64 +------------------+
 *        | half 0: tail,    |  records: header and body, in multiples of 8 bytes
 *        |   records ...    |
 *        +------------------+
 *        | half 1           |  the next state is written into the half that does not count
 *        +------------------+
 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct journal_head {
  uint64_t magic;
  uint64_t half;    /* 0 or 1 */
  uint64_t records; /* that have ever been appended behind a state */
  uint32_t starts;  /* lives since one has served a request */
  uint16_t serving; /* whose request is being served, + 1; 0: nobody's */
  uint16_t strikes; /* lives that ended in serving that one */
  uint64_t reserved[4];
};

struct journal {
  struct journal_head *head; /* NULL: nothing is kept */
  char *half[2];
  size_t size;   /* of a half's records */
  unsigned into; /* the half that is written */
};

struct journal_record {
  uint32_t size; /* of the body */
  uint16_t type; /* not 0 */
  uint16_t domid;
  uint64_t sum;
  char body[];
};

/* Uses `size` bytes at `area` (8-byte aligned). True: there is a whole journal in it. False: there
 * is none, or it is spoilt, and it has to be begun; or the area is too small: then head is NULL. */
bool journal_open(struct journal *j, void *area, size_t size);

/* A new state: what is appended from now on goes into the other half, which counts from
 * journal_turn on. */
void journal_begin(struct journal *j);
void journal_turn(struct journal *j);

/* Room for the body of a record, to be filled before journal_close; NULL: the half is full. */
void *journal_room(struct journal *j, uint16_t type, uint16_t domid, size_t size);
void journal_close(struct journal *j);

/* The record from *at (0 at first) on in the half that counts, and the next; NULL at the end. */
const struct journal_record *journal_next(const struct journal *j, size_t *at);

#endif
