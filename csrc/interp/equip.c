/* equip: see equip.h. */
#include "interp/equip.h"

#include "capi/capi.h"
#include "io/inherit.h"
#include "io/readfile.h"
#include "io/stdfile.h"
#include "state/attach.h"
#include "state/coroutine.h"
#include "state/finale.h"
#include "state/sethook.h"
#include "state/shutdown.h"

void thr_equip(lua_State *L, thr_runtime *rt) {
  if (rt->equipped) return;
  thr_attach_open(L, rt);
  thr_shutdown_open(L);
  thr_finale_open(L, rt);
  thr_readfile_open(L);
  thr_stdfile_open(L);
  thr_inherit_open(L);
  thr_coroutine_open(L);
  thr_sethook_open(L);
  thr_capi_open(L);
  rt->equipped = true;
}
