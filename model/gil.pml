/*
** The global lock's hand-over: csrc/gil/gil.c, with its callers in park.c,
** preempt.c and coroutine.c. What has the same name there does the same.
**
** Thread 0 holds the lock; 1 and 2 come for it, in one of three scenes:
** - invitation: 1 and 2 park, and are woken under the lock; 0 computes for
**   ever. Waits time out: who is due asks the holder, again and again.
** - hurry: 1 and 2 are due at once; 0 and 1 compute for ever. No wait times
**   out, for no interval has passed yet: who was preempted asks nobody.
** - calm: nobody computes, nobody is due, no wait times out.
** Who computes lets go of the lock only when its hook fires.
**
** Checked: one thread at a time holds the lock; 1 and 2 get it, when they come
** and when they are invited, though the others compute (`served`, under weak
** fairness, that is: who can go on goes on some day).
**
** The hook of a thread that computes may be dear, once: while the thread rests
** from it, nobody asks it to let go, nor does it ask itself. Or it sleeps, once,
** in C, where nobody signals it.
**
** What is done under the lock's mutex is one step here: outside of it a thread
** looks at one word at a time.
**
** -DMUTATION=name builds a model that is wrong, see tools/model.
*/
#define THREADS 3
#define NONE 255

#define none 0
#define sleeper_left 1 /* who takes the lock before an invited asks nobody */
#define immediate_left 2 /* one that takes the lock before an immediate one
                            requests nothing */
#define aloof 3        /* an immediate one requests only when it is the first */
#define unsorted 4     /* a preempted one may be before an immediate one */
#define lifted_hook 5  /* the hook goes with the coroutine, see step */
#define silent 6       /* who is due sets drop and signals nobody */
#define unasked 7      /* who invites does not ask itself to drop */
#define freed 8        /* hand_over frees the lock before the grant */
#define unposted 9     /* free_lock wakes nobody */
#define posted_once 10 /* who was woken in vain is not woken again */
#define forgotten 11   /* who found the holder resting does not ask again */
#define unheard 14     /* who found the holder asleep does not ask again */
#define silenced 15    /* nor does one behind it, for drop is set */
#define dear_invitation 12 /* who rests invites, and wakes nobody */
#define dear_grace 13      /* the same who takes the lock before an invited */
#ifndef MUTATION
#define MUTATION none
#endif
#define IS(name) (MUTATION == name)

mtype = { invitation, hurry, calm };
mtype scene;
#define timeouts (scene == invitation)
#define computes(t) (t == 0 && scene != calm || t == 1 && scene == hurry)

bool held;             /* the word: HELD */
byte holder = NONE;    /* who may be signalled */
bool drop;             /* the holder shall let go */
bool grace;            /* holder only: it shall ask itself to */

byte queue[THREADS];   /* under the mutex */
byte queued;           /* how many; not 0: the word's QUEUED */
bool granted[THREADS], posted[THREADS], asleep[THREADS], immediate[THREADS];

bool holds[THREADS];   /* thr_tstate.gil.held */
bool hook[THREADS];    /* armed: the thread will come to yield */
byte deaf[THREADS];    /* 0 not yet, 1 it rests, 2 it sleeps, 3 no more */
bool late[THREADS];    /* the holder was deaf: it will ask again in time */
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

/* Anywhere, for `due` may be any time; but all that come later than an
** immediate one are due later. */
inline enqueue(w) {
  k = queued;
  do
  :: k > 0 && (!immediate[queue[k - 1]] || IS(unsorted)) ->
    queue[k] = queue[k - 1]; k--
  :: break
  od;
  queue[k] = w;
  k = 0;
  queued++
}

inline queue_up(w, is_immediate) {
  granted[w] = false; posted[w] = false; asleep[w] = false;
  immediate[w] = is_immediate;
  enqueue(w)
}

inline grace_of_next() {
  grace = (queued > 0 && asleep[queue[0]] && !IS(sleeper_left)) ||
          ((immediate[0] || immediate[1] || immediate[2]) &&
           !IS(immediate_left))
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
  queue[queued] = 0;
  immediate[w] = false;
  grace_of_next()
}

/* The handler comes at once: a hook that is armed later fires later. */
inline signal_holder() {
  drop = true;
  if
  :: holder != NONE && holds[holder] && !IS(silent) -> arm(holder)
  :: else
  fi
}

inline ask_holder() {
  if
  :: holder != NONE && rests(holder) -> late[self] = !IS(forgotten)
  :: holder != NONE && sleeps(holder) ->
    drop = true; late[self] = !IS(unheard)
  :: else -> late[self] = false; signal_holder()
  fi
}

#define need_not_request (immediate[self] && queue[0] != self && \
                      (!late[self] || IS(silenced)) && \
                      (drop || IS(aloof)))

/* When it comes it may be due or not, unless it is immediate; one that has
** slept until its time was up is due. */
inline request_drop() {
  if
  :: need_not_request
  :: (immediate[self] || timeouts) && !need_not_request -> ask_holder()
  :: !immediate[self] && !(timeouts && slept)
  fi
}

/* Sets `next` to whom to post, if there is one. */
inline first_to_wake() {
  if
  :: queued > 0 && !posted[queue[0]] && !IS(unposted) ->
    next = queue[0];
    posted[next] = true;
    asleep[next] = false
  :: else
  fi
}

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
    fi;
    if
    :: grace -> grace = false; drop_after()
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
#define awake (!slept || token[self] || timeouts || late[self])

/* In the queue, until it is granted the lock, or finds it free. */
inline wait_turn() {
  do
  :: atomic { awake && granted[self] -> granted[self] = false; break }
  :: atomic { awake && !granted[self] && !held ->
      held = true; dequeue(self); drop = false; break }
  :: atomic { awake && !granted[self] && held ->
      request_drop();
      slept = true; token[self] = false;
      posted[self] = posted[self] && IS(posted_once) }
  od;
  atomic {
    slept = false; token[self] = false; posted[self] = false;
    late[self] = false
  }
}

inline take(is_immediate) {
  if
  :: atomic { !held -> held = true }
  :: atomic { held -> queue_up(self, is_immediate) }; wait_turn()
  fi;
  become_holder()
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
      clear_holder(); hand_over(); queue_up(self, false) };
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
  wait_turn();
  become_holder()
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

inline park() {
  parked[self] = true;
  release();
  do
  :: atomic { token[self] ->
      token[self] = false;
      if
      :: woken[self] -> woken[self] = false; break
      :: else /* a stray token */
      fi }
  od;
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
  bool slept, lifted;
  if
  :: self == 0 -> become_holder()
  :: else ->
    take(scene == hurry);
    if
    :: scene == invitation -> park()
    :: else
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
    :: scene = invitation
    :: scene = hurry
    :: scene = calm
    fi;
    held = true; /* by thread 0 */
    run thread(0); run thread(1); run thread(2)
  }
}

ltl served { <> (done[1] && done[2]) }
