/* prompt: see prompt.h. */
#include "io/prompt.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gil/whose.h"
#include "os/dl.h"
#include "os/stdio.h"
#include "park/park.h"

static int (*read_key)(FILE *in);   /* readline's own */
static int (*pending_signal)(void); /* its handler has met one; or 0 */
static void (*check_signals)(void); /* does what the handler put off */

static void (*restore)(void);       /* gives the terminal its modes back */
static atomic_bool waiting;

/* Another thread ends the program. */
static void at_exit(void) {
  if (waiting) restore();
}

static bool is_signalled(void) { return pending_signal() != 0; }

/* Deaf: no Lua error may pass through readline. */
static thr_parkresult wait_for_key(thr_tstate *ts, FILE *in) {
  thr_watch watch = {.fd = thr_os_fileno(in), .wanted = THR_IN};
  if (thr_os_look(&watch)) return THR_PARK_READY;
  thr_tstate_makebell(ts);
  thr_whose_at(ts, ts->lua.running); /* it is a prompt that calls readline */
  thr_waiter w = thr_waiter_onfd(ts, &watch, "descriptor");
  w.masked = ~0u;
  w.signalled = is_signalled;
  waiting = true;
  thr_parkresult r = thr_park(&w, THR_FOREVER);
  waiting = false;
  return r;
}

static int read_outside(FILE *in) {
  thr_tstate *ts = thr_tls;
  while (ts && !ts->gil.held) ts = ts->tls_next;
  while (ts && wait_for_key(ts, in) != THR_PARK_READY) check_signals();
  return read_key(in);
}

/* Once per process. */
static void replace(void) {
  static const char *const files[] = {"libreadline.so", "libreadline.so.8",
                                      NULL};
  void *lib;
  if (!thr_os_holder("rl_check_signals", files, &lib)) return;
  const char **version = thr_os_datum(lib, "rl_library_version");
  int (**used)(FILE *) = thr_os_datum(lib, "rl_getc_function");
  read_key = (int (*)(FILE *))thr_os_symbol(lib, "rl_getc");
  pending_signal = (int (*)(void))thr_os_symbol(lib, "rl_pending_signal");
  check_signals = thr_os_symbol(lib, "rl_check_signals");
  restore = thr_os_symbol(lib, "rl_cleanup_after_signal");
  if (!version || !used || !read_key || !pending_signal || !check_signals ||
      !restore || strstr(*version, "EditLine") || *used != read_key)
    return;
  if (atexit(at_exit) == 0) *used = read_outside;
}

void thr_prompt_open(void) {
  static thr_once once = THR_ONCE_INIT;
  thr_os_once(&once, replace);
}
