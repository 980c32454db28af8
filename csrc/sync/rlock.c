/* rlock: see rlock.h. */
#include "sync/rlock.h"

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/box.h"
#include "bind/describe.h"
#include "bind/guard.h"
#include "bind/self.h"

/***
A lock that its owner may take again.  Only the owner may release it, as often
as it took it.
@classmod threading.RLock
@usage
local threading = require "threading"
local lock = threading.RLock()

local function add(account, n)
  local _ <close> = lock:guard()
  account.balance = account.balance + n
end

local function transfer(from, to, n)
  local _ <close> = lock:guard() -- add takes it once more
  add(from, -n)
  add(to, n)
end

local ann, bob = { balance = 10 }, { balance = 0 }
transfer(ann, bob, 4)
print(ann.balance, bob.balance) --> 6 4
*/
static void unref(void *l) { thr_lock_unref(l); }

static const thr_kind kind = {
    .name = "threading.RLock", .unref = unref, .ref = thr_lock_ref,
    .open = thr_rlock_open};

thr_lock *thr_rlock_test(lua_State *L, int arg) {
  return thr_box_test(L, arg, &kind);
}

int thr_rlock_create(lua_State *L) {
  thr_rlock_createnamed(L, thr_args_onlyname(L));
  return 1;
}

thr_lock *thr_rlock_createnamed(lua_State *L, const char *name) {
  thr_box *box = thr_box_new(L, &kind);
  thr_lock *l = thr_lock_new(true, thr_describe_label(L, name));
  if (!l) thr_blame_error(L, "not enough memory");
  thr_box_fill(box, &kind, l);
  return l;
}

void thr_rlock_pushshare(lua_State *L, thr_lock *l) {
  thr_box_pushshare(L, &kind, l);
}

static thr_lock *check(lua_State *L) { return thr_box_check(L, 1, &kind); }

/***
Takes the lock, after waiting until it is free or the caller's.
@function acquire
@tparam[opt=true] boolean blocking false for a mere try
@tparam[opt=-1] number timeout seconds, not negative; -1 for ever.  Both may
be given as a table: `{blocking = ..., timeout = ...}`
@treturn boolean acquired
@raise if an argument is of the wrong type; "can't specify a timeout for a
non-blocking call"; a deadlock, a cancellation
*/
static int rlock_acquire(lua_State *L) {
  thr_lock *l = check(L);
  bool quick = lua_gettop(L) == 1 && thr_lock_tryagain(l, thr_self(L));
  if (quick && thr_lock_iswatched()) thr_lock_note(L, l, true);
  lua_pushboolean(L, quick || thr_lock_acquire(L, l));
  return 1;
}

/* Raises: the caller is not the owner. */
THR_RARE static int refuse_release(lua_State *L, const thr_lock *l) {
  uint64_t owner = l->owner;
  const char *what = thr_describe_pushobject(L, "RLock", l, l->label);
  if (owner == 0)
    return thr_blame_error(L, "cannot release un-acquired lock%s", what);
  thr_describe_pushname(L, thr_self(L)->rt, owner);
  return thr_blame_error(L, "cannot release un-acquired lock%s; %s has "
                         "acquired it", what, lua_tostring(L, -1));
}

/***
Takes one acquire back; the last one frees the lock.
@function release
@raise "cannot release un-acquired lock" where the caller is not the owner
*/
static int rlock_release(lua_State *L) {
  thr_lock *l = check(L);
  return thr_rlock_release(l, thr_self(L)) ? 0 : refuse_release(L, l);
}

static int rlock_close(lua_State *L) {
  thr_lock *l = check(L);
  if (thr_rlock_release(l, thr_self(L))) return 0;
  return thr_guard_refuse(L, "cannot release un-acquired lock", "rlock");
}

/***
Does some thread hold it?
@function locked
@treturn boolean
*/
static int rlock_locked(lua_State *L) {
  lua_pushboolean(L, thr_lock_locked(check(L)));
  return 1;
}

/***
Takes it, however long it takes.
@function guard
@treturn RLock itself; as a to-be-closed variable it releases at the
end of the block, also on an error or a break
@raise a deadlock, a cancellation
*/
static int rlock_guard(lua_State *L) {
  thr_lock_acquireforever(L, check(L));
  return thr_guard(L);
}

/***
Calls a function with the lock held, and releases it also on an error.
@function with
@tparam function fn called with the arguments that follow
@param ... its arguments
@return what fn returns
@raise if fn is not callable; what fn raises
*/
static int rlock_with(lua_State *L) {
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
static int rlock_getname(lua_State *L) {
  return thr_describe_getname(L, check(L)->label);
}

static int rlock_tostring(lua_State *L) {
  thr_lock *l = thr_box_use(L, 1, &kind);
  uint64_t owner = l->owner;
  const char *label = thr_describe_pushlabel(L, l->label);
  if (owner == 0) {
    lua_pushfstring(L, "<unlocked threading.RLock%s at %p>", label, l);
  } else {
    thr_describe_pushname(L, thr_self(L)->rt, owner);
    lua_pushfstring(L, "<locked threading.RLock%s owner=%s count=%d at %p>",
                    label, lua_tostring(L, -1), (int)thr_lock_depth(l), l);
  }
  return 1;
}

void thr_rlock_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"acquire", rlock_acquire}, {"release", rlock_release},
      {"locked", rlock_locked},   {"guard", rlock_guard},
      {"with", rlock_with},       {"get_name", rlock_getname},
      {"__close", rlock_close}, {"__tostring", rlock_tostring},
      {NULL, NULL}};
  thr_box_newtype(L, &kind, methods);
  lua_pop(L, 1);
}
