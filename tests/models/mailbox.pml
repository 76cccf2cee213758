/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events between domains: channel_send, post, channel_close, channel_join and
 * channel_start of hv/core/channel.c; collect and port_close of hv/xen/evtchn.c.
 * One port of an owner, its channel, two senders. The owner collects, closes
 * the port and binds it anew, as it does when it restarts.
 *
 * Properties: an event for the binding that stands arrives (when nothing more
 * can happen, none waits); one for an earlier binding never does.
 *
 * MUTANT 1: post sets the summary before the bit. 2: close clears the bit before
 * the route is gone. 3: send without the channel's lock. 4: the mail before the
 * bit. 5: collect takes the bits before the summary.
 */
#ifndef MUTANT
#define MUTANT 0
#endif

bool route;        /* ends[port].far of the sender leads to the port */
byte binding = 1;  /* which one stands: a ghost */
bool lock;         /* of the channel */
bool box, summary; /* the bit of the port, and the word that says where bits are */
byte box_for;      /* the binding that the bit was sent for: a ghost */
bool mail;         /* for the owner's vCPU */
bool pending;      /* in the guest's pages */
byte due;          /* the binding for which an event was sent last: a ghost */

#define LOCK   atomic { !lock -> lock = true }
#define UNLOCK lock = false

/* bit_test_and_set; `was` is the bit before. */
inline set_bit(was, which) {
  atomic { was = box; box = true; box_for = which }
}

inline post(was, which) {
#if MUTANT == 1
  summary = true;
#endif
#if MUTANT == 4
  mail = true;
#endif
  set_bit(was, which);
  due = which;
  if
    ::was -> skip
    ::else ->
#if MUTANT != 1
      summary = true;
#endif
#if MUTANT != 4
      mail = true
#endif
  fi
}

active [2] proctype sender() {
  bool was;
  byte which;
#if MUTANT != 3
  LOCK;
#endif
  if
    ::atomic { route -> which = binding }; post(was, which)
    ::else -> skip
  fi;
#if MUTANT != 3
  UNLOCK
#endif
}

/* Under the lock of the owner's table, so that it and close exclude each other. */
inline collect() {
  bool bits;
#if MUTANT == 5
  atomic { bits = box; box = false };
  summary = false;
#else
  summary = false;
  atomic { bits = box; box = false };
#endif
  if
    ::bits -> assert(box_for == binding); pending = true
    ::else -> skip
  fi
}

inline close() {
#if MUTANT == 2
  box = false;
  LOCK;
  route = false;
  UNLOCK;
#else
  LOCK;
  route = false;
  UNLOCK;
  box = false;
#endif
  pending = false
}

active proctype owner() {
  bool was, rebound;
  route = true;
  do
    ::mail -> /* entry: drains its mail, then looks at the summary */
      mail = false;
      if
        ::summary -> collect()
        ::else -> skip
      fi
    ::!rebound -> /* close, then join: the far end may send from then on */
      rebound = true;
      close();
      LOCK;
      d_step { binding++; route = true };
      UNLOCK
    ::rebound && !mail -> /* in the guest, or blocked */
end:
      mail
  od
}

active proctype check() {
  timeout -> assert(due != binding || pending)
}
