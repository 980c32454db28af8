/* descriptors: pipes and sockets, bare, for the specs of threading.io. */
#define _GNU_SOURCE 1

#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static int fd_at(lua_State *L, int arg) {
  return (int)luaL_checkinteger(L, arg);
}

static int push_two(lua_State *L, int r, const int fd[2]) {
  if (r != 0) return luaL_error(L, "%s", strerror(errno));
  lua_pushinteger(L, fd[0]);
  lua_pushinteger(L, fd[1]);
  return 2;
}

/* pipe() -> its end for reading, its end for writing */
static int descriptors_pipe(lua_State *L) {
  int fd[2];
  return push_two(L, pipe(fd), fd);
}

/* pair() -> two sockets, connected to each other */
static int descriptors_pair(lua_State *L) {
  int fd[2];
  return push_two(L, socketpair(AF_UNIX, SOCK_STREAM, 0, fd), fd);
}

static int descriptors_close(lua_State *L) {
  lua_pushboolean(L, close(fd_at(L, 1)) == 0);
  return 1;
}

/* write(fd, string) -> how many bytes */
static int descriptors_write(lua_State *L) {
  size_t n;
  const char *s = luaL_checklstring(L, 2, &n);
  lua_pushinteger(L, write(fd_at(L, 1), s, n));
  return 1;
}

/* fill(fd): writes until there is no room; the descriptor is a socket */
static int descriptors_fill(lua_State *L) {
  static const char block[4096];
  while (send(fd_at(L, 1), block, sizeof(block), MSG_DONTWAIT) > 0) continue;
  return 0;
}

/* drain(fd): reads all that is there; the descriptor is a socket */
static int descriptors_drain(lua_State *L) {
  char block[4096];
  while (recv(fd_at(L, 1), block, sizeof(block), MSG_DONTWAIT) > 0) continue;
  return 0;
}

static int close_file(lua_State *L) {
  luaL_Stream *p = luaL_checkudata(L, 1, LUA_FILEHANDLE);
  return luaL_fileresult(L, fclose(p->f) == 0, NULL);
}

/* file(fd, mode) -> a file of Lua's */
static int descriptors_file(lua_State *L) {
  luaL_Stream *p = lua_newuserdatauv(L, sizeof(*p), 0);
  p->closef = NULL;
  luaL_setmetatable(L, LUA_FILEHANDLE);
  p->f = fdopen(fd_at(L, 1), luaL_checkstring(L, 2));
  if (!p->f) return luaL_fileresult(L, 0, NULL);
  p->closef = close_file;
  return 1;
}

/* limit(n) -> whether so many descriptors may be open */
static int descriptors_limit(lua_State *L) {
  struct rlimit limit;
  rlim_t n = (rlim_t)luaL_checkinteger(L, 1);
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = n;
  if (limit.rlim_max < n) limit.rlim_max = n; /* for root */
  lua_pushboolean(L, setrlimit(RLIMIT_NOFILE, &limit) == 0);
  return 1;
}

int luaopen_descriptors(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"pipe", descriptors_pipe},   {"pair", descriptors_pair},
      {"close", descriptors_close}, {"write", descriptors_write},
      {"fill", descriptors_fill},   {"drain", descriptors_drain},
      {"file", descriptors_file},   {"limit", descriptors_limit},
      {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
