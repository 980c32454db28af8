/*
** kernel: C functions out of a string, called like Lua functions.
**
** lua/threading/kernel/init.lua writes and compiles a C file with one wrapper
** per function; here a call's arguments are checked, turned into an array of
** threading_arg, and given to the wrapper, outside the global lock.
**
** What the arguments refer to is held by a reference for as long as the call
** takes.  A call is a cancellation point.
*/
#ifndef THR_KERNEL_H
#define THR_KERNEL_H

#include <lua.h>

#include "os/os.h"

/* The declarations that both sides of a call compile: here, and as the text
** that begins each kernel. */
#define THR_KERNEL_BOTH(...) \
  __VA_ARGS__                \
  static const char thr_kernel_text[] = #__VA_ARGS__;

THR_PRIVATE_BEGIN

/* Functions of threading._thread. */

/* _kernel(handle, signature): a function of a loaded kernel.  The signature
** is {name =, asks =, result =, parameters...}, each {name =, kind =,
** type =}; see kernel.lua. */
int thr_kernel_create(lua_State *L);
int thr_kernel_contract(lua_State *L); /* -> the text, most parameters */

/* How a kernel's function comes into another Lua state of this process: pushes
** the handle and the signature of that at idx, of which thr_kernel_create makes
** it there; the shared object is never unloaded.  False: it is no such. */
bool thr_kernel_pushparts(lua_State *L, int idx);

THR_PRIVATE_END

#endif
