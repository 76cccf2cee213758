/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an event to its upcall: event_raise, event_unmask and upcall_mark of
 * hv/xen/event.c, personality_has_event at the entry, and block of
 * hv/xen/sched.c. One port of one vCPU; two siblings send. The guest does as
 * the ABI has it: the upcall clears its flag, takes the selector, then the
 * bits; in between it masks the port, or all upcalls, and blocks.
 *
 * Property: when nothing more can happen, no event that was sent to an unmasked
 * port waits.
 *
 * MUTANT 1: event_unmask looks at the port before it clears the mask. 2:
 * event_raise marks the upcall before the selector. 3: it looks at the mask
 * before it sets the bit. 4: upcall_mark wakes nobody. 5: block does not look
 * for an upcall that waits.
 */
#ifndef MUTANT
#define MUTANT 0
#endif

bool pending, masked, selector; /* the port's bits, and its word's */
bool flag, hold;                /* evtchn_upcall_pending and evtchn_upcall_mask */
bool mail;                      /* the vCPU is asked to look again */
bool asleep;
byte sent, seen; /* ghosts: rises of the bit, and what the guest has taken */

#define RISE(was, bit) atomic { was = bit; bit = true }

inline upcall_mark(was) {
  RISE(was, flag);
  if
    ::!was && MUTANT != 4 -> mail = true
    ::else -> skip
  fi
}

inline select_port(was) {
#if MUTANT == 2
  upcall_mark(was);
  selector = true;
#else
  RISE(was, selector);
  if
    ::!was -> upcall_mark(was)
    ::else -> skip
  fi
#endif
}

inline event_raise(was, open) {
#if MUTANT == 3
  open = !masked;
#endif
  atomic {
    was = pending;
    pending = true;
    sent = sent + (was -> 0 : 1)
  }
  if
    ::was -> skip
    ::else ->
#if MUTANT != 3
      open = !masked;
#endif
      if
        ::open -> select_port(was)
        ::else -> skip
      fi
  fi
}

inline event_unmask(was, waits) {
#if MUTANT == 1
  waits = pending;
  masked = false;
#else
  masked = false;
  waits = pending;
#endif
  if
    ::waits -> select_port(was)
    ::else -> skip
  fi
}

active [2] proctype sender() {
  bool was, open;
  event_raise(was, open);
  event_raise(was, open)
}

/* The guest's handler, with upcalls held off as an interrupt gate does. */
inline upcall(taken) {
  flag = false;
  atomic { taken = selector; selector = false }
  if
    ::taken && !masked ->
      atomic {
        seen = seen + (pending -> 1 : 0);
        pending = false
      }
    ::else -> skip
  fi
}

active proctype guest() {
  bool was, waits, taken;
  byte turns;
end:
  do
    ::flag && !hold -> upcall(taken) /* at the entry: personality_has_event */
    ::turns < 2 && !masked -> turns++; masked = true
    ::masked -> event_unmask(was, waits)
    ::turns < 2 && !hold -> turns++; hold = true
    ::mail -> mail = false /* an exit for it, and the entry that drains it */
    ::hold ->
      hold = false; /* SCHEDOP_block opens, */
      do
#if MUTANT == 5
        ::mail -> mail = false; break
#else
        ::flag -> break /* looks, */
        ::!flag && mail -> mail = false
#endif
        ::!flag && !mail || MUTANT == 5 && !mail ->
          asleep = true; /* and sleeps until there is mail. */
end_asleep:
          mail -> asleep = false
      od
  od
}

active proctype check() {
  timeout -> assert(!asleep || !flag);
  assert(!pending || masked);
  assert(masked || seen == sent)
}
