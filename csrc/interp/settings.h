/*
** settings: what a new interpreter has of its creator's: where modules are
** found, how large stacks are, how often threads switch.
**
** A function of the creator's that cannot cross (a searcher, what is in
** package.preload) is replaced by one that says why, where a module is required
** that would need it.
*/
#ifndef THR_SETTINGS_H
#define THR_SETTINGS_H

#include <lua.h>

#include "cross/message.h"
#include "gil/record.h"

THR_PRIVATE_BEGIN

typedef struct {
  thr_message *paths;
  thr_message *functions; /* NULL: none but Lua's own */
} thr_settings;

/* Those of L; raises for want of memory, and then has freed them. */
void thr_settings_read(lua_State *L, thr_settings *s);
void thr_settings_free(thr_settings *s);

/* L, whose creator has the runtime `maker`, gets them; raises. */
void thr_settings_give(lua_State *L, thr_runtime *rt, thr_runtime *maker,
                       const thr_settings *s);

THR_PRIVATE_END

#endif
