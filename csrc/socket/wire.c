/* wire: see wire.h. */
#include "socket/wire.h"

#include <errno.h>
#include <lauxlib.h>
#include <string.h>

#include "bind/blame.h"
#include "bind/pending.h"
#include "socket/phrase.h"

/* At most so much is asked for at once; of an object, while no other thread can
** run.  And of an object, for most lines. */
#define STEP ((size_t)1 << 18)
#define LINE_STEP ((size_t)1 << 13)

#define NO_ERROR (-1)

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* --- which of both --- */

/* Is the metatable on top of the stack that of a connection of LuaSocket's?
** Raises where it is of a socket of its that is not connected. */
static bool is_client(const thr_call *c) {
  lua_State *L = c->L;
  lua_pushliteral(L, "__name");
  lua_rawget(L, -2);
  const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
  size_t n = strcspn(name, "{");
  bool known = (n == 3 && strncmp(name, "tcp", n) == 0) ||
               (n == 10 && strncmp(name, "unixstream", n) == 0);
  bool client = known && strcmp(name + n, "{client}") == 0;
  if (known && !client) {
    lua_pushlstring(L, name, n);
    lua_pushfstring(L, "%s{client} expected", lua_tostring(L, -1));
    thr_channel_refuse(c, "self", lua_tostring(L, -1));
  }
  lua_pop(L, 1);
  return client;
}

void thr_wire_choose(thr_wire *w) {
  lua_State *L = w->call.L;
  thr_channel *ch = w->call.channel;
  w->moved = w->ended = false;
  lua_getfield(L, 1, "_object");
  if (lua_isuserdata(L, -1) && lua_getmetatable(L, -1)) {
    const void *meta = lua_topointer(L, -1);
    w->call.plain = meta == ch->client || is_client(&w->call);
    if (w->call.plain) ch->client = meta;
    w->ended = w->call.plain && ch->fd < 0;
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

/* --- by the descriptor --- */

typedef struct {
  thr_channel *channel;
  size_t wanted;    /* to receive */
  bool line;        /* its end is enough, too */
  const char *text; /* to send */
  size_t n, moved;
  bool stepwise; /* each wait has a time of its own, or there is none: what can
                    be had at once is had by attempts of their own */
  int error;     /* errno, 0 at the end, or NO_ERROR */
} transfer;

static transfer new_transfer(const thr_call *c) {
  thr_channel *ch = c->channel;
  return (transfer){.channel = ch,
                    .stepwise = thr_channel_waitsnever(ch) ||
                                (ch->block > 0 && ch->total > 0),
                    .error = NO_ERROR};
}

/* Has the attempt failed?  Then notes why, unless it would have to wait. */
static bool has_failed(transfer *t, ptrdiff_t result) {
  if (result > 0 || result == -EAGAIN) return false;
  t->error = (int)-result;
  return true;
}

/* thr_action: receives what is there. */
static bool receive_now(void *arg, int fd) {
  transfer *t = arg;
  thr_inbox *in = &t->channel->inbox;
  size_t room;
  char *to = thr_inbox_space(in, &room);
  ptrdiff_t n = thr_os_receive(fd, to, room);
  if (n <= 0) return has_failed(t, n);
  t->moved += (size_t)n;
  in->fresh += (size_t)n;
  if ((size_t)n == room || t->stepwise) return true;
  return thr_inbox_seen(in) >= t->wanted ||
         (t->line && memchr(to, '\n', (size_t)n));
}

/* thr_action: sends what is taken. */
static bool send_now(void *arg, int fd) {
  transfer *t = arg;
  size_t most = least(t->n, t->moved + THR_MAX_AT_ONCE);
  while (t->moved < most) {
    ptrdiff_t n = thr_os_send(fd, t->text + t->moved, most - t->moved);
    if (n <= 0) return has_failed(t, n) || (t->stepwise && t->moved > 0);
    t->moved += (size_t)n;
    t->channel->fresh_sent += (size_t)n;
  }
  return true;
}

/* Does it, with as many waits as it takes. */
static bool perform(thr_wire *w, transfer *t, thr_turn turn) {
  bool receives = turn == THR_RECEIVING;
  const char *why =
      thr_await(&w->call, receives ? THR_IN : THR_OUT,
                receives ? receive_now : send_now, t);
  thr_channel_settle(w->call.channel, turn);
  w->moved = t->moved > 0;
  if (t->error == 0) w->ended = true;
  if (t->error != NO_ERROR) why = thr_phrase(t->error);
  if (why) lua_pushstring(w->call.L, why);
  return !why;
}

static void reserve(const thr_call *c, size_t n) {
  if (!thr_inbox_reserve(&c->channel->inbox, n))
    thr_blame_error(c->L, "not enough memory");
}

static bool receive_plain(thr_wire *w, size_t wanted) {
  transfer t = new_transfer(&w->call);
  size_t has = thr_inbox_size(&t.channel->inbox);
  t.wanted = wanted;
  t.line = w->line;
  reserve(&w->call, w->line || wanted <= has ? 1 : least(wanted - has, STEP));
  return perform(w, &t, THR_RECEIVING);
}

static bool send_plain(thr_wire *w, const char *text, size_t n, size_t *sent) {
  transfer t = new_transfer(&w->call);
  t.text = text;
  t.n = n;
  bool ok = perform(w, &t, THR_SENDING);
  *sent += t.moved;
  return ok;
}

/* --- by the object's own methods --- */

/* Pushes the object's method, and the object. */
static void push_method(lua_State *L, const char *name) {
  lua_getfield(L, 1, "_object");
  lua_getfield(L, -1, name);
  lua_insert(L, -2);
}

/* For what does a method wait that returned this?  0: for nothing. */
static unsigned awaited(lua_State *L, int error, unsigned mode) {
  if (lua_type(L, error) != LUA_TSTRING) return 0;
  const char *word = lua_tostring(L, error);
  if (strcmp(word, "timeout") == 0) return mode;
  if (strcmp(word, "wantread") == 0) return THR_IN;
  return strcmp(word, "wantwrite") == 0 ? THR_OUT : 0;
}

/* Waits for what it asks for.  False, with a message on the stack, the object's
** own if the time is up. */
static bool await_object(thr_wire *w, int error, unsigned mode) {
  lua_State *L = w->call.L;
  unsigned wanted = awaited(L, error, mode);
  lua_pushvalue(L, error);
  if (!wanted) return false;
  const char *why = thr_await(&w->call, wanted, NULL, NULL);
  if (why && strcmp(why, "timeout") != 0) lua_pushstring(L, why);
  return !why;
}

static void keep(const thr_call *c, int arg) {
  size_t n;
  const char *text = lua_tolstring(c->L, arg, &n);
  if (text && !thr_inbox_add(&c->channel->inbox, text, n))
    thr_blame_error(c->L, "not enough memory");
}

/* An error that came with the end of a line is the next call's. */
static bool take_error(lua_State *L) {
  if (lua_getfield(L, 1, "_error") == LUA_TNIL) return false;
  lua_pushnil(L);
  lua_setfield(L, 1, "_error");
  return true;
}

static void note_end(thr_wire *w, int error) {
  const char *word = lua_tostring(w->call.L, error);
  if (word && strcmp(word, "closed") == 0) w->ended = true;
}

static bool receive_object(thr_wire *w, size_t wanted) {
  lua_State *L = w->call.L;
  thr_inbox *in = &w->call.channel->inbox;
  int top = lua_gettop(L);
  if (take_error(L)) {
    note_end(w, -1);
    return false;
  }
  push_method(L, "receive");
  size_t most = least(wanted - thr_inbox_size(in), STEP);
  if (w->line) most = w->moved ? STEP : LINE_STEP;
  lua_pushinteger(L, (lua_Integer)most);
  lua_call(L, 2, 3);
  int data = lua_gettop(L) - 2;
  keep(&w->call, lua_toboolean(L, data) ? data : data + 2);
  w->moved = lua_isnil(L, data + 1);
  bool ok = w->moved || (w->line && thr_inbox_line(in) > 0);
  if (ok && !w->moved && !awaited(L, data + 1, THR_IN)) {
    lua_pushvalue(L, data + 1);
    lua_setfield(L, 1, "_error");
  }
  if (!ok && !await_object(w, data + 1, THR_IN)) {
    note_end(w, data + 1);
    return false;
  }
  lua_settop(L, top);
  return true;
}

/* From the byte after `from` on; *sent of them are sent. */
static bool send_object(thr_wire *w, size_t from, size_t n, size_t *sent) {
  lua_State *L = w->call.L;
  int top = lua_gettop(L);
  lua_Integer first = (lua_Integer)(from + *sent) + 1;
  push_method(L, "send");
  lua_pushvalue(L, 2);
  lua_pushinteger(L, first);
  lua_pushinteger(L, first + (lua_Integer)least(n - *sent, STEP) - 1);
  lua_call(L, 4, 3);
  int last = lua_gettop(L) - 2;
  w->moved = lua_toboolean(L, last);
  *sent = (size_t)lua_tonumber(L, w->moved ? last : last + 2) - from;
  if (!w->moved && !await_object(w, last + 1, THR_OUT)) return false;
  lua_settop(L, top);
  return true;
}

/* --- steps --- */

/* While data flow, nothing else would meet what is asked of the thread, or a
** timeout.  False, with a message on the stack: the call ends. */
static bool goes_on(const thr_wire *w, size_t moved) {
  if (!w->moved) return true;
  thr_pending_check(w->call.L, w->call.ts);
  if (!thr_channel_isover(&w->call, moved)) return true;
  lua_pushliteral(w->call.L, "timeout");
  return false;
}

bool thr_wire_receive(thr_wire *w, size_t wanted) {
  thr_inbox *in = &w->call.channel->inbox;
  in->ahead = 0;
  if (!goes_on(w, thr_inbox_size(in))) return false;
  return w->call.plain ? receive_plain(w, wanted) : receive_object(w, wanted);
}

bool thr_wire_send(thr_wire *w, size_t from, size_t n, size_t *sent) {
  const char *text = n > 0 ? lua_tostring(w->call.L, 2) + from : "";
  bool ok = true;
  while (ok && *sent < n && (ok = goes_on(w, *sent)))
    ok = w->call.plain ? send_plain(w, text + *sent, n - *sent, sent)
                       : send_object(w, from, n, sent);
  return ok;
}
