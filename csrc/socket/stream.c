/* stream: see stream.h. */
#include "socket/stream.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "socket/wire.h"

#define ALL SIZE_MAX

/* --- arguments --- */

/* How many bytes the pattern at 2 asks for, in *n; false: for a line. */
static bool check_pattern(const thr_call *c, size_t *n) {
  lua_State *L = c->L;
  int is_number;
  lua_Number number = lua_tonumberx(L, 2, &is_number);
  if (lua_isnoneornil(L, 2)) return false;
  if (is_number && number >= 0) {
    *n = number < (lua_Number)(ALL / 2) ? (size_t)number
         : number < HUGE_VAL            ? ALL - 1
                                        : ALL;
    return true;
  }
  const char *word = !is_number && lua_isstring(L, 2) ? lua_tostring(L, 2) : "";
  *n = ALL;
  if (strncmp(word, "*l", 2) != 0 && strncmp(word, "*a", 2) != 0)
    thr_channel_refuse(c, "pattern", "invalid receive pattern");
  return word[1] == 'a';
}

/* --- receive --- */

typedef struct {
  thr_wire wire; /* first: thr_await_run hands it on */
  size_t wanted; /* without the prefix, as the rest */
  bool limited;      /* for lines */
  lua_Integer limit; /* with a long prefix less than 0 */
} reception;

/* LuaSocket's lines are without any "\r". */
static void push_line(lua_State *L, const char *text, size_t n) {
  const char *at = memchr(text, '\r', n);
  luaL_Buffer b;
  if (!at || at == text + n - 1) {
    lua_pushlstring(L, text, at ? n - 1 : n);
    return;
  }
  luaL_buffinit(L, &b);
  for (; at; at = memchr(text, '\r', n)) {
    luaL_addlstring(&b, text, (size_t)(at - text));
    n -= (size_t)(at - text) + 1;
    text = at + 1;
  }
  luaL_addlstring(&b, text, n);
  luaL_pushresult(&b);
}

/* Pushes n bytes, without those at their end that are not `kept`; behind the
** prefix at 3, if there is one. */
static void push_taken(const reception *r, size_t n, size_t kept) {
  lua_State *L = r->wire.call.L;
  thr_inbox *in = &r->wire.call.channel->inbox;
  if (lua_rawlen(L, 3) > 0) lua_pushvalue(L, 3);
  int before = lua_gettop(L);
  if (r->wire.line) push_line(L, thr_inbox_text(in), kept);
  else lua_pushlstring(L, thr_inbox_text(in), kept);
  if (lua_rawlen(L, 3) > 0) lua_concat(L, lua_gettop(L) - before + 1);
  thr_inbox_drop(in, n);
}

/* With a message on the stack.  What has come so far goes with it. */
static int end_without(const reception *r, size_t n) {
  lua_State *L = r->wire.call.L;
  lua_pushnil(L);
  lua_insert(L, -2);
  push_taken(r, n, n);
  return 3;
}

/* Pushes what was wanted. */
static int end_with(const reception *r, size_t n, size_t kept) {
  lua_State *L = r->wire.call.L;
  push_taken(r, n, kept);
  lua_pushnil(L);
  lua_pushnil(L);
  return 3;
}

/* Is a line of so many bytes, to which more may come, too long?  One more may
** be the "\r" of its end. */
static bool is_too_long(const reception *r, size_t n) {
  if (!r->limited) return false;
  lua_Integer over = (lua_Integer)n - r->limit;
  const char *text = thr_inbox_text(&r->wire.call.channel->inbox);
  return over > 1 || (over == 1 && (n == 0 || text[n - 1] != '\r'));
}

static size_t enough_to_refuse(const reception *r) {
  if (!r->limited) return SIZE_MAX;
  return r->limit > 0 ? (size_t)r->limit + 2 : 2;
}

static int receive_line(reception *r) {
  thr_inbox *in = &r->wire.call.channel->inbox;
  for (;;) {
    size_t n = thr_inbox_line(in);
    if (is_too_long(r, n > 0 ? n - 1 : thr_inbox_size(in))) {
      lua_pushliteral(r->wire.call.L, "line too long");
      return end_without(r, r->limit > 0 ? (size_t)r->limit : 0);
    }
    if (n > 0) return end_with(r, n, n - 1);
    if (!thr_wire_receive(&r->wire, enough_to_refuse(r)))
      return end_without(r, thr_inbox_size(in));
  }
}

/* Everything that came until the peer has closed is all. */
static bool is_all(const reception *r) {
  return r->wanted == ALL && r->wire.ended &&
         thr_inbox_size(&r->wire.call.channel->inbox) > 0;
}

static int receive_bytes(reception *r) {
  thr_inbox *in = &r->wire.call.channel->inbox;
  bool lacks = thr_inbox_size(in) < r->wanted || thr_inbox_size(in) == 0;
  while (lacks) {
    bool ok = thr_wire_receive(&r->wire, r->wanted);
    lacks = thr_inbox_size(in) < r->wanted;
    if (!ok && is_all(r)) break;
    if (!ok) return end_without(r, thr_inbox_size(in));
  }
  size_t n = thr_inbox_size(in) < r->wanted ? thr_inbox_size(in) : r->wanted;
  return end_with(r, n, n);
}

static int receive(lua_State *L) {
  reception *r = lua_touserdata(L, -1);
  return r->wire.line ? receive_line(r) : receive_bytes(r);
}

/* It is all that was wanted. */
static int push_prefix(lua_State *L) {
  lua_pushvalue(L, 3);
  lua_pushnil(L);
  lua_pushnil(L);
  return 3;
}

int thr_stream_receive(lua_State *L) {
  reception r = {.limited = false};
  thr_call *c = &r.wire.call;
  size_t given;
  lua_settop(L, 3);
  thr_channel_beginof(L, c, true, "receive");
  r.wire.line = !check_pattern(c, &r.wanted);
  if (lua_isnil(L, 3)) {
    lua_pushliteral(L, "");
    lua_replace(L, 3);
  }
  thr_channel_checktext(c, 3, "prefix", &given);
  thr_wire_choose(&r.wire);
  if (!r.wire.line && given > 0 && r.wanted <= given) return push_prefix(L);
  if (!r.wire.line && r.wanted != ALL) r.wanted -= given;
  r.limited = c->channel->longest > 0;
  r.limit = c->channel->longest - (lua_Integer)given;
  c->began = thr_channel_now(c->channel);
  if (thr_channel_taketurn(c, THR_RECEIVING))
    return thr_await_run(c, THR_RECEIVING, receive);
  lua_pushnil(L);
  lua_pushliteral(L, "timeout");
  lua_pushvalue(L, 3);
  return 3;
}

/* --- send --- */

typedef struct {
  thr_wire wire; /* first: thr_await_run hands it on */
  size_t from, n; /* so many bytes, after the first `from` */
} sending;

/* Where a send begins and ends, counted from 1. */
static void check_range(sending *s, size_t size) {
  const thr_call *c = &s->wire.call;
  lua_Integer n = (lua_Integer)size;
  lua_Integer i = thr_channel_optinteger(c, 3, "i", 1);
  lua_Integer j = thr_channel_optinteger(c, 4, "j", -1);
  if (i < 0) i = i < -n ? 1 : n + i + 1;
  if (i < 1) i = 1;
  if (j < 0) j = j < -n ? 0 : n + j + 1;
  if (j > n) j = n;
  s->from = (size_t)i - 1;
  s->n = j < i ? 0 : (size_t)(j - i) + 1;
}

static int send_range(lua_State *L) {
  sending *s = lua_touserdata(L, -1);
  size_t sent = 0;
  bool ok = thr_wire_send(&s->wire, s->from, s->n, &sent);
  if (!ok) lua_pushnil(L);
  if (!ok) lua_insert(L, -2);
  lua_pushnumber(L, (lua_Number)(s->from + sent));
  if (ok) lua_pushnil(L);
  if (ok) lua_pushnil(L);
  return 3;
}

int thr_stream_send(lua_State *L) {
  sending s;
  thr_call *c = &s.wire.call;
  size_t size;
  lua_settop(L, 4);
  thr_channel_beginof(L, c, true, "send");
  thr_channel_checktext(c, 2, "data", &size);
  check_range(&s, size);
  thr_wire_choose(&s.wire);
  c->began = thr_channel_now(c->channel);
  if (thr_channel_taketurn(c, THR_SENDING))
    return thr_await_run(c, THR_SENDING, send_range);
  lua_pushnil(L);
  lua_pushliteral(L, "timeout");
  lua_pushnumber(L, (lua_Number)s.from);
  return 3;
}
