/* kernel: see kernel.h. */
#include "kernel/kernel.h"

#include <stdbool.h>
#include <string.h>

#include "bind/blame.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "data/array.h"
#include "data/value.h"
#include "gil/ctrlc.h"
#include "gil/gil.h"
#include "os/dl.h"
#include "sync/lock.h"
#include "threading.h"

/* clang-format off */
THR_KERNEL_BOTH(
typedef struct threading_arg {
  union { int64_t i; double d; void *p; };
  size_t length; int64_t needed;
} threading_arg;

typedef struct threading_call {
  struct threading_thread *self;
  const unsigned *pending; unsigned heard;
  int (*look)(struct threading_thread *);
  int (*acquire)(struct threading_thread *, struct threading_lock *);
  int (*release)(struct threading_thread *, struct threading_lock *);
  const threading_arg *args; size_t nargs;
} threading_call;
)
/* clang-format on */

/* Runs the function, its result in args[0]; or returns the number of the
** Array that is shorter than its parameter says, and what it says. */
typedef int (*wrapper)(threading_arg *args, const threading_call *call);

#define MAX_PARAMETERS 32

/* A SIZE is a size_t: an int64 that is not negative, nor too large for it. */
typedef enum { NUMBER, SIZE, BOOLEAN, VOID, ARRAY, VALUE, LOCK } kind;
static const char *const kinds[] = {"number", "size",  "boolean", "void",
                                    "array",  "value", "lock",    NULL};

typedef struct {
  uint8_t kind; /* kind */
  uint8_t elem; /* thr_elem */
} parameter;

/* All const.  Its user value is the signature, for messages. */
typedef struct {
  wrapper call;
  void *handle; /* of the shared object, which stays loaded */
  const threading_api *api;
  uint8_t n;
  parameter result;
  bool references; /* a parameter refers to an object */
  bool asks;       /* the source looks at its threading_call */
  parameter parameters[MAX_PARAMETERS];
} kernel;

typedef struct {
  void *objects[MAX_PARAMETERS]; /* of parameters that refer to one */
  threading_arg args[MAX_PARAMETERS];
} frame;

/* --- what is wrong with a call --- */

static int text_field(lua_State *L, const char *field) {
  lua_getfield(L, -1, field);
  lua_remove(L, -2);
  return 1;
}

static const char *signature_name(lua_State *L) {
  lua_getiuservalue(L, lua_upvalueindex(1), 1);
  text_field(L, "name");
  return lua_tostring(L, -1);
}

static const char *parameter_name(lua_State *L, int i) {
  lua_getiuservalue(L, lua_upvalueindex(1), 1);
  lua_rawgeti(L, -1, i + 1);
  lua_remove(L, -2);
  text_field(L, "name");
  return lua_tostring(L, -1);
}

THR_RARE static int wrong_count(lua_State *L, const kernel *k) {
  int got = lua_gettop(L);
  return thr_blame_error(
      L, "wrong number of arguments to '%s' (%d expected, got %d)",
      signature_name(L), (int)k->n, got);
}

/* Pushes what an object is, in a word or two. */
static void push_got(lua_State *L, int arg) {
  const thr_array *a = thr_array_test(L, arg);
  const thr_value *v = thr_value_test(L, arg);
  if (a) lua_pushfstring(L, "%s Array", thr_elem_name(a->type));
  else if (v) lua_pushfstring(L, "%s Value", thr_elem_name(v->type));
  else if (thr_lock_test(L, arg)) lua_pushliteral(L, "Lock");
  else if (luaL_getmetafield(L, arg, "__name") == LUA_TSTRING) return;
  else lua_pushstring(L, luaL_typename(L, arg));
}

static void push_expected(lua_State *L, const parameter *p) {
  const char *type = thr_elem_name((thr_elem)p->elem);
  switch (p->kind) {
    case BOOLEAN: lua_pushliteral(L, "boolean"); break;
    case ARRAY: lua_pushfstring(L, "%s Array", type); break;
    case VALUE: lua_pushfstring(L, "%s Value", type); break;
    default: lua_pushliteral(L, "Lock"); break;
  }
}

static const char *why_wrong(lua_State *L, int arg, const parameter *p) {
  thr_num x;
  if (p->kind == SIZE && thr_elem_get(L, arg, THR_INT64, &x))
    return lua_pushfstring(L, x.i < 0 ? "%I is negative"
                                      : "%I does not fit size_t",
                           (LUAI_UACINT)x.i);
  if (p->kind <= SIZE) return thr_elem_pushwhy(L, arg, (thr_elem)p->elem);
  push_expected(L, p);
  push_got(L, arg);
  return lua_pushfstring(L, "%s expected, got %s", lua_tostring(L, -2),
                         lua_tostring(L, -1));
}

static int bad_argument(lua_State *L, int i, const char *why) {
  return thr_blame_error(L, "bad argument #%d to '%s' (%s: %s)", i + 1,
                         signature_name(L), parameter_name(L, i), why);
}

THR_RARE static int wrong_argument(lua_State *L, const kernel *k, int i) {
  return bad_argument(L, i, why_wrong(L, i + 1, &k->parameters[i]));
}

THR_RARE static int too_short(lua_State *L, const threading_arg *arg, int i) {
  const char *why = "its declared length is negative or too large";
  if (arg->needed >= 0)
    why = lua_pushfstring(L, "an Array of %I elements is needed, this has %I",
                          (LUAI_UACINT)arg->needed, (LUAI_UACINT)arg->length);
  return bad_argument(L, i, why);
}

/* --- arguments --- */

static bool number_arg(lua_State *L, int idx, thr_elem type,
                       threading_arg *to) {
  thr_num x;
  if (!thr_elem_get(L, idx, type, &x)) return false;
  memcpy(to, &x, sizeof(x));
  return true;
}

static bool array_arg(lua_State *L, int idx, thr_elem type, frame *f) {
  thr_array *a = thr_array_test(L, idx);
  if (!a || a->type != type) return false;
  f->objects[idx - 1] = a;
  f->args[idx - 1].p = a->data;
  f->args[idx - 1].length = a->n;
  return true;
}

static bool value_arg(lua_State *L, int idx, thr_elem type, frame *f) {
  thr_value *v = thr_value_test(L, idx);
  if (!v || v->type != type) return false;
  f->objects[idx - 1] = v;
  f->args[idx - 1].p = &v->u;
  f->args[idx - 1].length = 1;
  return true;
}

static bool lock_arg(lua_State *L, int idx, frame *f) {
  thr_lock *l = thr_lock_test(L, idx);
  f->objects[idx - 1] = f->args[idx - 1].p = l;
  f->args[idx - 1].length = 1;
  return l != NULL;
}

static bool fits_size(int64_t i) {
  return i >= 0 && (uint64_t)i == (size_t)i;
}

static bool any_argument(lua_State *L, int idx, const parameter *p,
                         frame *f) {
  threading_arg *to = &f->args[idx - 1];
  switch (p->kind) {
    case NUMBER: return number_arg(L, idx, (thr_elem)p->elem, to);
    case SIZE: return number_arg(L, idx, THR_INT64, to) && fits_size(to->i);
    case BOOLEAN:
      to->i = lua_toboolean(L, idx);
      return lua_isboolean(L, idx);
    case ARRAY: return array_arg(L, idx, (thr_elem)p->elem, f);
    case VALUE: return value_arg(L, idx, (thr_elem)p->elem, f);
    default: return lock_arg(L, idx, f);
  }
}

/* A double, which any number fits, is taken the quick way. */
static inline bool argument(lua_State *L, int idx, const parameter *p,
                            frame *f) {
  if (p->kind != NUMBER || p->elem != THR_FLOAT64)
    return any_argument(L, idx, p, f);
  f->args[idx - 1].d = lua_tonumber(L, idx);
  return lua_type(L, idx) == LUA_TNUMBER;
}

/* The Lua stack alone would not do: at the end of the program a thread that
** does not stop is given up, and its Lua state closed. */
static void hold(const kernel *k, frame *f) {
  for (int i = 0; i < k->n; i++) {
    void **o = &f->objects[i]; /* set for these kinds alone */
    switch (k->parameters[i].kind) {
      case ARRAY: thr_array_ref(*o); break;
      case VALUE: atomic_fetch_add(&((thr_value *)*o)->refs, 1); break;
      case LOCK: atomic_fetch_add(&((thr_lock *)*o)->refs, 1); break;
      default: break;
    }
  }
}

static void let_go(const kernel *k, frame *f) {
  for (int i = 0; i < k->n; i++) switch (k->parameters[i].kind) {
      case ARRAY: thr_array_unref(f->objects[i]); break;
      case VALUE: thr_value_unref(f->objects[i]); break;
      case LOCK: thr_lock_unref(f->objects[i]); break;
      default: break;
    }
}

/* --- the call --- */

/* Numbers have no length: so threading_length knows them. */
static threading_call describe_call(const kernel *k, thr_tstate *ts,
                                    frame *f) {
  for (int i = 0; i < k->n; i++)
    if (k->parameters[i].kind < ARRAY) f->args[i].length = 0;
  threading_call call = {.self = (threading_thread *)ts,
                         .pending = (const unsigned *)&ts->asked.pending,
                         .heard = ~(ts->asked.masked | THR_PENDING_DUMP),
                         .look = ts->signals ? k->api->stopping : NULL,
                         .acquire = k->api->lock_acquire,
                         .release = k->api->lock_release,
                         .args = f->args,
                         .nargs = k->n};
  return call;
}

/* Returns the number of an Array that is too short; sets *stop if something
** is pending for the thread. */
static int run(const kernel *k, thr_tstate *ts, frame *f, bool *stop) {
  threading_call call;
  wrapper fn = k->call; /* k is gone when a call is left behind */
  if (k->asks) call = describe_call(k, ts, f);
  const thr_trace_calls *tracer = thr_tstate_tracer(ts);
  if (tracer) tracer->compiled(ts);
  atomic_store_explicit(&ts->gil.nogil, true, memory_order_relaxed);
  thr_gil_release(ts);
  int wrong = fn(f->args, &call);
  *stop = (ts->asked.pending & ~(ts->asked.masked | THR_PENDING_DUMP)) ||
          thr_ctrlc_signalled(ts);
  atomic_store_explicit(&ts->gil.nogil, false, memory_order_relaxed);
  thr_gil_take(ts, THR_AT_ONCE);
  return wrong;
}

static int push_result(lua_State *L, const kernel *k, const frame *f) {
  thr_num x;
  memcpy(&x, f->args, sizeof(x));
  switch (k->result.kind) {
    case VOID: return 0;
    case BOOLEAN: lua_pushboolean(L, x.i != 0); return 1;
    default: thr_elem_push(L, (thr_elem)k->result.elem, x); return 1;
  }
}

static int call(lua_State *L) {
  const kernel *k = lua_touserdata(L, lua_upvalueindex(1));
  frame f;
  bool stop;
  int n = k->n;
  if (lua_gettop(L) != n) return wrong_count(L, k);
  for (int i = 0; i < n; i++)
    if (!argument(L, i + 1, &k->parameters[i], &f))
      return wrong_argument(L, k, i);
  thr_tstate *ts = thr_self(L);
  thr_pending_checkown(L, ts);
  if (k->references) hold(k, &f);
  int wrong = run(k, ts, &f, &stop);
  if (k->references) let_go(k, &f);
  if (stop) thr_pending_disturbed(L, ts, THR_PARK_INTERRUPTED);
  if (wrong) return too_short(L, &f.args[wrong - 1], wrong - 1);
  return push_result(L, k, &f);
}

/* --- making one --- */

static thr_elem elem_field(lua_State *L, int idx) {
  lua_getfield(L, idx, "type");
  thr_elem type = thr_elem_checktype(L, lua_gettop(L));
  lua_pop(L, 1);
  return type;
}

/* {kind =, type =}; the type is left out where the kind has none. */
static void read_parameter(lua_State *L, parameter *p) {
  luaL_checktype(L, -1, LUA_TTABLE);
  int idx = lua_gettop(L);
  lua_getfield(L, idx, "kind");
  p->kind = (uint8_t)luaL_checkoption(L, -1, NULL, kinds);
  lua_pop(L, 1);
  bool has = p->kind == NUMBER || p->kind == ARRAY || p->kind == VALUE;
  p->elem = has ? (uint8_t)elem_field(L, idx) : THR_INT64;
}

static wrapper find_wrapper(lua_State *L) {
  lua_getfield(L, 2, "name");
  lua_pushfstring(L, "threading_call_%s", luaL_checkstring(L, -1));
  wrapper w = (wrapper)thr_os_symbol(lua_touserdata(L, 1),
                                     lua_tostring(L, -1));
  if (!w) thr_blame_error(L, "the kernel has no %s", lua_tostring(L, -1));
  lua_pop(L, 2);
  return w;
}

/* {name =, result =, asks =, parameter, ...}, at 2. */
static void read_signature(lua_State *L, kernel *k) {
  lua_getfield(L, 2, "result");
  read_parameter(L, &k->result);
  lua_getfield(L, 2, "asks");
  k->asks = lua_toboolean(L, -1);
  lua_pop(L, 2);
  k->references = false;
  for (int i = 0; i < k->n; i++) {
    lua_rawgeti(L, 2, i + 1);
    read_parameter(L, &k->parameters[i]);
    k->references |= k->parameters[i].kind >= ARRAY;
    lua_pop(L, 1);
  }
}

int thr_kernel_create(lua_State *L) {
  luaL_checktype(L, 1, LUA_TLIGHTUSERDATA);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  lua_Unsigned n = lua_rawlen(L, 2);
  luaL_argcheck(L, n <= MAX_PARAMETERS, 2, "too many parameters");
  kernel *k = lua_newuserdatauv(L, sizeof(*k), 1);
  k->api = threading_getapi(L);
  k->call = find_wrapper(L);
  k->handle = lua_touserdata(L, 1);
  k->n = (uint8_t)n;
  read_signature(L, k);
  lua_pushvalue(L, 2);
  lua_setiuservalue(L, -2, 1);
  lua_pushcclosure(L, call, 1);
  return 1;
}

bool thr_kernel_pushparts(lua_State *L, int idx) {
  if (lua_tocfunction(L, idx) != call) return false;
  luaL_checkstack(L, 3, NULL);
  lua_getupvalue(L, idx, 1);
  const kernel *k = lua_touserdata(L, -1);
  lua_pushlightuserdata(L, k->handle);
  lua_getiuservalue(L, -2, 1);
  lua_remove(L, -3);
  return true;
}

int thr_kernel_contract(lua_State *L) {
  lua_pushstring(L, thr_kernel_text);
  lua_pushinteger(L, MAX_PARAMETERS);
  return 2;
}
