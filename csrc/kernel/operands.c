/* operands: see operands.h. */
#include "kernel/operands.h"

#include "bind/box.h"
#include "data/array.h"
#include "data/value.h"
#include "sync/lock.h"

#define FIRST_ARRAY 'A'
#define FIRST_VALUE 'K'

static bool is_array(char kind) {
  return kind >= FIRST_ARRAY && kind < FIRST_ARRAY + THR_NELEM;
}

static bool is_value(char kind) {
  return kind >= FIRST_VALUE && kind < FIRST_VALUE + THR_NELEM;
}

static char add_object(lua_State *L, int idx, thr_operands *to, char kind,
                       void *object, void *p) {
  int i = to->n++;
  to->in[i] = (threading_val){.u.p = p, .kind = kind};
  to->at[i] = idx;
  to->of[i] = object;
  to->objects++;
  thr_box_keep(L, idx);
  return kind;
}

static char add_array(lua_State *L, int idx, thr_operands *to, thr_array *a) {
  threading_arr *data = &to->data[to->n];
  *data = (threading_arr){a->data, (int64_t)a->n};
  return add_object(L, idx, to, (char)(FIRST_ARRAY + a->type), a, data);
}

static char add_userdata(lua_State *L, int idx, thr_operands *to) {
  thr_array *a = thr_array_test(L, idx);
  if (a) return add_array(L, idx, to, a);
  thr_value *v = thr_value_test(L, idx);
  if (v)
    return add_object(L, idx, to, (char)(FIRST_VALUE + v->type), v, &v->u);
  thr_lock *l = thr_lock_test(L, idx);
  if (!l) return 0;
  return add_object(L, idx, to, 'l', l, l);
}

char thr_operands_addother(lua_State *L, int idx, thr_operands *to) {
  switch (lua_type(L, idx)) {
    case LUA_TUSERDATA: return add_userdata(L, idx, to);
    case LUA_TNONE:
    case LUA_TNIL: return (to->in[to->n++] = (threading_val){.kind = 'n'}).kind;
    case LUA_TBOOLEAN:
      to->in[to->n] = (threading_val){.u.i = lua_toboolean(L, idx)};
      return to->in[to->n++].kind = 'b';
    default: return 0;
  }
}

void thr_operands_hold(const thr_operands *ops) {
  for (int i = 0; i < ops->n; i++) {
    char kind = ops->in[i].kind;
    void *o = ops->of[i]; /* set for these kinds alone */
    if (is_array(kind)) thr_array_ref(o);
    else if (is_value(kind)) atomic_fetch_add(&((thr_value *)o)->refs, 1);
    else if (kind == 'l') atomic_fetch_add(&((thr_lock *)o)->refs, 1);
  }
}

void thr_operands_drop(const thr_operands *ops) {
  for (int i = 0; i < ops->n; i++) {
    char kind = ops->in[i].kind;
    if (is_array(kind)) thr_array_unref(ops->of[i]);
    else if (is_value(kind)) thr_value_unref(ops->of[i]);
    else if (kind == 'l') thr_lock_unref(ops->of[i]);
  }
}

static void push_object(lua_State *L, const thr_operands *ops,
                        const threading_val *v) {
  for (int i = 0; i < ops->n; i++)
    if (ops->in[i].kind == v->kind && ops->in[i].u.p == v->u.p) {
      lua_pushvalue(L, ops->at[i]);
      return;
    }
  lua_pushnil(L);
}

void thr_operands_pushother(lua_State *L, const thr_operands *ops,
                            const threading_val *v) {
  switch (v->kind) {
    case 'b': lua_pushboolean(L, v->u.i != 0); break;
    case 'n': lua_pushnil(L); break;
    default: push_object(L, ops, v); break;
  }
}
