/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The counts of a grant: grant_acquire, entry_acquire, bits_settle,
 * grant_release and grant_table_close of hv/xen/grant_table.c; grant_map,
 * grant_unmap and grant_unmap_finish of hv/xen/grant_map.c. One entry; two
 * vCPUs of the domain that maps it, each with a handle, and each unmaps
 * whichever it likes. The granter takes the grant back as the ABI has it, gives
 * the page away, and begins a new life with another page in the same entry.
 *
 * Properties: no page is reached, by the map or by an old translation, without a
 * reference to it, or after its granter has taken the grant back; when all is
 * over no count, bit or reference is left.
 *
 * MUTANT 1: the use ends before the flush. 2: a handle is claimed in two steps.
 * 3: the end of a use does not look whose life it was. 4: the bits are cleared
 * with the first use that ends. 5: the bits are set after the entry was looked
 * at.
 */
#ifndef MUTANT
#define MUTANT 0
#endif

#define HANDLES 2
#define LIVES   2

mtype = { FREE, TAKEN, MAPPED, LEAVING };
bool lock; /* of the granter's table */
bool table = true, permit = true, bits;
byte life, users;          /* of the entry: those that are counted */
byte frame;                /* of those users */
byte refs[LIVES + 1] = 1;  /* of the page that each life grants, the granter's own among them; */
bool owned[LIVES + 1];     /* and one that it puts in its place */
byte page;                 /* which one stands at the granter's address */
mtype handle[HANDLES] = FREE;
byte use_life[HANDLES], use_frame[HANDLES];
bool mapped[HANDLES], stale[HANDLES]; /* in the map; in a CPU's translations */

#define LOCK   atomic { !lock -> lock = true }
#define UNLOCK lock = false

/* With the lock. */
inline settle() {
  if
    ::users == 0 || MUTANT == 4 -> bits = false
    ::else -> skip
  fi
}

inline acquire(h, good, looked) {
  good = false;
  LOCK;
  looked = table && permit;
#if MUTANT != 5
  atomic {
    if
      ::table && permit -> bits = true; good = true
      ::else -> skip
    fi
  };
#else
  if
    ::looked -> bits = true; good = true
    ::else -> skip
  fi;
#endif
  if
    ::good && users -> refs[frame]++ /* frame_get */
    ::good && !users ->
      atomic { /* p2m_get_far */
        if
          ::owned[page] -> frame = page; refs[page]++
          ::else -> good = false
        fi
      };
      if
        ::good -> skip
        ::else -> settle()
      fi
    ::else -> skip
  fi;
  if
    ::good ->
      users++;
      use_life[h] = life;
      use_frame[h] = frame
    ::else -> skip
  fi;
  UNLOCK
}

inline release(h) {
  LOCK;
  if
    ::table && (use_life[h] == life || MUTANT == 3) ->
      users--;
      settle()
    ::else -> skip
  fi;
  UNLOCK;
  refs[use_frame[h]]--
}

inline map(h, good, looked) {
  atomic { handle[h] == FREE -> handle[h] = TAKEN };
  acquire(h, good, looked);
  if
    ::good ->
      assert(permit || use_life[h] != life); /* it has not been taken back */
      atomic { mapped[h] = true; stale[h] = true };
      handle[h] = MAPPED
    ::else -> handle[h] = FREE
  fi
}

inline unmap(h, good) {
#if MUTANT == 2
  good = handle[h] == MAPPED;
  if
    ::good -> handle[h] = LEAVING
    ::else -> skip
  fi;
#else
  atomic {
    good = handle[h] == MAPPED;
    handle[h] = (good -> LEAVING : handle[h])
  };
#endif
  if
    ::good ->
      assert(mapped[h]); /* page_leave's */
      mapped[h] = false;
#if MUTANT == 1
      release(h);
      stale[h] = false;
#else
      stale[h] = false; /* p2m_flush */
      release(h);
#endif
      handle[h] = FREE
    ::else -> skip
  fi
}

byte done;
bool changed; /* another page at the granter's address */

proctype user(byte me) {
  bool good, looked;
  map(me, good, looked);
  if
    ::unmap(1 - me, good)
    ::skip
  fi;
  unmap(me, good);
  done++
}

/* What the ABI asks of it: the entry ends only in the moment in which no bit says that it is used. */
inline take_back() {
  atomic {
    if
      ::permit && !bits ->
        permit = false;
        assert(!((mapped[0] || stale[0]) && use_life[0] == life && use_frame[0] == page));
        assert(!((mapped[1] || stale[1]) && use_life[1] == life && use_frame[1] == page))
      ::else -> skip
    fi
  }
}

inline give_away() {
  atomic {
    owned[page] = false;
    refs[page]--
  }
}

proctype granter() {
  if
    ::take_back()
    ::give_away(); atomic { page = LIVES; owned[page] = true; changed = true }
    ::skip
  fi;
  LOCK; /* grant_table_close */
  table = false;
  life++;
  UNLOCK;
  give_away();
  atomic { page = 1; owned[page] = true };
  LOCK; /* a new table, and the same entry in it */
  atomic { table = true; permit = true; bits = false; users = 0 };
  UNLOCK;
  take_back();
  done++
}

active proctype watch() {
end:
  do
    ::(mapped[0] || stale[0]) && refs[use_frame[0]] == 0 -> assert(false)
    ::(mapped[1] || stale[1]) && refs[use_frame[1]] == 0 -> assert(false)
  od
}

init {
  bool good;
  owned[0] = true;
  atomic { run user(0); run user(1); run granter() };
  done == 3;
  unmap(0, good); /* what a user has left */
  unmap(1, good);
  assert(users == 0 && !bits);
  assert(refs[0] == 0 && refs[1] == 1 && refs[2] == (changed -> 0 : 1))
}
