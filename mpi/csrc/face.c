/* face: see face.h. */
#include "face.h"

#include <lauxlib.h>
#include <stdlib.h>

#include "await.h"
#include "fetch.h"
#include "send.h"

#define COMM "threading.mpi.ranks"
#define PARCEL "threading.mpi.parcel"

/* --- comms --- */

void thm_face_pushcomm(lua_State *L, thm_comm *c) {
  thm_comm **box = lua_newuserdatauv(L, sizeof(*box), 0);
  *box = c;
  luaL_setmetatable(L, COMM);
}

thm_comm *thm_face_checkcomm(lua_State *L, int arg) {
  return *(thm_comm **)luaL_checkudata(L, arg, COMM);
}

int thm_face_rank(lua_State *L) {
  const thm_comm *c = thm_face_checkcomm(L, 1);
  lua_pushinteger(L, c->rank);
  lua_pushinteger(L, c->size);
  return 2;
}

static int check_rank(lua_State *L, int arg, const thm_comm *c) {
  lua_Integer rank = luaL_checkinteger(L, arg);
  luaL_argcheck(L, rank >= 0 && rank < c->size, arg, "no such rank");
  return (int)rank;
}

/* --- sending --- */

int thm_face_send(lua_State *L) {
  thm_comm *c = thm_face_checkcomm(L, 1);
  int to = check_rank(L, 2, c), tag = (int)luaL_checkinteger(L, 3);
  size_t size;
  const char *bytes = luaL_checklstring(L, 4, &size);
  thm_job *j = thm_send_value(c, to, tag, bytes, size);
  thm_await_push(L, j);
  if (thm_send_islong(size)) return thm_await_answer(L, j);
  thm_await_nobody(L, j);
  lua_pushboolean(L, true);
  return 1;
}

static size_t width_of(int type) {
  switch (type) {
    case THREADING_INT8: case THREADING_UINT8: return 1;
    case THREADING_INT16: case THREADING_UINT16: return 2;
    case THREADING_INT64: case THREADING_UINT64: case THREADING_FLOAT64:
      return 8;
    default: return 4;
  }
}

int thm_face_array(lua_State *L) {
  threading_array a;
  if (!thm_await_api(L)->toarray(L, 1, &a)) return 0;
  lua_pushinteger(L, a.type);
  lua_pushinteger(L, (lua_Integer)a.length);
  return 2;
}

int thm_face_sendarray(lua_State *L) {
  thm_comm *c = thm_face_checkcomm(L, 1);
  int to = check_rank(L, 2, c), tag = (int)luaL_checkinteger(L, 3);
  const threading_api *api = thm_await_api(L);
  threading_array a;
  luaL_argcheck(L, api->toarray(L, 4, &a), 4, "Array expected");
  thm_job *j = thm_send_array(c, to, tag, &a, a.length * width_of(a.type), api,
                              api->retain(L, 4));
  thm_await_push(L, j);
  return thm_await_answer(L, j);
}

/* --- receiving --- */

/* A parcel whose body has not come with it, until it is fetched, or refused. */
typedef struct {
  thm_comm *comm;
  thm_parcel *parcel; /* NULL: it is over */
} parcel;

static parcel *check_parcel(lua_State *L, int arg) {
  parcel *p = luaL_checkudata(L, arg, PARCEL);
  luaL_argcheck(L, p->parcel, arg, "it is over");
  return p;
}

static bool is_here(const thm_parcel *p) {
  return p->head.kind == THM_VALUE && !thm_send_islong(p->head.size);
}

/* The box is there before, so that a parcel always has an owner. */
static int push_parcel(lua_State *L, parcel *box, thm_comm *c, thm_parcel *p) {
  int source = p->source, tag = p->head.tag;
  box->comm = c;
  box->parcel = p;
  if (is_here(p)) {
    lua_pushlstring(L, (const char *)p->body, p->head.size);
    box->parcel = NULL;
    free(p);
  } else {
    lua_pushvalue(L, -1);
  }
  lua_pushinteger(L, source);
  lua_pushinteger(L, tag);
  return 3;
}

static parcel *push_box(lua_State *L) {
  parcel *box = lua_newuserdatauv(L, sizeof(*box), 0);
  *box = (parcel){NULL, NULL};
  luaL_setmetatable(L, PARCEL);
  return box;
}

static int await_parcel(lua_State *L, thm_comm *c, thm_receiver *r,
                        double seconds) {
  parcel *box = push_box(L);
  thm_parcel *p = thm_await_parcel(L, r, seconds);
  if (p) return push_parcel(L, box, c, p);
  lua_pushnil(L);
  lua_pushstring(L, r->stopped ? "stopped" : "timeout");
  return 2;
}

int thm_face_receive(lua_State *L) {
  thm_comm *c = thm_face_checkcomm(L, 1);
  int source = (int)luaL_checkinteger(L, 2);
  int tag = (int)luaL_optinteger(L, 3, THM_ANYTAG);
  double seconds = luaL_optnumber(L, 4, -1);
  thm_receiver *r = thm_await_receiver(L, c, source, tag);
  thm_await_begin(r);
  return await_parcel(L, c, r, seconds);
}

/* What is asked of a rank that does not answer is counted to the end: what it
** does is not waited for then. */
int thm_face_call(lua_State *L) {
  thm_comm *c = thm_face_checkcomm(L, 1);
  int to = check_rank(L, 2, c), tag = (int)luaL_checkinteger(L, 3);
  size_t size;
  const char *bytes = luaL_checklstring(L, 4, &size);
  thm_receiver *r =
      thm_await_receiver(L, c, to, (int)luaL_checkinteger(L, 5));
  thm_job *j = thm_send_value(c, to, tag, bytes, size);
  thm_await_push(L, j);
  atomic_fetch_add_explicit(&c->calls[to], 1, memory_order_relaxed);
  thm_await_begin(r);
  if (!thm_send_islong(size)) thm_await_nobody(L, j);
  else if (!thm_await_job(L, j)) return 2;
  int n = await_parcel(L, c, r, -1);
  if (n == 3) atomic_fetch_sub_explicit(&c->calls[to], 1, memory_order_relaxed);
  return n;
}

/* --- parcels --- */

int thm_face_describe(lua_State *L) {
  const thm_head *h = &check_parcel(L, 1)->parcel->head;
  lua_pushinteger(L, (lua_Integer)h->size);
  if (h->kind != THM_ARRAY) return 1;
  lua_pushinteger(L, h->type);
  lua_pushinteger(L, (lua_Integer)h->length);
  return 3;
}

static void end_parcel(parcel *p) {
  free(p->parcel);
  p->parcel = NULL;
}

/* Type and length are compared before; that the memory is large enough, here
** again. */
static thm_job *fetch_into(lua_State *L, parcel *p, int arg) {
  const threading_api *api = thm_await_api(L);
  threading_array a;
  luaL_argcheck(L, api->toarray(L, arg, &a), arg, "Array expected");
  luaL_argcheck(L, a.length * width_of(a.type) == p->parcel->head.size, arg,
                "an Array of another size");
  void *into = a.length > 0 ? a.data : &p->comm;
  return thm_fetch(p->comm, p->parcel, into, api, api->retain(L, arg));
}

int thm_face_fetch(lua_State *L) {
  if (lua_type(L, 1) == LUA_TSTRING) { /* they came with their head */
    lua_settop(L, 1);
    return 1;
  }
  parcel *p = check_parcel(L, 1);
  bool into = !lua_isnoneornil(L, 2);
  size_t size = p->parcel->head.size;
  thm_job *j = into ? fetch_into(L, p, 2)
                    : thm_fetch(p->comm, p->parcel, NULL, NULL, NULL);
  thm_await_push(L, j);
  end_parcel(p);
  if (into) return thm_await_answer(L, j);
  if (!thm_await_job(L, j)) return 2;
  lua_pushlstring(L, thm_fetch_bytes(j), size);
  return 1;
}

static thm_job *refusal(const parcel *p, const char *why) {
  return thm_send_word(p->comm, p->parcel->source, THM_REFUSE,
                       p->parcel->head.number, why);
}

int thm_face_refuse(lua_State *L) {
  parcel *p = check_parcel(L, 1);
  const char *why = luaL_checkstring(L, 2);
  thm_job *j = refusal(p, why);
  thm_await_push(L, j);
  end_parcel(p);
  thm_await_nobody(L, j);
  return 0;
}

/* Whoever has sent it waits. */
static int parcel_gc(lua_State *L) {
  parcel *p = luaL_checkudata(L, 1, PARCEL);
  if (!p->parcel) return 0;
  thm_job *j = refusal(p, "the receiver was ended while it received");
  end_parcel(p);
  if (j) thm_engine_submit(j);
  thm_job_drop(j);
  return 0;
}

void thm_face_open(lua_State *L) {
  thm_await_class(L, COMM, NULL);
  thm_await_class(L, PARCEL, parcel_gc);
}
