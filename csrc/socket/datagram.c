/* datagram: see datagram.h. */
#include "socket/datagram.h"

#include <errno.h>
#include <lauxlib.h>
#include <string.h>

#include "socket/await.h"
#include "socket/phrase.h"

/* LuaSocket's size, where none is given. */
#define SIZE 8192

typedef struct {
  thr_call call; /* first: thr_await_run hands it on */
  char *bytes;
  size_t n;
  bool from; /* who has sent it is wanted */
  thr_sender sender;
  ptrdiff_t result; /* how many bytes, or minus errno */
} datagram;

/* thr_action */
static bool receive_now(void *arg, int fd) {
  datagram *d = arg;
  d->result = d->from ? thr_os_receivefrom(fd, d->bytes, d->n, &d->sender)
                      : thr_os_receive(fd, d->bytes, d->n);
  return d->result != -EAGAIN;
}

/* thr_action */
static bool send_now(void *arg, int fd) {
  datagram *d = arg;
  d->result = thr_os_send(fd, d->bytes, d->n);
  return d->result != -EAGAIN;
}

/* Does it; false, with nil and a message on the stack: it could not. */
static bool perform(datagram *d, unsigned wanted, thr_action action) {
  lua_State *L = d->call.L;
  const char *why = thr_await(&d->call, wanted, action, d);
  if (!why && d->result < 0) why = thr_phrase((int)-d->result);
  if (!why) return true;
  lua_pushnil(L);
  lua_pushstring(L, why);
  return false;
}

/* LuaSocket's objects are of a class: does a socket with a peer, or one
** without, have the method? */
static void check_class(const thr_call *c, const char *expected) {
  lua_State *L = c->L;
  lua_getfield(L, 1, "_object");
  if (luaL_getmetafield(L, -1, "__name") != LUA_TSTRING ||
      strcmp(lua_tostring(L, -1), expected) != 0) {
    lua_pushfstring(L, "%s expected", expected);
    thr_channel_refuse(c, "self", lua_tostring(L, -1));
  }
  lua_pop(L, 2);
}

static void begin(lua_State *L, datagram *d, const char *name) {
  memset(d, 0, sizeof(*d));
  lua_settop(L, 2);
  thr_channel_beginof(L, &d->call, false, name);
  d->call.plain = true;
  d->call.began = thr_channel_now(d->call.channel);
}

/* --- receive --- */

static size_t check_size(const thr_call *c) {
  lua_Integer n = thr_channel_optinteger(c, 2, "size", SIZE);
  if (n < 0) thr_channel_expect(c, 2, "size", "integer of at least 0");
  return (size_t)n;
}

static int receive(lua_State *L) {
  datagram *d = lua_touserdata(L, -1);
  char room[SIZE];
  d->bytes = d->n <= SIZE ? room : lua_newuserdatauv(L, d->n, 0);
  if (!perform(d, THR_IN, receive_now)) return 2;
  lua_pushlstring(L, d->bytes, (size_t)d->result);
  if (!d->from) return 1;
  if (d->sender.error) {
    lua_pushnil(L);
    lua_pushstring(L, d->sender.error);
    return 2;
  }
  lua_pushstring(L, d->sender.host);
  lua_pushinteger(L, d->sender.port);
  return 3;
}

int thr_datagram_receive(lua_State *L) {
  datagram d;
  begin(L, &d, "receive");
  d.n = check_size(&d.call);
  return thr_await_call(&d.call, receive);
}

int thr_datagram_receivefrom(lua_State *L) {
  datagram d;
  begin(L, &d, "receivefrom");
  d.n = check_size(&d.call);
  d.from = true;
  check_class(&d.call, "udp{unconnected}");
  return thr_await_call(&d.call, receive);
}

/* --- send --- */

static int send_peer(lua_State *L) {
  datagram *d = lua_touserdata(L, -1);
  if (d->call.channel->fd < 0) { /* LuaSocket's word, where none waits */
    lua_pushnil(L);
    lua_pushliteral(L, "refused");
    return 2;
  }
  if (!perform(d, THR_OUT, send_now)) return 2;
  lua_pushnumber(L, (lua_Number)d->result);
  return 1;
}

int thr_datagram_send(lua_State *L) {
  datagram d;
  begin(L, &d, "send");
  d.bytes = (char *)thr_channel_checktext(&d.call, 2, "datagram", &d.n);
  check_class(&d.call, "udp{connected}");
  return thr_await_call(&d.call, send_peer);
}
