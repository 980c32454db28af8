/*
** foreign: C code that knows nothing of threads. It sleeps while the global
** lock is held, and takes a signal that is in use.
*/
#define _GNU_SOURCE
#include <lauxlib.h>
#include <lua.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>

/* sleep(ms) -> did it sleep as long as it was told to? */
static int foreign_sleep(lua_State *L) {
  lua_Integer ms = luaL_checkinteger(L, 1);
  struct timespec t = {ms / 1000, ms % 1000 * 1000000};
  lua_pushboolean(L, nanosleep(&t, NULL) == 0);
  return 1;
}

static int foreign_poll(lua_State *L) {
  lua_pushboolean(L, poll(NULL, 0, (int)luaL_checkinteger(L, 1)) == 0);
  return 1;
}

static volatile sig_atomic_t heard;
static struct sigaction before;

static void handle(int sig) {
  (void)sig;
  heard++;
}

static void handle_info(int sig, siginfo_t *info, void *context) {
  handle(sig);
  (void)info;
  (void)context;
}

static volatile sig_atomic_t passes_on;

static void handle_and_pass_on(int sig, siginfo_t *info, void *context) {
  handle(sig);
  if (passes_on) before.sa_sigaction(sig, info, context);
}

/* pass_on(whether): shall that of the way "passed on" call the one before? */
static int foreign_pass_on(lua_State *L) {
  passes_on = lua_toboolean(L, 1);
  return 0;
}

/* take(how): gives SIGURG another handler */
static int foreign_take(lua_State *L) {
  static const char *const ways[] = {"ignored", "default", "handled",
                                     "informed", "passed on", NULL};
  struct sigaction sa;
  memset(&sa, 0, sizeof(sa));
  switch (luaL_checkoption(L, 1, NULL, ways)) {
    case 0: sa.sa_handler = SIG_IGN; break;
    case 1: sa.sa_handler = SIG_DFL; break;
    case 2: sa.sa_handler = handle; break;
    case 3:
      sa.sa_sigaction = handle_info;
      sa.sa_flags = SA_SIGINFO;
      break;
    default:
      sa.sa_sigaction = handle_and_pass_on;
      sa.sa_flags = SA_SIGINFO;
  }
  sigaction(SIGURG, &sa, &before);
  return 0;
}

/* heard() -> how often the handlers above were called */
static int foreign_heard(lua_State *L) {
  lua_pushinteger(L, heard);
  return 1;
}

int luaopen_foreign(lua_State *L) {
  static const luaL_Reg functions[] = {{"heard", foreign_heard},
                                       {"pass_on", foreign_pass_on},
                                       {"poll", foreign_poll},
                                       {"sleep", foreign_sleep},
                                       {"take", foreign_take},
                                       {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
