/*
** A Lock and the parking lot: csrc/sync/lock.c, csrc/park/lot.c.
**
** Threads that do not need the global lock acquire and release, one of them
** with a timeout.
**
** Checked: one thread at a time is inside; all come to their end, so that no
** wake-up is lost (where one is, spin finds an invalid end state).
**
** What is done under the bucket's mutex, where the word is changed by one
** compare-and-swap, is one step here.
*/
#define THREADS 3
#define ROUNDS 2 /* how often each acquires */
#define NONE 255

#define none 0
#define gap 1     /* into the list after the mutex is free again */
#define blind 2   /* a timeout does not look for a result */
#define cleared 3 /* a release clears PARKED though more wait */
#define freed 4   /* the lock is handed over, and freed */
#ifndef MUTATION
#define MUTATION none
#endif
#define IS(name) (MUTATION == name)

bool locked, parked; /* the word: LOCKED, PARKED */

byte list[THREADS];  /* of the bucket, oldest first */
byte waiting;        /* how many */
bool woken[THREADS]; /* the result is set */
bool handed[THREADS];
bool token[THREADS]; /* of the thread's semaphore */

byte inside;

inline enqueue(w) {
  list[waiting] = w; waiting++; woken[w] = false; handed[w] = false
}

inline dequeue(w) {
  k = 0;
  do
  :: list[k] != w -> k++
  :: else -> break
  od;
  do
  :: k + 1 < waiting -> list[k] = list[k + 1]; k++
  :: else -> break
  od;
  waiting--; list[waiting] = 0; k = 0
}

/* Sets `got`. */
inline sleep(timed) {
  do
  :: atomic { token[self] ->
      token[self] = false;
      if
      :: woken[self] -> got = handed[self]; break
      :: else /* a stray token */
      fi }
  :: atomic { timed ->
      if
      :: woken[self] && !IS(blind) -> got = handed[self]
      :: woken[self] && IS(blind) -> gave_up = true
      :: else -> dequeue(self); gave_up = true
      fi;
      break }
  od
}

inline acquire(timed) {
  got = false; gave_up = false;
  do
  :: atomic { !locked -> locked = true; got = true; break }
  :: locked ->
    if
    :: atomic { !locked -> skip } /* somebody was quicker: again */
    :: atomic { locked && !IS(gap) -> parked = true; enqueue(self) };
      sleep(timed)
    :: atomic { locked && IS(gap) -> parked = true };
      atomic { enqueue(self) };
      sleep(timed)
    fi;
    if
    :: got || gave_up -> break
    :: else
    fi
  od
}

inline release() {
  if
  :: atomic { !parked -> locked = false }
  :: atomic { parked ->
      parked = waiting > 1 && !IS(cleared);
      locked = false;
      if
      :: waiting > 0 ->
        next = list[0];
        if
        :: handed[next] = true; locked = !IS(freed) /* it has waited long */
        :: true
        fi;
        dequeue(next);
        woken[next] = true
      :: else -> next = NONE
      fi };
    atomic {
      if
      :: next != NONE -> token[next] = true
      :: else
      fi;
      next = NONE }
  fi
}

proctype thread(byte self; bool timed) {
  byte k, next = NONE, n;
  bool got, gave_up;
  do
  :: n < ROUNDS ->
    n++;
    acquire(timed);
    if
    :: got ->
      inside++;
      assert(inside == 1);
      inside--;
      release()
    :: else
    fi
  :: else -> break
  od
}

init {
  atomic { run thread(0, false); run thread(1, false); run thread(2, true) }
}
