/* lock: see lock.h. */
#include "sync/lock.h"

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/box.h"
#include "bind/describe.h"
#include "bind/guard.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "gil/vclock.h"
#include "os/tuning.h"
#include "sync/order.h"

static thr_mutex all_m = THR_MUTEX_INIT;
static thr_lock *all; /* all_m */
static unsigned long numbers; /* all_m */

thr_lock *thr_lock_new(bool owner_only, thr_label *label) {
  thr_lock *l = thr_os_alloc(sizeof(*l));
  if (!l) {
    thr_label_free(label);
    return NULL;
  }
  atomic_init(&l->refs, 1);
  l->owner_only = owner_only;
  l->label = label;
  thr_mutex_lock(&all_m);
  l->number = ++numbers;
  l->next = all;
  if (all) all->prev = l;
  all = l;
  thr_mutex_unlock(&all_m);
  return l;
}

void thr_lock_unref(thr_lock *l) {
  if (atomic_fetch_sub(&l->refs, 1) != 1) return;
  thr_mutex_lock(&all_m);
  if (l->prev) l->prev->next = l->next;
  else all = l->next;
  if (l->next) l->next->prev = l->prev;
  thr_order_freed(); /* under the mutex: see has_still */
  thr_mutex_unlock(&all_m);
  thr_label_free(l->label);
  if (l->acquired) thr_os_free(l->acquired);
  thr_meter_unrefall(l->meter);
  thr_os_free(l);
}

void thr_lock_beforefork(void) {
  thr_order_beforefork();
  thr_mutex_lock(&all_m);
}

void thr_lock_afterfork(void) {
  thr_mutex_unlock(&all_m);
  thr_order_afterfork();
}

void thr_lock_each(uint64_t ident, void (*see)(void *arg, thr_lock *l),
                   void *arg) {
  thr_mutex_lock(&all_m);
  for (thr_lock *l = all; l; l = l->next)
    if (l->owner == ident) see(arg, l);
  thr_mutex_unlock(&all_m);
}

static const char *kind_of(const thr_lock *l) {
  return l->owner_only ? "RLock" : "Lock";
}

void thr_lock_tell(const thr_lock *l, char to[THR_LABEL_ROOM]) {
  thr_label_tell(to, kind_of(l), l, l->label);
}

static bool spin(thr_lock *l, thr_tstate *ts) {
  for (int i = 0; i < THR_LOCK_SPINS; i++) {
    if (thr_lock_try(l, ts)) return true;
    thr_os_relax();
  }
  return false;
}

/* Sets PARKED, unless the lock is free again.  A release that sees PARKED wakes
** under the bucket's mutex, which is held here: so it finds the waiter; one
** that does not see it was before this, and the lock is free. */
static bool still_locked(thr_waiter *w) {
  thr_lock *l = (thr_lock *)w->addr;
  unsigned word = atomic_load(&l->word);
  while (word & THR_LOCKED)
    if (atomic_compare_exchange_weak(&l->word, &word, word | THR_PARKED))
      return true;
  return false;
}

static uint64_t owner(const void *addr) {
  return ((const thr_lock *)addr)->owner;
}

thr_parkresult thr_lock_wait(thr_lock *l, thr_tstate *ts, int64_t deadline,
                             unsigned masked) {
  thr_waiter w = thr_waiter_on(ts, l, kind_of(l));
  w.label = l->label;
  w.validate = still_locked;
  w.retained = &l->retained;
  w.owner = owner;
  w.owner_only = l->owner_only;
  w.masked = masked;
  w.patience = THR_CONTEND;
  bool got = !ts->gil.held && spin(l, ts);
  while (!got && !thr_lock_try(l, ts)) {
    thr_parkresult r = thr_park(&w, deadline);
    if (w.handed) break;
    if (r != THR_PARK_WOKEN && r != THR_PARK_CHANGED) return r;
  }
  /* a Lock may have been released by now */
  if (l->owner_only) thr_lock_setdepth(l, 1);
  return THR_PARK_WOKEN;
}

/* Hands the lock to a waiter that has waited long, or frees it.  A second
** release that came at the same time finds it free, and changes nothing. */
static void hand_over(const void *addr, thr_waiter *w, bool more) {
  thr_lock *l = (thr_lock *)addr;
  unsigned word = atomic_load(&l->word);
  unsigned next = more ? THR_PARKED : 0;
  bool hand = w && thr_vclock_now() - w->since > THR_FAIR_AFTER;
  if (hand) next |= THR_LOCKED;
  do
    if (!(word & THR_LOCKED)) return;
  while (!atomic_compare_exchange_weak(&l->word, &word, next));
  if (!hand) return;
  w->handed = true;
  w->patience = THR_SOON;
  atomic_store_explicit(&l->owner, w->ts->ident, memory_order_relaxed);
}

/* Of two releases at the same time one ends what was measured. */
THR_RARE static void end_measure(thr_lock *l) {
  if (atomic_fetch_and(&l->word, ~THR_TIMED) & THR_TIMED)
    thr_meter_endhold(l->meter);
}

void thr_lock_wakenext(thr_lock *l) {
  if (atomic_load(&l->word) & THR_TIMED) end_measure(l);
  thr_unpark_one(l, hand_over);
}

/* Cancellation and Ctrl-C wait until the lock is held again.  At the end of
** the program its holder may have ended with it: try for a moment. */
bool thr_lock_regain(thr_lock *l, thr_tstate *ts) {
  thr_parkresult r = THR_PARK_WOKEN;
  unsigned masked = ~(unsigned)THR_PENDING_STOP;
  if (thr_lock_try(l, ts)) return true;
  do r = thr_lock_wait(l, ts, THR_FOREVER, masked);
  while (r == THR_PARK_INTERRUPTED && !(ts->asked.pending & THR_PENDING_STOP));
  if (r == THR_PARK_INTERRUPTED)
    r = thr_lock_wait(l, ts, thr_vclock_now() + THR_REGAIN_AT_END, ~0u);
  return r == THR_PARK_WOKEN;
}

/* --- the Lua face --- */

atomic_int thr_lock_watchers = 0;

static bool wait(lua_State *L, thr_tstate *ts, thr_lock *l, int64_t deadline) {
  thr_parkresult r;
  thr_box_keep(L, 1);
  do r = thr_lock_wait(l, ts, deadline, 0);
  while (thr_pending_disturbed(L, ts, r));
  return r == THR_PARK_WOKEN;
}

static bool take(thr_lock *l, const thr_tstate *ts) {
  return l->owner_only ? thr_lock_tryagain(l, ts) : thr_lock_try(l, ts);
}

bool thr_lock_acquire(lua_State *L, thr_lock *l) {
  thr_tstate *ts = thr_self(L);
  int64_t deadline = thr_args_acquire(
      L, true, "can't specify a timeout for a non-blocking call");
  bool got = take(l, ts) || (deadline != 0 && wait(L, ts, l, deadline));
  if (got && thr_lock_iswatched())
    thr_lock_note(L, l, deadline == THR_FOREVER);
  return got;
}

void thr_lock_acquireforever(lua_State *L, thr_lock *l) {
  thr_tstate *ts = thr_self(L);
  if (!take(l, ts)) wait(L, ts, l, THR_FOREVER);
  if (thr_lock_iswatched()) thr_lock_note(L, l, true);
}

/* Without memory it is not noted. */
static void set_place(thr_lock *l, const thr_where *where) {
  thr_where *place = l->acquired;
  if (place && thr_describe_issame(place, where)) return; /* mostly */
  if (!place) place = thr_os_alloc(sizeof(*place));
  if (!place) return;
  thr_mutex_lock(&all_m);
  *place = *where;
  l->acquired = place;
  thr_mutex_unlock(&all_m);
}

static bool is_listed(const void *addr) { /* all_m */
  const thr_lock *l = all;
  while (l && l != addr) l = l->next;
  return l != NULL;
}

/* Of a lock that may have been freed there is but the address. */
static void tell(const thr_ranked *lock, char text[THR_LABEL_ROOM]) {
  const thr_lock *l = lock->addr;
  thr_mutex_lock(&all_m);
  if (is_listed(l) && l->number == lock->number) thr_lock_tell(l, text);
  else thr_label_tell(text, "Lock", l, NULL);
  thr_mutex_unlock(&all_m);
}

/* Under the mutex no lock is freed, as a thread of another Lua state may do.
** One that may have been freed before is looked for. */
static bool has_still(const thr_tstate *ts, const void *addr,
                      unsigned long frees) {
  thr_mutex_lock(&all_m);
  bool there = thr_order_frees() == frees || is_listed(addr);
  bool has = there && thr_lock_isowner((thr_lock *)addr, ts);
  thr_mutex_unlock(&all_m);
  return has;
}

/* How many of those that watch want to know of orders. */
static atomic_int order_watchers = 0;

void thr_lock_watch(int more, bool orders) {
  if (orders) atomic_fetch_add(&order_watchers, more);
  atomic_fetch_add(&thr_lock_watchers, more);
}

/* The thread has just taken the lock, and not again. */
static void measure(thr_lock *l, thr_tstate *ts) {
  if (!l->meter || thr_meter_isold(l->meter)) {
    thr_meter *meter = thr_meter_new(ts, kind_of(l), l, l->label);
    if (!meter) return;
    meter->older = l->meter;
    l->meter = meter;
  }
  if (!thr_meter_take(l->meter, ts)) return;
  thr_meter_beginhold(l->meter, ts);
  atomic_fetch_or(&l->word, THR_TIMED);
}

static void count(thr_lock *l, thr_tstate *ts) {
  if (thr_meter_ison() && (!l->owner_only || thr_lock_depth(l) == 1))
    measure(l, ts);
}

void thr_lock_note(lua_State *L, thr_lock *l, bool waits) {
  static const thr_locks calls = {has_still, tell};
  thr_where where;
  count(l, thr_self(L));
  if (order_watchers == 0) return;
  thr_ranked lock = {l, l->number};
  thr_describe_caller(L, &where);
  thr_box_keep(L, 1);
  set_place(l, &where);
  if (l->owner_only && thr_lock_depth(l) > 1) return; /* it had it already */
  thr_order_took(thr_self(L), lock, &where, waits, &calls);
}

void thr_lock_notefromc(thr_lock *l, thr_tstate *ts) {
  count(l, ts);
  if (l->acquired) set_place(l, &(thr_where){.line = 0});
}

/***
A lock that one thread at a time holds.  Any thread may release it.
@classmod threading.Lock
@usage
local threading = require "threading"
local lock, n = threading.Lock(), 0

local function count()
  for _ = 1, 1000 do
    local _ <close> = lock:guard()
    n = n + 1
  end
end

local a = threading.Thread { target = count }
local b = threading.Thread { target = count }
a:start()
b:start()
a:join()
b:join()
print(n) --> 2000
*/
static void unref(void *l) { thr_lock_unref(l); }

void *thr_lock_ref(void *l) {
  atomic_fetch_add_explicit(&((thr_lock *)l)->refs, 1, memory_order_relaxed);
  return l;
}

static const thr_kind kind = {
    .name = "threading.Lock", .unref = unref, .ref = thr_lock_ref,
    .open = thr_lock_open};

thr_lock *thr_lock_test(lua_State *L, int arg) {
  return thr_box_test(L, arg, &kind);
}

int thr_lock_create(lua_State *L) {
  const char *name = thr_args_onlyname(L);
  thr_box *box = thr_box_new(L, &kind);
  thr_lock *l = thr_lock_new(false, thr_describe_label(L, name));
  if (!l) return thr_blame_error(L, "not enough memory");
  thr_box_fill(box, &kind, l);
  return 1;
}

void thr_lock_push(lua_State *L, thr_lock *l) {
  thr_box *box = thr_box_new(L, &kind);
  thr_box_fill(box, &kind, thr_lock_ref(l));
}

void thr_lock_pushshare(lua_State *L, thr_lock *l) {
  thr_box_pushshare(L, &kind, l);
}

static thr_lock *check(lua_State *L) { return thr_box_check(L, 1, &kind); }

static int acquire_slowly(lua_State *L) {
  lua_pushboolean(L, thr_lock_acquire(L, check(L)));
  return 1;
}

/***
Takes the lock, after waiting until it is free.
@function acquire
@tparam[opt=true] boolean blocking false for a mere try
@tparam[opt=-1] number timeout seconds, not negative; -1 for ever.  Both may
be given as a table: `{blocking = ..., timeout = ...}`
@treturn boolean acquired
@raise if an argument is of the wrong type; "can't specify a timeout for a
non-blocking call"; a deadlock, a cancellation
*/
/* The uncontended case, with nothing in its way that another would need. */
static int lock_acquire(lua_State *L) {
  thr_lock *l = thr_box_test(L, 1, &kind);
  thr_tstate *ts = thr_tls;
  if (!l || !ts || ts->lua.quick != L || lua_gettop(L) != 1 ||
      !thr_lock_try(l, ts))
    return acquire_slowly(L);
  if (thr_lock_iswatched()) thr_lock_note(L, l, true);
  lua_pushboolean(L, 1);
  return 1;
}

/***
Frees the lock.
@function release
@raise "release unlocked lock"
*/
static int lock_release(lua_State *L) {
  thr_lock *l = check(L);
  if (!thr_lock_release(l))
    return thr_blame_error(L, "release unlocked lock%s",
                           thr_describe_pushobject(L, "Lock", l, l->label));
  return 0;
}

static int lock_close(lua_State *L) {
  if (thr_lock_release(check(L))) return 0;
  return thr_guard_refuse(L, "release unlocked lock", "lock");
}

/***
Does some thread hold it?
@function locked
@treturn boolean
*/
static int lock_locked(lua_State *L) {
  lua_pushboolean(L, thr_lock_locked(check(L)));
  return 1;
}

/***
Takes it, however long it takes.
@function guard
@treturn Lock itself; as a to-be-closed variable it releases at the
end of the block, also on an error or a break
@raise a deadlock, a cancellation
*/
static int lock_guard(lua_State *L) {
  thr_lock_acquireforever(L, check(L));
  return thr_guard(L); /* its own guard: __close releases it */
}

/***
Calls a function with the lock held, and releases it also on an error.
@function with
@tparam function fn called with the arguments that follow
@param ... its arguments
@return what fn returns
@raise if fn is not callable; what fn raises
*/
static int lock_with(lua_State *L) {
  thr_lock *l = thr_box_use(L, 1, &kind);
  thr_args_callable(L, 2, "fn");
  thr_lock_acquireforever(L, l);
  return thr_guard_with(L);
}

/***
The name that it was given when it was made.
@function get_name
@treturn string or nil, where it has none
*/
static int lock_getname(lua_State *L) {
  return thr_describe_getname(L, check(L)->label);
}

static int lock_tostring(lua_State *L) {
  thr_lock *l = thr_box_use(L, 1, &kind);
  uint64_t owner = l->owner;
  const char *label = thr_describe_pushlabel(L, l->label);
  if (!thr_lock_locked(l)) {
    lua_pushfstring(L, "<unlocked threading.Lock%s at %p>", label, l);
  } else {
    thr_describe_pushname(L, thr_self(L)->rt, owner);
    lua_pushfstring(L, "<locked threading.Lock%s owner=%s at %p>", label,
                    lua_tostring(L, -1), l);
  }
  return 1;
}

/* Once: another Lua state's threads may be reading. */
static thr_once once = THR_ONCE_INIT;

static void watch(void) {
  int asked = thr_os_debugs();
  thr_lock_watch(asked, true);
  atomic_fetch_add(&thr_label_askers, asked);
}

void thr_lock_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"acquire", lock_acquire}, {"release", lock_release},
      {"locked", lock_locked},   {"guard", lock_guard},
      {"with", lock_with},       {"get_name", lock_getname},
      {"__close", lock_close}, {"__tostring", lock_tostring},
      {NULL, NULL}};
  thr_os_once(&once, watch);
  thr_box_newtype(L, &kind, methods);
  lua_pop(L, 1);
}
