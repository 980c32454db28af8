/* together: see together.h. */
#define _POSIX_C_SOURCE 200809L

#include "together.h"

#include <lauxlib.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "await.h"
#include "collect.h"
#include "ending.h"
#include "face.h"
#include "join.h"

/* --- joining --- */

static void need_engine(lua_State *L) {
  char error[THM_TEXT];
  thm_ending_install();
  if (!thm_engine_start(error)) luaL_error(L, "%s", error);
}

/* Open MPI would not start more than there are processors. */
int thm_together_alone(lua_State *L) {
  (void)L;
  setenv("OMPI_MCA_rmaps_base_oversubscribe", "1", 0);
  return 0;
}

static void read_hello(lua_State *L, char hello[THM_HELLO]) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  luaL_argcheck(L, n < THM_HELLO, 1, "too long");
  memset(hello, 0, THM_HELLO);
  memcpy(hello, text, n);
}

static int await_join(lua_State *L, thm_job *j) {
  thm_await_push(L, j);
  if (!thm_await_job(L, j)) return 2;
  thm_comm *c = thm_join_comm(j);
  thm_face_pushcomm(L, c);
  lua_createtable(L, c->size, 0);
  for (int i = 0; i < c->size; i++) {
    lua_pushlstring(L, thm_join_hello(j, i), THM_HELLO);
    lua_rawseti(L, -2, i + 1);
  }
  return 2;
}

int thm_together_join(lua_State *L) {
  char hello[THM_HELLO];
  read_hello(L, hello);
  need_engine(L);
  return await_join(L, thm_join(hello));
}

int thm_together_world(lua_State *L) {
  thm_comm *c = thm_join_world();
  if (!c) return 0;
  thm_face_pushcomm(L, c);
  return 1;
}

#define MAX_ARGUMENTS 16

int thm_together_spawn(lua_State *L) {
  char hello[THM_HELLO];
  const char *argv[MAX_ARGUMENTS + 1] = {NULL};
  int n = (int)luaL_checkinteger(L, 2);
  const char *program = luaL_checkstring(L, 3);
  read_hello(L, hello);
  for (int i = 0; i < MAX_ARGUMENTS && i + 4 <= lua_gettop(L); i++)
    argv[i] = luaL_checkstring(L, i + 4);
  need_engine(L);
  return await_join(L, thm_join_spawned(hello, program, argv, n));
}

/* --- roles, and the end --- */

static int set_role(lua_State *L, bool *role) {
  bool has = lua_toboolean(L, 2);
  thm_engine_lock();
  *role = has;
  thm_engine_unlock();
  return 0;
}

int thm_together_serve(lua_State *L) {
  return set_role(L, &thm_face_checkcomm(L, 1)->serves);
}

int thm_together_lead(lua_State *L) {
  return set_role(L, &thm_face_checkcomm(L, 1)->leads);
}

int thm_together_part(lua_State *L) {
  thm_job *j = thm_ending_part(thm_face_checkcomm(L, 1));
  thm_await_push(L, j);
  return thm_await_answer(L, j);
}

/* --- collecting --- */

static void *take_array(lua_State *L, int arg, thm_collecting *c, int i,
                        int *type) {
  threading_array a;
  if (lua_isnoneornil(L, arg)) return NULL;
  luaL_argcheck(L, c->api->toarray(L, arg, &a), arg, "Array expected");
  c->held[i] = c->api->retain(L, arg);
  *type = a.type;
  return a.data;
}

int thm_together_collect(lua_State *L) {
  thm_collecting c = {.comm = thm_face_checkcomm(L, 1)};
  lua_Integer count = luaL_checkinteger(L, 5);
  c.kind = (thm_collectkind)luaL_checkinteger(L, 2);
  c.root = (int)luaL_checkinteger(L, 3);
  c.operation = (thm_operation)luaL_checkinteger(L, 4);
  luaL_argcheck(L, count >= 0 && count <= INT_MAX, 5,
                "more elements than MPI can count");
  c.count = (int)count;
  c.api = thm_await_api(L);
  c.in = take_array(L, 6, &c, 0, &c.type);
  c.out = take_array(L, 7, &c, 1, &c.type);
  thm_job *j = thm_collect(&c);
  thm_await_push(L, j);
  return thm_await_answer(L, j);
}
