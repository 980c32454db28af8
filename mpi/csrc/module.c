/* threading._mpi: what lua/threading/mpi needs of MPI. */
#define _GNU_SOURCE 1

#include <dlfcn.h>
#include <lauxlib.h>
#include <lua.h>

#include "await.h"
#include "face.h"
#include "together.h"

/* The engine, and the handler of the exit, outlive the Lua state, which unloads
** its libraries. */
static void keep_loaded(void) {
  Dl_info info;
  static char inside;
  if (dladdr(&inside, &info) != 0 && info.dli_fname)
    (void)dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

static const luaL_Reg functions[] = {
  {"rank", thm_face_rank},
  {"send", thm_face_send},
  {"array", thm_face_array},
  {"send_array", thm_face_sendarray},
  {"receive", thm_face_receive},
  {"call", thm_face_call},
  {"describe", thm_face_describe},
  {"fetch", thm_face_fetch},
  {"refuse", thm_face_refuse},
  {"alone", thm_together_alone},
  {"join", thm_together_join},
  {"world", thm_together_world},
  {"spawn", thm_together_spawn},
  {"serve", thm_together_serve},
  {"lead", thm_together_lead},
  {"part", thm_together_part},
  {"collect", thm_together_collect},
  {NULL, NULL}
};

#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
int luaopen_threading__mpi(lua_State *L);

int luaopen_threading__mpi(lua_State *L) {
  keep_loaded();
  thm_await_open(L);
  thm_face_open(L);
  luaL_newlib(L, functions);
  return 1;
}
