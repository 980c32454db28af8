/* capi: see capi.h. */
#include "capi/capi.h"

#include <lauxlib.h>

#include "capi/doors.h"
#include "capi/nogil.h"
#include "capi/objects.h"
#include "capi/waits.h"
#include "os/dl.h"
#include "threading.h"

static const threading_api api;

static threading_state *open_state(lua_State *L) {
  threading_state *s = thr_doors_open(L);
  if (s) s->api = &api;
  return s;
}

static const threading_api api = {
    .version = THREADING_VERSION,
    .size = sizeof(threading_api),
    .self = thr_nogil_self,
    .release = thr_nogil_release,
    .take = thr_nogil_take,
    .stopping = thr_nogil_stopping,
    .tolock = thr_objects_tolock,
    .toint64 = thr_objects_toint64,
    .tofloat64 = thr_objects_tofloat64,
    .lock_acquire = thr_waits_lockacquire,
    .lock_release = thr_waits_lockrelease,
    .check = thr_nogil_check,
    .torlock = thr_objects_torlock,
    .tosemaphore = thr_objects_tosemaphore,
    .toevent = thr_objects_toevent,
    .tovalue = thr_objects_tovalue,
    .toarray = thr_objects_toarray,
    .retain = thr_objects_retain,
    .drop = thr_objects_drop,
    .lock_wait = thr_waits_lockwait,
    .rlock_wait = thr_waits_rlockwait,
    .semaphore_wait = thr_waits_semaphorewait,
    .event_wait = thr_waits_eventwait,
    .rlock_release = thr_waits_rlockrelease,
    .semaphore_release = thr_waits_semaphorerelease,
    .event_set = thr_waits_eventset,
    .event_clear = thr_waits_eventclear,
    .event_isset = thr_waits_eventisset,
    .open = open_state,
    .close = thr_doors_close,
    .attach = thr_doors_attach,
    .detach = thr_doors_detach,
    .lua = thr_doors_lua,
};

void thr_capi_checkfirst(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, THREADING_API_FIELD);
  const void *first = lua_touserdata(L, -1);
  lua_pop(L, 1);
  if (first && first != &api)
    luaL_error(L,
               "threading is loaded already, from %s: a Lua state can have "
               "one copy of it, see that package.path and package.cpath find "
               "the same one everywhere",
               thr_os_libraryof(first));
}

void thr_capi_open(lua_State *L) {
  lua_pushlightuserdata(L, (void *)&api);
  lua_setfield(L, LUA_REGISTRYINDEX, THREADING_API_FIELD);
}
