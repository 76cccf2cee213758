/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No CPU reaches a frame through an old translation once p2m_flush of
 * hv/core/p2m.c has returned: flush_link, flush_ack, flush_serve, flush_unlink,
 * p2m_flush. Two CPUs run one domain; each takes one page away, flushes and
 * gives the frame back, and each leaves the domain and comes again. While a CPU
 * is away it keeps its translations, with the generation that they are good
 * for, and its acknowledgement is one of another domain.
 *
 * Properties: no freed frame is touched; nobody waits for ever.
 *
 * MUTANT 1: `linked` is stored without a full barrier. 2: flush_ack is not
 * cleared before `linked`. 3: flush_serve takes the request away last. 4:
 * p2m_flush does not wait.
 */
#include "tso.h"
#ifndef MUTANT
#define MUTANT 0
#endif

#define CPUS  2
#define OTHER 7 /* a generation of another domain, above all of this one's */

mtype = { LINKED, ACK };
byte generation;
byte linked[CPUS];
byte ack[CPUS] = OTHER;
bool serve[CPUS] = true; /* an old request may still stand */
bool kick[CPUS];
bool mapped[CPUS] = true, freed[CPUS]; /* page i: the one that CPU i takes away */
chan buffer0 = STORE_BUFFER;
chan buffer1 = STORE_BUFFER;

proctype drain(byte me; chan buffer) {
  byte value;
end:
  do
    ::atomic { buffer?LINKED, value -> linked[me] = value }
    ::atomic { buffer?ACK, value -> ack[me] = value }
  od
}

inline flush_serve() {
#if MUTANT != 3
  BARRIER(buffer); /* of the swap */
  serve[me] = false;
  g = generation;
#else
  g = generation;
#endif
  if
    ::given != g ->
      d_step { cached[0] = false; cached[1] = false; seen = g }
      STORE(buffer, ACK, g); given = g
    ::else -> skip
  fi;
#if MUTANT == 3
  serve[me] = false
#endif
}

/* `given` is what it wrote to flush_ack last, which it reads back from its own buffer. */
proctype cpu(byte me; chan buffer) {
  byte seen, g, visits, mine, given;
  bool cached[CPUS]; /* its translations */
  bool removed;
  do
    ::visits < 2 -> /* arch_arena_switch to the domain */
      visits++;
#if MUTANT != 2
      STORE(buffer, ACK, 0);
#endif
      STORE(buffer, LINKED, true);
#if MUTANT != 1
      BARRIER(buffer);
#endif
      g = generation;
      if
        ::seen < g -> d_step { cached[0] = false; cached[1] = false; seen = g }
        ::else -> skip
      fi;
      STORE(buffer, ACK, g); given = g;
      do
        ::atomic { mapped[1 - me] || cached[1 - me] -> /* a touch of the other's page */
            cached[1 - me] = true;
            assert(!freed[1 - me]) }
        ::serve[me] -> /* flush_serve */
          flush_serve()
        ::!removed -> /* p2m_remove, p2m_flush, frame_free of its own page */
          removed = true;
          mapped[me] = false;
          atomic { BARRIER(buffer) -> generation++; mine = generation };
          d_step { cached[0] = false; cached[1] = false; seen = generation }
          STORE(buffer, ACK, mine); given = mine;
          if
            ::linked[1 - me] && ack[1 - me] < mine -> serve[1 - me] = true; kick[1 - me] = true
            ::else -> skip
          fi;
#if MUTANT != 4
          do
            ::!(linked[1 - me] && ack[1 - me] < mine) -> break
            ::serve[me] -> flush_serve()
          od;
#endif
          freed[me] = true
        ::removed && visits < 2 -> /* flush_unlink */
          STORE(buffer, LINKED, false);
          STORE(buffer, ACK, OTHER);
          break
        ::removed && visits == 2 -> /* stays in the guest, and serves when asked */
end:
          kick[me] -> kick[me] = false;
          if
            ::serve[me] -> flush_serve()
            ::else -> skip
          fi
      od
  od
}

init {
  atomic { run drain(0, buffer0); run drain(1, buffer1); run cpu(0, buffer0); run cpu(1, buffer1) }
}
