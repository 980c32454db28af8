/* objects: see objects.h. */
#include "capi/objects.h"

#include <stdatomic.h>

#include "bind/box.h"
#include "data/array.h"
#include "data/value.h"
#include "park/deadlock.h"
#include "sync/event.h"
#include "sync/rlock.h"
#include "sync/semaphore.h"

/* C may let go of the global lock, or call Lua, with the object at arg. */
static void *kept(lua_State *L, int arg, void *obj) {
  if (obj) thr_box_keep(L, arg);
  return obj;
}

threading_lock *thr_objects_tolock(lua_State *L, int arg) {
  return kept(L, arg, thr_lock_test(L, arg));
}

threading_rlock *thr_objects_torlock(lua_State *L, int arg) {
  return kept(L, arg, thr_rlock_test(L, arg));
}

threading_semaphore *thr_objects_tosemaphore(lua_State *L, int arg) {
  return kept(L, arg, thr_semaphore_test(L, arg));
}

threading_event *thr_objects_toevent(lua_State *L, int arg) {
  return kept(L, arg, thr_event_test(L, arg));
}

#define X(tag, name, T, k)                                                     \
  _Static_assert((int)THREADING_##tag == (int)THR_##tag, "");                  \
  _Static_assert(sizeof(_Atomic T) == sizeof(T), "");
THR_ELEMS(X)
#undef X

int thr_objects_tovalue(lua_State *L, int arg, threading_value *to) {
  thr_value *v = kept(L, arg, thr_value_test(L, arg));
  if (!v) return 0;
  to->p = &v->u;
  to->type = (int)v->type;
  return 1;
}

int thr_objects_toarray(lua_State *L, int arg, threading_array *to) {
  const thr_array *a = kept(L, arg, thr_array_test(L, arg));
  if (!a) return 0;
  to->data = a->data;
  to->length = a->n;
  to->type = (int)a->type;
  return 1;
}

static void *number(lua_State *L, int arg, int type) {
  threading_value v;
  return thr_objects_tovalue(L, arg, &v) && v.type == type ? v.p : NULL;
}

int64_t *thr_objects_toint64(lua_State *L, int arg) {
  return number(L, arg, THREADING_INT64);
}

double *thr_objects_tofloat64(lua_State *L, int arg) {
  return number(L, arg, THREADING_FLOAT64);
}

struct threading_object {
  void *obj;
  void (*unref)(void *obj);
  atomic_int *retained; /* NULL: no thread can wait for it */
};

static void unref_lock(void *o) { thr_lock_unref(o); }
static void unref_semaphore(void *o) { thr_semaphore_unref(o); }
static void unref_event(void *o) { thr_event_unref(o); }
static void unref_value(void *o) { thr_value_unref(o); }
static void unref_array(void *o) { thr_array_unref(o); }

/* The count of references to the object at arg, and in *o the object. */
static atomic_int *references(lua_State *L, int arg, threading_object *o) {
  thr_lock *l = thr_lock_test(L, arg);
  if (!l) l = thr_rlock_test(L, arg);
  thr_semaphore *s = thr_semaphore_test(L, arg);
  thr_event *e = thr_event_test(L, arg);
  thr_value *v = thr_value_test(L, arg);
  thr_array *a = thr_array_test(L, arg);
  if (l) return *o = (threading_object){l, unref_lock, &l->retained}, &l->refs;
  if (s)
    return *o = (threading_object){s, unref_semaphore, &s->retained}, &s->refs;
  if (e) return *o = (threading_object){e, unref_event, &e->retained}, &e->refs;
  if (v) return *o = (threading_object){v, unref_value, NULL}, &v->refs;
  if (a) return *o = (threading_object){a, unref_array, NULL}, &a->refs;
  return NULL;
}

/* While C has it, C may wake the threads that wait for it. */
static void count(const threading_object *o, int more) {
  if (!o->retained) return;
  atomic_fetch_add(o->retained, more);
  thr_deadlock_recount(o->obj, o->retained);
}

threading_object *thr_objects_retain(lua_State *L, int arg) {
  threading_object found, *o;
  atomic_int *refs = references(L, arg, &found);
  if (!refs || !(o = thr_os_alloc(sizeof(*o)))) return NULL;
  atomic_fetch_add(refs, 1);
  *o = found;
  count(o, 1);
  return o;
}

void thr_objects_drop(threading_object *o) {
  if (!o) return;
  count(o, -1);
  o->unref(o->obj);
  thr_os_free(o);
}
