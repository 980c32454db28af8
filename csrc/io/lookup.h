/*
** lookup: looking up names while other threads run.
**
** The resolver can be interrupted by nothing, and may take minutes: it is asked
** aside, on a thread that is left behind where the caller gives up.
*/
#ifndef THR_LOOKUP_H
#define THR_LOOKUP_H

#include <lua.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

/* _addresses(host [, family [, timeout]]) -> a list of {family =, addr =};
** family: "inet", "inet6", nil for both; or nil and why. */
int thr_lookup_addresses(lua_State *L);
/* _host_name(host) -> its name; _host_ip(host) -> an address; and a table of
** all that is known of it; or nil and why. */
int thr_lookup_hostname(lua_State *L);
int thr_lookup_hostip(lua_State *L);

THR_PRIVATE_END

#endif
