/*
** The global lock's hand-over: csrc/gil/gil.c, with its callers in park.c,
** preempt.c and coroutine.c. What has the same name there does the same.
**
** Thread 0 holds the lock; 1 and 2 come for it, in one of three scenes:
** - invitation: 2 is parked, 1 parks, and 0, which computes for ever, wakes
**   them. Everybody's time to ask comes, again and again.
** - hurry: 0 and 1 compute for ever. The time of who was preempted never
**   comes, for no interval has passed yet, and nobody is so far ahead of it: 1
**   and 2 ask.
** - calm: nobody computes, and nobody's time to ask comes.
** Who computes lets go of the lock only when its hook fires.
**
** Checked: one thread at a time holds the lock; 1 and 2 get it, when they come
** and when they are invited, though the others compute (`served`, under weak
** fairness, that is: who can go on goes on some day).
**
** Virtual time is a small number: each turn of a thread that computes adds one,
** until it is more than that of any other; less than a turn (THR_LEAD) counts
** for nothing. Only the first of the queue asks (THR_ASKERS is 1); it may do so
** at once, or later.
**
** The hook of a thread that computes may be dear, once: while the thread rests
** from it, nobody asks it to let go, nor does it ask itself. Or it sleeps,
** once, in C, where nobody signals it.
**
** What is done under the lock's mutex is one step here: outside of it a thread
** looks at one word at a time.
**
** -DMUTATION=name builds a model that is wrong, see tools/model.
*/
#define THREADS 3
#define NONE 255
#define MOST_USED 3

#define none 0
#define sleeper_left 1 /* who takes the lock before an invited asks nobody */
#define dormant_left 2 /* who takes it before one that does not ask yet wakes
                          nobody */
#define uncharged 3    /* a turn costs nothing */
#define unsorted 4     /* the queue is not sorted: the last is the first */
#define lifted_hook 5  /* the hook goes with the coroutine, see step */
#define silent 6       /* who asks sets drop and signals nobody */
#define unasked 7      /* who invites does not ask itself to drop */
#define freed 8        /* hand_over frees the lock before the grant */
#define unposted 9     /* free_lock wakes nobody */
#define posted_once 10 /* who was woken in vain is not woken again */
#define forgotten 11   /* who found the holder resting does not ask again */
#define unheard 12     /* who found the holder asleep does not ask again */
#define once 13        /* who has asked does not ask again: another's switch
                          may have met that */
#define unready 14     /* who found a holder that does not run yet does not
                          ask again */
#define dear_invitation 15 /* who rests invites, and wakes nobody */
#define dear_grace 16      /* the same who takes the lock before an invited */
#ifndef MUTATION
#define MUTATION none
#endif
#define IS(name) (MUTATION == name)

/* -DSCENE=name: only this scene */
#ifdef SCENE
#define SHOWS(name) (SCENE == name)
#else
#define SHOWS(name) true
#endif

mtype = { invitation, hurry, calm };
mtype scene;
/* Does its time to ask come? */
#define has_time(t) (scene == invitation || scene == hurry && !preempted[t])
#define computes(t) (t == 0 && scene != calm || t == 1 && scene == hurry)

bool held;             /* the word: HELD */
byte holder = NONE;    /* who may be signalled */
bool drop;             /* the holder shall let go */

byte queue[THREADS];   /* under the mutex */
byte queued;           /* how many; not 0: the word's QUEUED */
bool granted[THREADS], posted[THREADS], asleep[THREADS], dormant[THREADS];
bool preempted[THREADS];
byte used[THREADS];    /* virtual time */

bool holds[THREADS];   /* thr_tstate.gil.held */
bool hook[THREADS];    /* armed: the thread will come to yield */
byte deaf[THREADS];    /* 0 not yet, 1 it rests, 2 it sleeps, 3 no more */
bool timed[THREADS];   /* it wakes by itself, to look again */
bool token[THREADS];   /* of its semaphore; a second would say no more */
bool parked[THREADS], woken[THREADS], done[THREADS];
byte inside;           /* how many may touch Lua */

#define rests(t) (deaf[t] == 1)
#define sleeps(t) (deaf[t] == 2)

inline arm(t) {
  hook[t] = computes(t);
  if
  :: hook[t] && deaf[t] == 0 -> deaf[t] = 1
  :: true
  fi
}

/* --- under the mutex --- */

inline enqueue(w) {
  k = queued;
  do
  :: k > 0 && (used[queue[k - 1]] > used[w] || IS(unsorted)) ->
    queue[k] = queue[k - 1]; k--
  :: else -> break
  od;
  queue[k] = w;
  k = 0;
  queued++
}

inline queue_up(w, is_preempted) {
  granted[w] = false; posted[w] = false; asleep[w] = false;
  dormant[w] = false;
  preempted[w] = is_preempted;
  enqueue(w)
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
  k = 0;
  queued--;
  queue[queued] = 0
}

inline end_turn() {
  if
  :: used[self] <= MOST_USED && !IS(uncharged) -> used[self]++
  :: else
  fi
}

/* The handler comes at once: a hook that is armed later fires later. */
inline ask_holder() {
  if
  :: holder != NONE && !holds[holder] -> timed[self] = !IS(unready)
  :: holder != NONE && holds[holder] && rests(holder) ->
    timed[self] = !IS(forgotten)
  :: holder != NONE && holds[holder] && sleeps(holder) ->
    drop = true; timed[self] = !IS(unheard)
  :: holder != NONE && holds[holder] && !rests(holder) && !sleeps(holder) ->
    drop = true; timed[self] = !IS(once);
    if
    :: IS(silent)
    :: !IS(silent) -> arm(holder)
    fi
  :: holder == NONE -> drop = true; timed[self] = !IS(once)
  fi
}

#define is_before(o, w) (queued > 1 && queue[0] == o && o != w || \
                         queued > 2 && queue[1] == o && queue[2] == w)
#define counts(o, w) (is_before(o, w) && (preempted[w] || !preempted[o]))
#define askers_before(w) (counts(0, w) || counts(1, w) || counts(2, w))

/* One that has slept until its time came asks; one that comes may ask at
** once. */
inline look() {
  dormant[self] = askers_before(self);
  timed[self] = has_time(self) && (!dormant[self] || preempted[self]);
  if
  :: !dormant[self] && timed[self] -> ask_holder()
  :: !slept
  :: else
  fi
}

/* Sets `next` to whom to post, if there is one. */
inline first_to_wake() {
  if
  :: queued > 0 && !posted[queue[0]] && !IS(unposted) ->
    next = queue[0];
    posted[next] = true;
    asleep[next] = false;
    dormant[next] = false
  :: else
  fi
}

inline hand_over() {
  k = queue[0];
  drop = false;
  if
  :: posted[k] -> next = NONE /* it is awake */
  :: else -> next = k
  fi;
  holder = k;
  granted[k] = true;
  dequeue(holder);
  if
  :: IS(freed) -> held = false
  :: else
  fi
}

inline free_lock() {
  drop = false;
  held = false;
  first_to_wake()
}

/* --- gil.c --- */

inline post(w) {
  if
  :: w != NONE -> token[w] = true
  :: else
  fi
}

inline drop_after() {
  if
  :: rests(self) && !IS(dear_grace) -> first_to_wake()
  :: rests(self) && IS(dear_grace)
  :: else -> drop = true; arm(self)
  fi
}

inline become_holder() {
  atomic {
    holder = self;
    holds[self] = true;
    inside++;
    assert(inside == 1);
    if
    :: drop && !rests(self) -> arm(self)
    :: drop && rests(self) -> first_to_wake()
    :: else
    fi
  };
  atomic { post(next); next = NONE }
}

inline clear_holder() {
  inside--;
  holds[self] = false;
  holder = NONE
}

/* It is awake: it has just come, or its semaphore or its time has woken it. */
#define awake (!slept || token[self] || timed[self])

/* Of those that do not look by themselves: the first, if it is invited, and the
** first that was not preempted. */
inline see_to_first() {
  grace = queued > 0 && asleep[queue[0]] && !IS(sleeper_left);
  k = 0;
  do
  :: k < queued && preempted[queue[k]] -> k++
  :: else -> break
  od;
  if
  :: k < queued && dormant[queue[k]] && !posted[queue[k]] &&
     !IS(dormant_left) ->
    next = queue[k];
    posted[next] = true;
    dormant[next] = false
  :: else
  fi;
  k = 0
}

/* In the queue, until it is granted the lock, or finds it free. */
inline wait_turn() {
  do
  :: atomic { awake && granted[self] -> granted[self] = false; break }
  :: atomic { awake && !granted[self] && !held ->
      held = true; dequeue(self); drop = false; break }
  :: atomic { awake && !granted[self] && held ->
      look();
      slept = true; token[self] = false;
      posted[self] = posted[self] && IS(posted_once) }
  od;
  atomic {
    slept = false; token[self] = false; posted[self] = false;
    timed[self] = false; dormant[self] = false; preempted[self] = false;
    see_to_first()
  };
  atomic { post(next); next = NONE };
  become_holder();
  atomic {
    if
    :: grace -> grace = false; drop_after()
    :: else
    fi
  };
  atomic { post(next); next = NONE }
}

inline take() {
  if
  :: atomic { !held -> held = true }; become_holder()
  :: atomic { held -> queue_up(self, false) }; wait_turn()
  fi
}

inline release() {
  atomic { clear_holder() };
  if
  :: atomic { queued == 0 -> held = false }
  :: atomic { queued > 0 ->
      if
      :: drop -> hand_over()
      :: else -> free_lock()
      fi };
    atomic { post(next); next = NONE }
  fi
}

inline yield() {
  if
  :: atomic { drop && queued > 0 ->
      clear_holder(); end_turn(); hand_over(); queue_up(self, true) };
    atomic { post(next); next = NONE };
    accept()
  :: atomic { drop && queued == 0 -> drop = false }
  :: !drop
  fi
}

/* Sets `next` to the invited, if that is to be posted now. */
inline invite(w) {
  atomic {
    queue_up(w, false);
    posted[w] = rests(self) && !IS(dear_invitation);
    asleep[w] = !posted[w]
  };
  atomic {
    if
    :: posted[w] -> next = w
    :: !posted[w] && IS(unasked)
    :: !posted[w] && rests(self)
    :: else -> drop = true; arm(self)
    fi
  }
}

inline accept() {
  asleep[self] = false;
  wait_turn()
}

/* --- park.c --- */

/* Under the bucket's mutex: w sees it at the end. */
inline wake(w) {
  invite(w);
  atomic { parked[w] = false; woken[w] = true };
  atomic { post(next); next = NONE }
}

/* Wakes the threads that are parked, one after the other. */
inline wake_all() {
  do
  :: parked[1] -> wake(1)
  :: parked[2] -> wake(2)
  :: else -> break
  od
}

inline sleep_until_woken() {
  do
  :: atomic { token[self] ->
      token[self] = false;
      if
      :: woken[self] -> woken[self] = false; break
      :: else /* a stray token */
      fi }
  od;
}

inline park() {
  parked[self] = true;
  release();
  sleep_until_woken();
  accept()
}

/* --- the threads --- */

/* What Lua code does between two instructions: nothing; the hook; or, once,
** the end of a coroutine, with which the hook goes; a call of C that sleeps,
** after which the thread may have a hook that looks at drop. */
inline step() {
  if
  :: atomic { hook[self] -> hook[self] = false }; yield()
  :: atomic { hook[self] && !lifted -> lifted = true;
      hook[self] = drop && !IS(lifted_hook) }
  :: !hook[self]
  :: atomic { deaf[self] == 0 -> deaf[self] = 2 };
    atomic { !sleeps(self) ->
      if
      :: drop -> arm(self)
      :: true
      fi }
  fi
}

/* Some day a rest or a sleep is over. */
active proctype rest() {
  do
  :: rests(0) || sleeps(0) -> deaf[0] = 3
  :: rests(1) || sleeps(1) -> deaf[1] = 3
  od
}

proctype thread(byte self) {
  byte next = NONE, k;
  bool slept, lifted, grace;
  if
  :: self == 0 -> become_holder()
  :: else ->
    if
    :: scene == invitation && self == 2 -> sleep_until_woken(); accept()
    :: else ->
      take();
      if
      :: scene == invitation -> park()
      :: else
      fi
    fi;
    done[self] = true
  fi;
  wake_all();
  do
  :: computes(self) -> step(); wake_all()
  :: else -> break
  od;
  release()
}

init {
  atomic {
    if
    :: SHOWS(invitation) -> scene = invitation
    :: SHOWS(hurry) -> scene = hurry
    :: SHOWS(calm) -> scene = calm
    fi;
    if
    :: used[2] = MOST_USED
    :: true
    fi;
    parked[2] = scene == invitation;
    held = true; /* by thread 0 */
    run thread(0); run thread(1); run thread(2)
  }
}

ltl served { <> (done[1] && done[2]) }
