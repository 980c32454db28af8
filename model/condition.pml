/*
** A Condition: csrc/sync/condition.c over csrc/park/tickets.c and csrc/park/lot.c.
**
** One thread puts an item down and notifies. Two wait for it; the second takes
** it and puts it down again, or is interrupted, or times out. The Lock, of
** which lock.pml is the model, is a step here.
**
** Checked: the first gets the item in every order of events; where a
** notification is lost, spin finds an invalid end state.
*/
#define NONE 255

#define none 0
#define late 1    /* the ticket is entered after the lock is released */
#define kept 2    /* an interrupted thread keeps the notification */
#define unheard 3 /* a timeout does not look whether it has been served */
#define blind 4   /* parks without a look whether it has been served */
#ifndef MUTATION
#define MUTATION none
#endif
#define IS(name) (MUTATION == name)

bool lock;         /* the Condition's */
byte items;

bool m;            /* the mutex of the tickets */
byte row[2];       /* the tickets, oldest first */
byte waiting;      /* how many */
bool outcome[2];   /* served */

bool parked[2];    /* at the ticket's address */
bool woken[2];     /* taken out of the parking lot */
bool token[2];

inline take(mutex) { atomic { !mutex -> mutex = true } }
inline give(mutex) { mutex = false }

/* Under m. */
inline remove(t) {
  atomic {
    if
    :: row[0] != t -> skip
    :: else -> row[0] = row[1]
    fi;
    waiting--; row[waiting] = NONE
  }
}

/* To one. The outcome is set first, then a parked thread is woken. */
inline notify() {
  take(m);
  if
  :: waiting > 0 ->
    t = row[0];
    remove(t);
    outcome[t] = true;
    atomic {
      if
      :: parked[t] -> parked[t] = false; woken[t] = true
      :: else
      fi };
    token[t] = woken[t];
    t = 0
  :: else
  fi;
  give(m)
}

inline take_ticket() {
  take(m);
  atomic { outcome[self] = false; row[waiting] = self; waiting++ };
  give(m)
}

/* Sets `served`; if false, the ticket has left the row. `restless`: the wait
** may end by itself. */
inline await_notify(restless) {
  atomic { woken[self] = false; parked[self] = !outcome[self] || IS(blind) };
  do
  :: !parked[self] && !woken[self] -> break /* it did not park */
  :: atomic { token[self] -> token[self] = false };
    if
    :: woken[self] -> break
    :: else
    fi
  :: atomic { restless && (parked[self] || woken[self]) ->
      parked[self] = false }; /* a result that is there stays */
    break
  od;
  /* A timeout, or an interrupt: is it served? */
  take(m);
  served = outcome[self];
  if
  :: !served -> remove(self)
  :: else
  fi;
  give(m)
}

inline wait(restless) {
  if
  :: IS(late) -> give(lock); take_ticket()
  :: else -> take_ticket(); give(lock)
  fi;
  await_notify(restless);
  if
  :: served && !(restless && IS(unheard)) -> gone = false
  :: restless && served -> gone = true; /* interrupted: passes it on */
    if
    :: IS(kept) || IS(unheard)
    :: else -> notify()
    fi
  :: !served -> gone = true
  fi;
  take(lock)
}

proctype producer() {
  byte t;
  take(lock);
  items++;
  notify();
  give(lock)
}

proctype consumer(byte self; bool restless) {
  byte t;
  bool served, gone;
  take(lock);
  do
  :: items > 0 || gone -> break
  :: else -> wait(restless)
  od;
  if
  :: gone
  :: !gone && !restless -> items--
  :: !gone && restless -> notify() /* takes it, and puts it down again */
  fi;
  give(lock)
}

init {
  atomic {
    row[0] = NONE; row[1] = NONE;
    run producer(); run consumer(0, false); run consumer(1, true)
  }
}
