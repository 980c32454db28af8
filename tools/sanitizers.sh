# What tools/sanitize does for each tool: prepare_KIND makes what it needs, and
# fails where it is not to be had; run_KIND [specs]. Sourced, after env.sh.

work=$PWD/build/sanitize
mkdir -p "$work"
cc=$(find_cc)

# Memory that is refused is no report: a spec asks for more than there is.
REPORTS='WARNING: ThreadSanitizer: |(ERROR|FATAL): [A-Za-z]*Sanitizer'
REPORTS="$REPORTS|: CHECK failed|runtime error|Assertion"
REPORTS="$REPORTS|== (Invalid|Conditional|Use of uninit|Syscall param)"
REPORTS="$REPORTS|== (Source and dest|Mismatched|Jump to the invalid)"
REPORTS="$REPORTS|default action of signal .*SIG(ILL|BUS|SEGV)"
REPORTS="$REPORTS|'impossible' happened"

SHORT_STRESS=8   # seconds
LONG_STRESS=60
SHORT_LIMIT=600
LONG_LIMIT=1200  # for a file
SHORT_SPECS="spec/lock_spec.lua spec/event_spec.lua spec/preempt_spec.lua
  spec/queue_spec.lua spec/coroutine_spec.lua spec/hook_spec.lua
  spec/timer_spec.lua spec/value_spec.lua"
MEMCHECK_SPECS="spec/lock_spec.lua"

# --- an instrumented Lua ---

# ThreadSanitizer of some compilers does not know sem_clockwait, and takes
# what it orders for a race; it knows sem_timedwait. Nor does it know
# _longjmp, by which Lua raises errors: each would leave its frames on the
# sanitizer's own stack, which soon is all that it works on.
write_shim() {
  cat >"$work/shim.h" <<'END'
#define _GNU_SOURCE 1
#include <semaphore.h>
#include <setjmp.h>
#include <time.h>

#undef _longjmp
#define _longjmp longjmp

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

# (set -e is off in what prepares: `if` asks it.)
# build_both kind flags [flags of Lua and of the library alone]
build_both() {
  dir=$work/$1
  flags="-g -O1 -fno-omit-frame-pointer $2"
  source=$(timeout 120 tools/lua-source) || return 1
  echo 'int main(void) { return 0; }' |
    "$cc" -x c - $2 -o "$work/probe" && "$work/probe" || return 1
  build_lua "$dir" "$flags ${3:-}"
  use "$1" "$2"
  CFLAGS="-O1 -fno-omit-frame-pointer ${3:-}" tools/build
}

# script file line ...: a shell script of these lines
script() {
  file=$1
  shift
  printf '%s\n' '#!/bin/sh' "$@" >"$file"
  chmod +x "$file"
}

# What was built is what the scripts use from now on. Hosts, modules and
# kernels that the specs compile are instrumented, too.
use() {
  dir=$work/$1
  script "$dir/cc" "exec '$cc' -g $2 \"\$@\""
  export LUA="$dir/lua" TREE="$dir/tree" CC="$dir/cc" BUILD="$dir/build"
  export LUA_LIBRARY="$dir/liblua.a" THREADING_SANITIZER="$1"
  LUA_INCDIR=$(tools/lua-source)
  export LUA_INCDIR
  unset LUA_PATH LUA_CPATH
  . tools/env.sh
}

# --- what is run ---

# timed name command ...: a line of the table, and of what failed, its words.
timed() {
  name=$1 since=$(date +%s) out=$work/$kind/out result=0
  shift
  limit=$SHORT_LIMIT
  [ -z "$long" ] || limit=$LONG_LIMIT
  timeout -k 9 "$limit" "$@" >"$out" 2>&1 || result=$?
  printf '   %-20s %4d s  ' "$name" $(($(date +%s) - since))
  grep -E '^ok: |^[0-9]+ passed' "$out" | tail -n 1 || echo "no result"
  cat "$out" >>"$log"
  [ $result != 0 ] || return 0
  failed=1
  tail -n 40 "$out"
  echo "   status $result; the last spec: $(cat "$TREE/last-test" 2>&1)"
}

stress() {
  seconds=$SHORT_STRESS
  [ -z "$long" ] || seconds=$LONG_STRESS
  timed stress tools/stress/run "$seconds"
}

# specs few [spec ...]: those that are named; else all, or the few. Where
# threads are preempted as in the hostile build, #long ones take too long.
specs() {
  few=$1 tags=
  shift
  [ -z "${THREADING_PREEMPT_EVERY:-}" ] || tags=--exclude-tags=long
  if [ $# = 0 ] && [ -z "$long" ]; then
    # shellcheck disable=SC2086
    timed specs tools/test $tags $few
    return
  fi
  [ $# -gt 0 ] || set -- spec/*_spec.lua
  for spec in "$@"; do
    # shellcheck disable=SC2086
    timed "$(basename "$spec" .lua)" tools/test $tags "$spec"
  done
}

# What was found does not always end the program, and a spec may throw away
# what its child says.
tell_reports() {
  found=$(cat "$log" "$reports"/* 2>/dev/null | grep -Ec "$REPORTS") || true
  [ "$found" != 0 ] || return 0
  grep -hE -A 25 "$REPORTS" "$log" "$reports"/* | head -n 500
  return 1
}

sum_up() {
  grep -E '^[0-9]+ passed' "$log" | awk -v kind="$kind" -v found="$found" \
    -v seconds=$(($(date +%s) - begun)) '
    { passed += $1; failed += $3; skipped += $5 }
    END {
      printf "== %s: %d passed, %d failed, %d skipped, ", kind, passed,
        failed, skipped
      printf "%d reports, %d s\n", found, seconds
    }'
}

# --- the three ---

# intercept_tls_get_addr: where a kernel's thread-local variable lies 16 bytes
# into a page, the sanitizer takes the 16 bytes before it for a header of glibc
# 2.19 with the block's place and size, and clears what these name. The block
# comes from malloc, which it knows anyway.
TSAN_FLAGS="-fsanitize=thread -Wno-tsan"
TSAN_OPTIONS="suppressions=$PWD/tools/tsan.supp:print_suppressions=0:\
history_size=4:allocator_may_return_null=1:intercept_tls_get_addr=0:\
${TSAN_OPTIONS:-}"

prepare_thread() {
  write_shim
  build_both thread "$TSAN_FLAGS" "-include $work/shim.h -DTHREADING_TESTING"
}

run_thread() {
  use thread "$TSAN_FLAGS"
  export THREADING_PREEMPT_EVERY=500
  export TSAN_OPTIONS="log_path=$reports/r:$TSAN_OPTIONS"
  stress
  # A process that does not close its state does not join who has ended. At a
  # fork more locks are held than the search for circles of locks can count,
  # and the child goes on.
  TSAN_OPTIONS="report_thread_leaks=0:detect_deadlocks=0:die_after_fork=0:\
$TSAN_OPTIONS"
  specs "$SHORT_SPECS" "$@"
  return $failed
}

ASAN_FLAGS="-fsanitize=address,undefined -DLUA_USE_APICHECK -DLUAI_ASSERT"
# What it says goes to the standard error output alone, even of a child.
UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1:${UBSAN_OPTIONS:-}"
# A spec asks for more memory than there is.
ASAN_OPTIONS="allocator_may_return_null=1:${ASAN_OPTIONS:-}"

prepare_address() {
  build_both address "$ASAN_FLAGS"
}

run_address() {
  use address "$ASAN_FLAGS"
  export UBSAN_OPTIONS ASAN_OPTIONS="log_path=$reports/r:$ASAN_OPTIONS"
  stress
  # What loads and runs the specs has leaks of its own.
  ASAN_OPTIONS="detect_leaks=0:$ASAN_OPTIONS"
  specs "$SHORT_SPECS" "$@"
  return $failed
}

# What loads and runs the specs is not looked at for leaks.
VALGRIND="valgrind -q --error-exitcode=9 --num-callers=20 --fair-sched=try \
--max-threads=2000 --suppressions='$PWD/tools/memcheck.supp'"

# The children run under Valgrind, too. It does not know every processor's
# newest instructions: kernels are made by a compiler that has no such option.
prepare_memcheck() {
  valgrind --version || return 1
  script "$work/memcheck/lua" \
    "exec $VALGRIND --log-file='$reports/r.%p' '$LUA' \"\$@\""
  script "$work/memcheck/cc" \
    "case \" \$* \" in *' -march=native '*) exit 1 ;; esac" \
    "exec '$cc' \"\$@\""
}

run_memcheck() {
  export LUA="$work/memcheck/lua" CC="$work/memcheck/cc"
  export BUILD="$work/memcheck/build" THREADING_SANITIZER=memcheck
  specs "$MEMCHECK_SPECS" "$@"
  return $failed
}
