# What tools/sanitize does for each tool: prepare_KIND makes what it needs, and
# fails where it is not to be had; run_KIND [specs]. Sourced, after env.sh.

work=$PWD/build/sanitize
mkdir -p "$work"
cc=$(find_cc)

REPORTS='WARNING: ThreadSan|ERROR: (Addr|Leak)San|runtime error|Assertion'
REPORTS="$REPORTS|== (Invalid|Conditional|Use of uninit|Syscall param)"

SHORT_STRESS=8   # seconds
LONG_STRESS=60
SHORT_SPECS="spec/lock_spec.lua spec/event_spec.lua spec/preempt_spec.lua
  spec/queue_spec.lua spec/coroutine_spec.lua spec/hook_spec.lua
  spec/timer_spec.lua spec/value_spec.lua"
MEMCHECK_SPECS="spec/lock_spec.lua"

# --- an instrumented Lua ---

# ThreadSanitizer of some compilers does not know sem_clockwait, and takes
# what it orders for a race; it knows sem_timedwait.
write_shim() {
  cat >"$work/shim.h" <<'END'
#define _GNU_SOURCE 1
#include <semaphore.h>
#include <time.h>

static inline int shim_clockwait(sem_t *s, clockid_t clock,
                                 const struct timespec *t) {
  struct timespec now, until;
  clock_gettime(clock, &now);
  clock_gettime(CLOCK_REALTIME, &until);
  long long left = (t->tv_sec - now.tv_sec) * 1000000000LL +
                   (t->tv_nsec - now.tv_nsec) + until.tv_nsec;
  if (left < 0) left = 0;
  until.tv_sec += left / 1000000000LL;
  until.tv_nsec = left % 1000000000LL;
  return sem_timedwait(s, &until);
}
#define sem_clockwait shim_clockwait
END
}

# build_lua dir flags: dir/lua, and dir/liblua.a for hosts
build_lua() {
  [ ! -x "$1/lua" ] || return 0
  mkdir -p "$1/o"
  find "$source" -maxdepth 1 -name '*.c' ! -name 'lua*.c' ! -name onelua.c \
    ! -name ltests.c | (
    cd "$1/o"
    # shellcheck disable=SC2086
    xargs -P 2 -n 6 "$cc" -c -std=gnu99 $2 -DLUA_COMPAT_5_3 -DLUA_USE_LINUX
  )
  ar rcs "$1/liblua.a" "$1"/o/*.o
  # shellcheck disable=SC2086
  "$cc" -std=gnu99 $2 -DLUA_COMPAT_5_3 -DLUA_USE_LINUX -o "$1/lua" \
    "$source/lua.c" "$1/liblua.a" -Wl,-E -lm -ldl -lpthread
}

# build_both kind flags [flags of the library]
build_both() {
  dir=$work/$1
  flags="-g -O1 -fno-omit-frame-pointer $2"
  source=$(timeout 120 tools/lua-source)
  echo 'int main(void) { return 0; }' |
    "$cc" -x c - $2 -o "$work/probe" && "$work/probe"
  build_lua "$dir" "$flags"
  use "$1" "$2"
  BUILD="$dir/build" CFLAGS="-O1 -fno-omit-frame-pointer ${3:-}" tools/build
}

# What was built is what the scripts use from now on. Hosts, modules and
# kernels that the specs compile are instrumented, too.
use() {
  dir=$work/$1
  printf '#!/bin/sh\nexec "%s" -g %s "$@"\n' "$cc" "$2" >"$dir/cc"
  chmod +x "$dir/cc"
  export LUA="$dir/lua" TREE="$dir/tree" CC="$dir/cc"
  export LUA_LIBRARY="$dir/liblua.a" THREADING_SANITIZER="$1"
  LUA_INCDIR=$(tools/lua-source)
  export LUA_INCDIR
  unset LUA_PATH LUA_CPATH
  . tools/env.sh
}

stress() {
  seconds=$SHORT_STRESS
  [ -z "$long" ] || seconds=$LONG_STRESS
  BUILD=$work/$1/build tools/stress/run "$seconds"
}

# specs [flag of busted's] -- [specs]
specs() {
  flag=
  [ "$1" = -- ] || { flag=$1; shift; }
  shift
  # shellcheck disable=SC2086
  [ $# -gt 0 ] || [ -n "$long" ] || set -- $SHORT_SPECS
  # shellcheck disable=SC2086
  tools/test $flag "$@"
}

examples() {
  for file in examples/*.lua; do
    echo "-- $file"
    timeout 600 "$LUA" "$file" >/dev/null || return 1
  done
}

# --- the three ---

TSAN_FLAGS="-fsanitize=thread -Wno-tsan"
TSAN_OPTIONS="suppressions=$PWD/tools/tsan.supp:print_suppressions=0:\
history_size=4:allocator_may_return_null=1:${TSAN_OPTIONS:-}"

prepare_thread() {
  write_shim
  build_both thread "$TSAN_FLAGS" "-include $work/shim.h -DTHREADING_TESTING"
}

run_thread() {
  use thread "$TSAN_FLAGS"
  export TSAN_OPTIONS THREADING_PREEMPT_EVERY=500
  stress thread
  # A process that does not close its state does not join who has ended. At a
  # fork more locks are held than the search for circles of locks can count,
  # and the child goes on.
  TSAN_OPTIONS="report_thread_leaks=0:detect_deadlocks=0:die_after_fork=0:\
$TSAN_OPTIONS"
  [ -z "$long" ] || examples
  specs --exclude-tags=long -- "$@"
}

ASAN_FLAGS="-fsanitize=address,undefined -DLUA_USE_APICHECK -DLUAI_ASSERT"
UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"
# A spec asks for more memory than there is.
ASAN_OPTIONS="allocator_may_return_null=1:${ASAN_OPTIONS:-}"

prepare_address() {
  build_both address "$ASAN_FLAGS"
}

run_address() {
  use address "$ASAN_FLAGS"
  export UBSAN_OPTIONS ASAN_OPTIONS
  stress address
  # What loads and runs the specs has leaks of its own.
  ASAN_OPTIONS="detect_leaks=0:$ASAN_OPTIONS"
  [ -z "$long" ] || examples
  specs -- "$@"
}

VALGRIND="valgrind -q --error-exitcode=9 --num-callers=20 --fair-sched=try"

prepare_memcheck() {
  valgrind --version
}

# What loads and runs the specs is not looked at for leaks.
run_memcheck() {
  [ $# -gt 0 ] || set -- $MEMCHECK_SPECS
  $VALGRIND "$LUA" tools/busted.lua --output=tools/report.lua "$@"
}
