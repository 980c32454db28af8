/* channel: see channel.h. */
#include "socket/channel.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/box.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "gil/vclock.h"
#include "os/fault.h"
#include "os/tuning.h"
#include "park/park.h"

static const char *const kinds[] = {"threading.UDP", "threading.TCP", NULL};

static void unref(void *obj) {
  thr_channel *ch = obj;
  for (int i = 0; i < 2; i++)
    if (ch->turns[i]) thr_lock_unref(ch->turns[i]);
  thr_os_free(ch->uses.list);
  thr_os_free(ch->inbox.bytes);
  thr_os_free(ch);
}

static const thr_kind kind = {
    .name = "threading.channel", .unref = unref,
    .stays = "it is a part of its socket: pass that"};

/* --- arguments --- */

int thr_channel_refuse(const thr_call *c, const char *name, const char *text) {
  return thr_blame_error(c->L, "bad argument '%s' to '%s' (%s)", name, c->name,
                         text);
}

int thr_channel_expect(const thr_call *c, int arg, const char *name,
                       const char *expected) {
  lua_State *L = c->L;
  const char *got = lua_type(L, arg) == LUA_TNUMBER
                        ? luaL_tolstring(L, arg, NULL)
                        : luaL_typename(L, arg);
  lua_pushfstring(L, "%s expected, got %s", expected, got);
  return thr_channel_refuse(c, name, lua_tostring(L, -1));
}

const char *thr_channel_checktext(const thr_call *c, int arg, const char *name,
                                  size_t *n) {
  if (!lua_isstring(c->L, arg)) thr_channel_expect(c, arg, name, "string");
  return lua_tolstring(c->L, arg, n);
}

lua_Integer thr_channel_optinteger(const thr_call *c, int arg, const char *name,
                                   lua_Integer def) {
  int ok;
  lua_Integer n = lua_tointegerx(c->L, arg, &ok);
  if (lua_isnoneornil(c->L, arg)) return def;
  if (lua_type(c->L, arg) != LUA_TNUMBER || !ok)
    thr_channel_expect(c, arg, name, "integer");
  return n;
}

/* The channel of the socket at 1, or NULL; and its use is noted. */
static thr_channel *find(lua_State *L) {
  thr_channel *ch = NULL;
  if (!lua_istable(L, 1)) return NULL;
  lua_rawgeti(L, 1, 1);
  if (lua_isuserdata(L, -1)) ch = thr_box_test(L, -1, &kind);
  if (ch) thr_box_keep(L, -1);
  lua_pop(L, 1);
  return ch;
}

/* Raises where the socket is of no, or another, kind. */
static void begin(lua_State *L, thr_call *c, const char *expected) {
  *c = (thr_call){.L = L, .ts = thr_self(L), .channel = find(L)};
  if (!c->channel) thr_args_unexpected(L, 1, expected);
}

void thr_channel_begin(lua_State *L, thr_call *c) { begin(L, c, "socket"); }

void thr_channel_beginof(lua_State *L, thr_call *c, bool stream,
                         const char *name) {
  begin(L, c, kinds[stream]);
  if (c->channel->is_stream != stream)
    thr_args_unexpected(L, 1, kinds[stream]);
  c->name = name;
}

/* --- timeouts --- */

static int64_t now(void) { return thr_fault_now(thr_vclock_now()); }

static bool is_limited(const thr_channel *ch) {
  return ch->block >= 0 || ch->total >= 0;
}

bool thr_channel_waitsnever(const thr_channel *ch) {
  return ch->block == 0 || ch->total == 0;
}

static int64_t after(int64_t from, lua_Number seconds) {
  int64_t ns = (int64_t)(seconds * 1e9);
  return ns > THR_FOREVER - from ? THR_FOREVER : from + ns;
}

int64_t thr_channel_deadline(const thr_call *c) {
  const thr_channel *ch = c->channel;
  if (thr_channel_waitsnever(ch)) return 0;
  if (!is_limited(ch) || c->began == 0) return THR_FOREVER;
  if (ch->total < 0) return after(c->began, ch->block);
  int64_t end = after(c->began, ch->total);
  if (ch->block < 0) return end;
  int64_t wait = after(now(), ch->block);
  return wait < end ? wait : end;
}

bool thr_channel_isover(const thr_call *c, size_t moved) {
  const thr_channel *ch = c->channel;
  if (thr_channel_waitsnever(ch)) return moved >= THR_MAX_AT_ONCE;
  return c->began != 0 && ch->total >= 0 &&
         now() >= after(c->began, ch->total);
}

int64_t thr_channel_now(const thr_channel *ch) {
  return is_limited(ch) ? now() : 0;
}

/* --- turns --- */

/* In the child of a fork: ends the turn of a thread that is not there. */
static void end_orphaned(const thr_call *c, thr_turn turn) {
  thr_lock *lock = c->channel->turns[turn];
  uint64_t owner = lock->owner;
  if (owner == 0 || thr_uses_lives(c->ts->rt, owner)) return;
  thr_channel_settle(c->channel, turn);
  thr_lock_release(lock);
}

bool thr_channel_taketurn(const thr_call *c, thr_turn turn) {
  thr_lock *lock = c->channel->turns[turn];
  thr_parkresult r = THR_PARK_WOKEN;
  if (thr_lock_try(lock, c->ts)) return true;
  end_orphaned(c, turn);
  do r = thr_lock_wait(lock, c->ts, thr_channel_deadline(c), 0);
  while (thr_pending_disturbed(c->L, c->ts, r));
  return r == THR_PARK_WOKEN;
}

void thr_channel_settle(thr_channel *ch, thr_turn turn) {
  if (turn == THR_RECEIVING)
    ch->received += (lua_Integer)thr_inbox_settle(&ch->inbox);
  else ch->sent += (lua_Integer)atomic_exchange(&ch->fresh_sent, 0);
}

/* --- the Lua face --- */

static thr_channel *check(lua_State *L) { return thr_box_check(L, 1, &kind); }

static bool make_turns(thr_channel *ch) {
  for (int i = 0; i < 2; i++)
    if (!(ch->turns[i] = thr_lock_new(false, NULL))) return false;
  return true;
}

int thr_channel_create(lua_State *L) {
  bool is_stream = luaL_checkoption(L, 1, NULL, kinds) == 1;
  thr_box *box = thr_box_new(L, &kind);
  thr_channel *ch = thr_os_alloc(sizeof(*ch));
  if (!ch) return thr_blame_error(L, "not enough memory");
  thr_box_fill(box, &kind, ch); /* from here on it is freed with it */
  if (!make_turns(ch)) return thr_blame_error(L, "not enough memory");
  ch->is_stream = is_stream;
  ch->fd = -1;
  ch->block = ch->total = -1;
  return 1;
}

/* Reads the number of the descriptor of the object at 2.  (LuaSocket's function
** does not let another thread run.) */
static int follow(lua_State *L, thr_channel *ch) {
  if (ch->closing > 0) return 0;
  lua_getfield(L, 2, "getfd");
  lua_pushvalue(L, 2);
  lua_call(L, 1, 1);
  ch->fd = (int)lua_tonumber(L, -1);
  return 0;
}

/* follow(object): it may have another descriptor */
static int channel_follow(lua_State *L) { return follow(L, check(L)); }

/* retire(): it is about to lose its descriptor */
static int channel_retire(lua_State *L) {
  thr_channel *ch = check(L);
  ch->closing++;
  ch->fd = -1;
  return 0;
}

/* retired(object): that is over */
static int channel_retired(lua_State *L) {
  thr_channel *ch = check(L);
  ch->closing--;
  return follow(L, ch);
}

/* is_closing() -> boolean */
static int channel_isclosing(lua_State *L) {
  lua_pushboolean(L, check(L)->closing > 0);
  return 1;
}

/* settimeout("block" | "total", seconds) */
static int channel_settimeout(lua_State *L) {
  thr_channel *ch = check(L);
  lua_Number seconds = lua_tonumber(L, 3);
  if (*luaL_checkstring(L, 2) == 'b') ch->block = seconds;
  else ch->total = seconds;
  return 0;
}

/* gettimeout() -> those of a wait, and of a call; -1: none */
static int channel_gettimeout(lua_State *L) {
  const thr_channel *ch = check(L);
  lua_pushnumber(L, ch->block);
  lua_pushnumber(L, ch->total);
  return 2;
}

/* waits_never() -> boolean */
static int channel_waitsnever(lua_State *L) {
  lua_pushboolean(L, thr_channel_waitsnever(check(L)));
  return 1;
}

/* now() -> when a call begins; 0 if that is of no interest */
static int channel_now(lua_State *L) {
  lua_pushinteger(L, thr_channel_now(check(L)));
  return 1;
}

/* turn("receiving" | "sending", began) -> a Lock, which has been taken; nil at
** the timeout */
static int channel_turn(lua_State *L) {
  static const char *const turns[] = {"receiving", "sending", NULL};
  thr_call c = {.L = L, .ts = thr_self(L), .channel = check(L)};
  int turn = luaL_checkoption(L, 2, NULL, turns);
  thr_box_keep(L, 1);
  c.began = lua_tointeger(L, 3);
  thr_lock_push(L, c.channel->turns[turn]);
  if (!thr_channel_taketurn(&c, (thr_turn)turn)) lua_pushnil(L);
  return 1;
}

/* enter([fd]): the calling thread uses it; as a to-be-closed variable the
** channel ends that */
static int channel_enter(lua_State *L) {
  int fd = (int)luaL_optinteger(L, 2, -1);
  if (!thr_uses_note(&check(L)->uses, thr_self(L), fd))
    return thr_blame_error(L, "not enough memory");
  return 0;
}

static int channel_leave(lua_State *L) {
  thr_uses_leave(&check(L)->uses, thr_self(L));
  return 0;
}

/* other() -> the descriptor that another thread uses; -1: it has not read its
** number yet; nil: there is none.  (A finaliser may run, and ask, in a thread
** that is noted itself.) */
static int channel_other(lua_State *L) {
  const thr_use *use = thr_uses_other(&check(L)->uses, thr_self(L));
  if (use) lua_pushinteger(L, use->fd);
  return use ? 1 : 0;
}

/* dirty() -> has it something that was received? */
static int channel_dirty(lua_State *L) {
  lua_pushboolean(L, thr_inbox_seen(&check(L)->inbox) > 0);
  return 1;
}

/* getstats() -> how much was received, and sent */
static int channel_getstats(lua_State *L) {
  const thr_channel *ch = check(L);
  const thr_inbox *in = &ch->inbox;
  size_t received = in->fresh, ahead = received > 0 ? 0 : in->ahead;
  lua_pushinteger(L, ch->received + (lua_Integer)(received - ahead));
  lua_pushinteger(L, ch->sent + (lua_Integer)ch->fresh_sent);
  return 2;
}

/* setstats("received" | "sent"): it counts from 0 on */
static int channel_setstats(lua_State *L) {
  thr_channel *ch = check(L);
  bool received = *luaL_checkstring(L, 2) == 'r';
  if (received) ch->received = (lua_Integer)ch->inbox.ahead;
  else ch->sent = 0;
  return 0;
}

/* setlongest(bytes), longest(): of a line; 0: as long as it gets */
static int channel_setlongest(lua_State *L) {
  thr_channel *ch = check(L);
  ch->longest = luaL_optinteger(L, 2, 0);
  return 0;
}

static int channel_longest(lua_State *L) {
  lua_pushinteger(L, check(L)->longest);
  return 1;
}

/* add(text): it was received by others */
static int channel_add(lua_State *L) {
  thr_channel *ch = check(L);
  size_t n;
  const char *text = luaL_checklstring(L, 2, &n);
  if (!thr_inbox_add(&ch->inbox, text, n))
    return thr_blame_error(L, "not enough memory");
  ch->inbox.ahead = thr_inbox_size(&ch->inbox);
  return 0;
}

/* forget(): the connection is another one now, unless a thread receives */
static int channel_forget(lua_State *L) {
  thr_channel *ch = check(L);
  if (!thr_lock_try(ch->turns[THR_RECEIVING], thr_self(L))) return 0;
  thr_inbox_drop(&ch->inbox, thr_inbox_size(&ch->inbox));
  thr_lock_release(ch->turns[THR_RECEIVING]);
  return 0;
}

void thr_channel_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"add", channel_add},
      {"dirty", channel_dirty},
      {"enter", channel_enter},
      {"follow", channel_follow},
      {"forget", channel_forget},
      {"getstats", channel_getstats},
      {"gettimeout", channel_gettimeout},
      {"is_closing", channel_isclosing},
      {"leave", channel_leave},
      {"longest", channel_longest},
      {"now", channel_now},
      {"other", channel_other},
      {"retire", channel_retire},
      {"retired", channel_retired},
      {"setlongest", channel_setlongest},
      {"setstats", channel_setstats},
      {"settimeout", channel_settimeout},
      {"turn", channel_turn},
      {"waits_never", channel_waitsnever},
      {"__close", channel_leave},
      {NULL, NULL}};
  thr_box_newtype(L, &kind, methods);
  lua_pop(L, 1);
}
