/*
** The global lock's hand-over: csrc/gil.c, with its callers in park.c,
** preempt.c and coroutine.c.
**
** One thread computes for ever, and lets go of the lock only when its hook
** fires; it wakes who is parked. The others park, wake each other, and end.
**
** Checked: one thread at a time holds the lock; every thread that wants it, or
** is invited to it, gets it, whoever else computes (`served`, under weak
** fairness, that is: who can go on goes on some day).
**
** What is done under the lock's mutex is one step here: outside of it a thread
** looks at one word at a time. Time is left out: a waiter may be due at once or
** later, and enters the queue anywhere.
**
** -DMUTATION=name builds a model that is wrong, see tools/model.
*/
#define THREADS 3 /* 0 computes for ever */
#define NONE 255

#define none 0
#define no_first_asleep 1 /* the next holder is not asked for the invited */
#define lifted_hook 2     /* the hook goes with the coroutine, see step_out */
#define silent 3          /* who is due sets drop and signals nobody */
#define unasked 4         /* who invites does not ask itself to drop */
#define freed 5           /* hand_over frees the lock before the grant */
#ifndef MUTATION
#define MUTATION none
#endif
#define IS(name) (MUTATION == name)

bool held;             /* the word: HELD */
byte holder = NONE;    /* who may be signalled */
bool drop;             /* the holder shall let go */
bool first_asleep;     /* holder only */

byte queue[THREADS];   /* under the mutex */
byte queued;           /* how many; not 0: the word's QUEUED */
bool granted[THREADS], posted[THREADS], asleep[THREADS];

bool holds[THREADS];   /* tstate.holds_gil */
bool signalled;        /* the computer is */
bool hook[THREADS];    /* armed: the thread will come to yield */
bool token[THREADS];   /* of its semaphore; a second would say no more */
bool parked[THREADS], woken[THREADS], ended[THREADS];
byte inside;           /* how many may touch Lua */

/* --- under the mutex --- */

inline enqueue(w) {
  /* Anywhere: `due` may be any time. */
  k = queued;
  do
  :: k > 0 -> queue[k] = queue[k - 1]; k--
  :: break
  od;
  queue[k] = w;
  k = 0;
  queued++;
  granted[w] = false; posted[w] = false; asleep[w] = false
}

inline dequeue(w) {
  k = 0;
  do
  :: queue[k] != w -> k++
  :: else -> break
  od;
  do
  :: k + 1 < queued -> queue[k] = queue[k + 1]; k++
  :: else -> break
  od;
  queued--;
  queue[queued] = 0;
  first_asleep = queued > 0 && asleep[queue[0]] && !IS(no_first_asleep);
  k = 0
}

/* Sets `next` to whom to post. */
inline hand_over() {
  next = queue[0];
  drop = false;
  dequeue(next);
  granted[next] = true;
  if
  :: IS(freed) -> held = false
  :: else
  fi;
  holder = next
}

inline let_go() {
  next = NONE;
  drop = false;
  held = false;
  if
  :: queued > 0 && !posted[queue[0]] ->
    next = queue[0];
    posted[next] = true;
    asleep[next] = false
  :: else
  fi
}

/* --- gil.c --- */

inline post(w) {
  if
  :: w != NONE -> token[w] = true
  :: else
  fi
}

inline become_holder() {
  atomic {
    holder = self;
    holds[self] = true;
    inside++;
    assert(inside == 1);
    hook[self] = hook[self] || drop;
    if
    :: first_asleep -> first_asleep = false; drop = true; hook[self] = true
    :: else
    fi
  }
}

inline disown() {
  inside--;
  holds[self] = false;
  holder = NONE
}

/* In the queue, until it is granted the lock, or finds it free. When it is due,
** perhaps not at once, it asks the holder. Then it sleeps until it is posted or
** its time is up; it wakes at the head of the loop, with the token gone. */
inline wait_turn() {
  do
  :: atomic { granted[self] -> granted[self] = false; break }
  :: atomic { !granted[self] && !held ->
      held = true; dequeue(self); drop = false; break }
  :: atomic { !granted[self] && held ->
      if
      :: drop = true;
        if
        :: holder == 0 && !IS(silent) -> signalled = true
        :: else
        fi
      :: !tried
      fi;
      tried = true; token[self] = false; posted[self] = false }
  od;
  atomic { tried = false; token[self] = false; posted[self] = false }
}

inline take() {
  if
  :: atomic { !held -> held = true }
  :: atomic { held -> enqueue(self) }; wait_turn()
  fi;
  become_holder()
}

inline release() {
  if
  :: atomic { queued == 0 -> disown(); held = false }
  :: atomic { queued > 0 ->
      disown();
      if
      :: drop -> hand_over()
      :: else -> let_go()
      fi };
    atomic { post(next); next = NONE }
  fi
}

inline yield() {
  if
  :: atomic { drop && queued > 0 ->
      disown(); hand_over(); enqueue(self) };
    atomic { post(next); next = NONE };
    wait_turn();
    become_holder()
  :: atomic { drop && queued == 0 -> drop = false }
  :: !drop
  fi
}

/* --- park.c --- */

/* Wakes w, which is parked: by an invitation. */
inline wake(w) {
  atomic {
    parked[w] = false; woken[w] = true;
    enqueue(w);
    asleep[w] = true
  };
  atomic {
    if
    :: IS(unasked)
    :: else -> drop = true; hook[self] = true
    fi
  }
}

/* Wakes the threads that are parked, one after the other. */
inline wake_all() {
  do
  :: parked[1] -> wake(1)
  :: parked[2] -> wake(2)
  :: else -> break
  od
}

inline park() {
  parked[self] = true;
  release();
  do
  :: atomic { token[self] ->
      token[self] = false;
      if
      :: woken[self] -> woken[self] = false; asleep[self] = false; break
      :: else /* a stray token */
      fi }
  od;
  wait_turn();
  become_holder()
}

/* --- the threads --- */

/* What Lua code does between two instructions: nothing; the hook; or, once,
** the end of a coroutine, with which the hook goes. */
inline step() {
  if
  :: atomic { hook[self] -> hook[self] = false }; yield()
  :: atomic { hook[self] && !lifted -> lifted = true;
      hook[self] = drop && !IS(lifted_hook) }
  :: !hook[self]
  fi
}

proctype worker(byte self) {
  byte next = NONE, k;
  bool tried;
  take();
  park();
  wake_all();
  ended[self] = true;
  release()
}

/* It holds the lock from the start, and wakes who is parked. */
proctype computer(byte self) {
  byte next = NONE, k;
  bool tried, lifted;
  become_holder();
  do
  :: wake_all(); step()
  od
}

/* The computer's handler of the signal runs anywhere in its thread's code. The
** others end soon enough without. */
proctype handler() {
end:
  do
  :: atomic { signalled -> signalled = false;
      hook[0] = hook[0] || (holds[0] && drop) }
  od
}

init {
  atomic {
    held = true; /* by the computer */
    run computer(0); run worker(1); run worker(2); run handler()
  }
}

ltl served { <> (ended[1] && ended[2]) }
