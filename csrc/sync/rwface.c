/* rwface: see rwface.h. */
#include "sync/rwface.h"

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/box.h"
#include "bind/describe.h"
#include "bind/guard.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "sync/rwlock.h"

/***
A lock that any number of threads hold at once to read, or one alone to write.

A thread that comes to read waits while another writes or waits to write; but
one that reads already gets it again at once. When a writer is done, all that
wait to read get in, before the next writer. So neither keeps the others out for
ever.

A thread that reads cannot begin to write, for two of them would wait for each
other: it must release first, and look again at what it has read. Only the
thread that has acquired may release.
@classmod threading.RWLock
@usage
local rw, prices = threading.RWLock(), {}
local function price(name)
  local _ <close> = rw:reading()
  return prices[name]
end
local function set_price(name, value)
  local _ <close> = rw:writing()
  prices[name] = value
end
*/
static const thr_kind kind = {
    .name = "threading.RWLock", .unref = thr_rwlock_unref,
    .ref = thr_rwlock_ref, .nuvalues = 2, .open = thr_rwface_open};

/* What reading() and writing() return: the lock again, in boxes that release
** when they are closed.  The lock's box keeps one of each, made when it is
** needed first. */
static const thr_kind guards[] = {
    {.name = "threading.ReadGuard", .unref = thr_rwlock_unref,
     .stays = "give the RWLock, and call reading() there"},
    {.name = "threading.WriteGuard", .unref = thr_rwlock_unref,
     .stays = "give the RWLock, and call writing() there"}};

int thr_rwface_create(lua_State *L) {
  const char *name = thr_args_onlyname(L);
  thr_box *box = thr_box_newuv(L, &kind, kind.nuvalues);
  thr_rwlock *l = thr_rwlock_new(thr_describe_label(L, name));
  if (!l) return thr_blame_error(L, "not enough memory");
  thr_box_fill(box, &kind, l);
  return 1;
}

static thr_rwlock *check(lua_State *L) { return thr_box_check(L, 1, &kind); }

/* --- acquiring and releasing --- */

/* Pushes what errors say of it. */
static const char *push_object(lua_State *L, const thr_rwlock *l) {
  return thr_describe_pushobject(L, "RWLock", l, l->label);
}

/* Raises for what the caller must not ask for. */
static bool is_acquired(lua_State *L, const thr_rwlock *l, thr_rwoutcome o,
                        bool writes) {
  switch (o) {
    case THR_RW_READS:
      thr_blame_error(L, "cannot write: this thread reads, and would wait for "
                      "itself%s; call release_read() first",
                      push_object(L, l));
      break;
    case THR_RW_WRITES:
      thr_blame_error(L, "cannot %s: this thread writes already%s",
                      writes ? "write" : "read", push_object(L, l));
      break;
    case THR_RW_NOMEMORY: thr_blame_error(L, "not enough memory"); break;
    default: break;
  }
  return o == THR_RW_ACQUIRED;
}

static bool wait(lua_State *L, thr_rwlock *l, bool writes, int64_t deadline) {
  thr_tstate *ts = thr_self(L);
  thr_rwoutcome o;
  thr_parkresult r;
  thr_box_keep(L, 1);
  do o = thr_rwlock_wait(l, ts, writes, deadline, &r);
  while (o == THR_RW_NOT && thr_pending_disturbed(L, ts, r));
  return is_acquired(L, l, o, writes);
}

static bool try(lua_State *L, thr_rwlock *l, bool writes) {
  return is_acquired(L, l, thr_rwlock_try(l, thr_self(L), writes), writes);
}

static int acquire(lua_State *L, bool writes) {
  thr_rwlock *l = check(L);
  int64_t deadline = THR_FOREVER;
  if (lua_gettop(L) > 1)
    deadline = thr_args_acquire(
        L, true, "can't specify a timeout for a non-blocking call");
  lua_pushboolean(L, try(L, l, writes) ||
                         (deadline != 0 && wait(L, l, writes, deadline)));
  return 1;
}

static int release(lua_State *L, thr_rwlock *l, bool writes) {
  if (!thr_rwlock_release(l, thr_self(L), writes))
    return thr_blame_error(L, "release_%s: this thread does not %s%s",
                           writes ? "write" : "read",
                           writes ? "write" : "read", push_object(L, l));
  return 0;
}

/***
Takes the lock to read, after waiting until no thread writes or waits to write.
A thread that reads may take it again, and releases it as often.
@function acquire_read
@tparam[opt=true] boolean blocking false for a mere try
@tparam[opt=-1] number timeout seconds, not negative; -1 for ever.  Both may
be given as a table: `{blocking = ..., timeout = ...}`
@treturn boolean acquired
@raise if an argument is of the wrong type; "can't specify a timeout for a
non-blocking call"; where the calling thread writes; a deadlock, a cancellation
*/
static int rwlock_acquireread(lua_State *L) { return acquire(L, false); }

/***
Takes the lock to write, after waiting until no other thread has it.
@function acquire_write
@tparam[opt=true] boolean blocking false for a mere try
@tparam[opt=-1] number timeout seconds, not negative; -1 for ever.  Both may
be given as a table: `{blocking = ..., timeout = ...}`
@treturn boolean acquired
@raise if an argument is of the wrong type; "can't specify a timeout for a
non-blocking call"; where the calling thread reads, or writes; a deadlock, a
cancellation
*/
static int rwlock_acquirewrite(lua_State *L) { return acquire(L, true); }

/***
Takes one acquire_read back.
@function release_read
@raise where the calling thread does not read
*/
static int rwlock_releaseread(lua_State *L) {
  return release(L, check(L), false);
}

/***
Takes the acquire_write back.
@function release_write
@raise where the calling thread does not write
*/
static int rwlock_releasewrite(lua_State *L) {
  return release(L, check(L), true);
}

/* --- guards --- */

/* Pushes the guard of the box at 1. */
static void push_guard(lua_State *L, thr_rwlock *l, bool writes) {
  if (lua_getiuservalue(L, 1, writes + 1) != LUA_TNIL) return;
  lua_pop(L, 1);
  thr_box *box = thr_box_new(L, &guards[writes]);
  thr_box_fill(box, &guards[writes], thr_rwlock_ref(l));
  lua_pushvalue(L, -1);
  lua_setiuservalue(L, 1, writes + 1);
}

static int guard(lua_State *L, bool writes) {
  thr_rwlock *l = thr_box_use(L, 1, &kind);
  lua_settop(L, 1);
  push_guard(L, l, writes); /* first: it may lack memory */
  if (!try(L, l, writes)) wait(L, l, writes, THR_FOREVER);
  lua_replace(L, 1);
  return thr_guard(L);
}

/***
Takes the lock to read, however long it takes.
@function reading
@return a value for a to-be-closed variable, which releases it at the end of the
block, also on an error or a break
@raise where the calling thread writes; a deadlock, a cancellation
*/
static int rwlock_reading(lua_State *L) { return guard(L, false); }

/***
Takes the lock to write, however long it takes.
@function writing
@return a value for a to-be-closed variable, which releases it at the end of the
block, also on an error or a break
@raise where the calling thread reads, or writes; a deadlock, a cancellation
*/
static int rwlock_writing(lua_State *L) { return guard(L, true); }

static int reading_close(lua_State *L) {
  return release(L, thr_box_check(L, 1, &guards[false]), false);
}

static int writing_close(lua_State *L) {
  return release(L, thr_box_check(L, 1, &guards[true]), true);
}

/***
The name that it was given when it was made.
@function get_name
@treturn string or nil, where it has none
*/
static int rwlock_getname(lua_State *L) {
  return thr_describe_getname(L, check(L)->label);
}

static int rwlock_tostring(lua_State *L) {
  thr_rwlock *l = thr_box_use(L, 1, &kind);
  uint64_t writer;
  int n = thr_rwlock_look(l, &writer);
  const char *label = thr_describe_pushlabel(L, l->label);
  if (writer != 0) {
    thr_describe_pushname(L, thr_self(L)->rt, writer);
    lua_pushfstring(L, "<locked threading.RWLock%s writer=%s at %p>", label,
                    lua_tostring(L, -1), l);
  } else if (n > 0) {
    lua_pushfstring(L, "<locked threading.RWLock%s readers=%d at %p>", label,
                    n, l);
  } else {
    lua_pushfstring(L, "<unlocked threading.RWLock%s at %p>", label, l);
  }
  return 1;
}

static void open_guard(lua_State *L, bool writes, const luaL_Reg *methods) {
  thr_box_newtype(L, &guards[writes], methods);
  lua_pop(L, 1);
}

void thr_rwface_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"acquire_read", rwlock_acquireread},
      {"acquire_write", rwlock_acquirewrite},
      {"release_read", rwlock_releaseread},
      {"release_write", rwlock_releasewrite},
      {"reading", rwlock_reading}, {"writing", rwlock_writing},
      {"get_name", rwlock_getname}, {"__tostring", rwlock_tostring},
      {NULL, NULL}};
  static const luaL_Reg reading[] = {{"__close", reading_close}, {NULL, NULL}};
  static const luaL_Reg writing[] = {{"__close", writing_close}, {NULL, NULL}};
  open_guard(L, false, reading);
  open_guard(L, true, writing);
  thr_box_newtype(L, &kind, methods);
  lua_pop(L, 1);
}
