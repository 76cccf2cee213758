/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mail never gets lost: vcpu_mail, vcpu_leave and vcpu_prepare_entry of
 * hv/core/vcpu.c; sched_put, sched_wake, sched_pick and mail_keeps_awake of
 * hv/core/sched.c. One vCPU on one CPU, two senders on others. What
 * the vCPU's CPU stores is buffered (tso.h).
 *
 * Property: when nothing more can happen, no mail waits. A guest leaves by a
 * kick alone here, and a blocked vCPU wakes by its mail alone.
 *
 * MUTANT 1: sched_put without its fence. 2: the entry's in_guest without a full
 * barrier. 3: sched_put does not look for mail. 4: idle does not ask has_work.
 * 5: vcpu_leave does not clear in_guest.
 */
#include "tso.h"
#ifndef MUTANT
#define MUTANT 0
#endif

#define RUNNABLE 1
#define RUNNING  2
#define BLOCKED  3

mtype = { STATE, IN_GUEST, LOCKED };
bool mail, need_resched, kick, lock;
byte state = RUNNABLE, in_guest;
chan buffer = STORE_BUFFER; /* of the vCPU's CPU */

active proctype drain() {
  byte value;
end:
  do
    ::atomic { buffer?STATE, value -> state = value }
    ::atomic { buffer?IN_GUEST, value -> in_guest = value }
    ::atomic { buffer?LOCKED, value -> lock = value }
  od
}

proctype sender() {
  byte seen;
  mail = true; /* atomic_or: a full barrier */
  if
    ::in_guest -> kick = true
    ::else ->
      seen = state;
      if
        ::seen == BLOCKED -> /* sched_wake */
          atomic { !lock -> lock = true };
          if
            ::state == BLOCKED -> state = RUNNABLE; need_resched = true; kick = true
            ::else -> skip
          fi;
          lock = false
        ::else -> skip
      fi
  fi
}

#define LOCK   atomic { BARRIER(buffer) && !lock -> lock = true }
#define UNLOCK STORE(buffer, LOCKED, false)

/* sched_put(BLOCKED) */
inline put() {
  LOCK;
  STORE(buffer, STATE, BLOCKED);
#if MUTANT != 1
  BARRIER(buffer);
#endif
#if MUTANT != 3
  if
    ::mail ->
      STORE(buffer, STATE, RUNNABLE);
      BARRIER(buffer); /* cpu_resched swaps */
      need_resched = true
    ::else -> skip
  fi;
#endif
  UNLOCK
}

/* sched_pick, and idle while there is nothing; ends with the vCPU RUNNING. */
inline pick() {
  do
    ::BARRIER(buffer); /* of the swap */
      need_resched = false;
      LOCK;
      if
        ::state == RUNNABLE -> STORE(buffer, STATE, RUNNING); UNLOCK; break
        ::else -> UNLOCK
      fi;
      if
#if MUTANT != 4
        ::need_resched -> skip
        ::!need_resched ->
#else
        ::kick = false;
#endif
end_idle:
          kick -> kick = false
      fi
  od
}

active proctype cpu() {
  run sender();
  run sender();
thread:
  pick();
prepare:
  STORE(buffer, IN_GUEST, true); /* vcpu_prepare_entry */
#if MUTANT != 2
  BARRIER(buffer);
#endif
  do
    ::mail -> /* serve it, and look again */
      STORE(buffer, IN_GUEST, false);
      BARRIER(buffer);
      mail = false; /* mail_drain: an atomic swap */
      goto prepare
    ::!mail -> /* in the guest until an interrupt */
end_guest:
      kick -> kick = false;
      if
        ::skip /* the guest goes on: vcpu_entry_free */
        ::!mail -> /* or waits: vcpu_block */
#if MUTANT != 5
          STORE(buffer, IN_GUEST, false);
#endif
          put();
          goto thread
      fi
  od
}

active proctype check() {
  timeout -> assert(!mail)
}
