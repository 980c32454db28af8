/*
** zfiles: checksums and compressed copies of files, with zlib. Each call lets
** the other Lua threads run until it has its result, so that as many threads
** as there are cores keep all of them busy.
*/
#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <string.h>
#include <threading.h>
#include <zlib.h>

#define CHUNK 65536

/* How a job ended. What is written here is read when the lock is back. */
typedef enum { DONE, STOPPED, FAILED } outcome;

typedef struct {
  const char *from, *to; /* the arguments' strings, which stay on the stack */
  char mode[4];
  uLong sum;
  outcome outcome;
  const char *culprit; /* of FAILED: a file's name */
  int error;           /* of FAILED: errno */
} job;

static outcome fail(job *j, const char *culprit) {
  j->culprit = culprit;
  j->error = errno ? errno : EIO;
  return FAILED;
}

/* Hands out the file's bytes in chunks, until `take` says no. `n` is there for
** the macro, which asks whether the thread is to stop. */
static outcome each_chunk(job *j, FILE *in, threading_nogil threading_nogil_,
                          int (*take)(job *, void *, const Bytef *, unsigned),
                          void *to) {
  Bytef chunk[CHUNK];
  size_t size;
  while ((size = fread(chunk, 1, sizeof(chunk), in)) > 0) {
    if (THREADING_STOPPING(L)) return STOPPED;
    if (!take(j, to, chunk, (unsigned)size)) return fail(j, j->to);
  }
  return ferror(in) ? fail(j, j->from) : DONE;
}

static int add_to_sum(job *j, void *unused, const Bytef *chunk, unsigned n) {
  (void)unused;
  j->sum = crc32(j->sum, chunk, n);
  return 1;
}

static int compress_into(job *j, void *out, const Bytef *chunk, unsigned n) {
  (void)j;
  errno = 0;
  return gzwrite((gzFile)out, chunk, n) == (int)n;
}

static outcome sum(job *j, threading_nogil n) {
  FILE *in = fopen(j->from, "rb");
  if (!in) return fail(j, j->from);
  j->sum = crc32(0, NULL, 0);
  outcome o = each_chunk(j, in, n, add_to_sum, NULL);
  fclose(in);
  return o;
}

/* Half a copy is removed again. */
static outcome compress_file(job *j, threading_nogil n) {
  FILE *in = fopen(j->from, "rb");
  if (!in) return fail(j, j->from);
  errno = 0;
  gzFile out = gzopen(j->to, j->mode);
  outcome o = out ? each_chunk(j, in, n, compress_into, out) : fail(j, j->to);
  errno = 0;
  if (out && gzclose(out) != Z_OK && o == DONE) o = fail(j, j->to);
  if (out && o != DONE) remove(j->to);
  fclose(in);
  return o;
}

/* Without the global lock: neither `work` nor what it calls touches Lua. */
static void run(lua_State *L, job *j, outcome (*work)(job *, threading_nogil)) {
  THREADING_BEGIN_NOGIL(L)
  j->outcome = work(j, threading_nogil_);
  THREADING_END_NOGIL(L)
  threading_check(L); /* raises what has stopped it */
}

static int failed(lua_State *L, const job *j) {
  lua_pushnil(L);
  if (j->outcome == STOPPED) lua_pushliteral(L, "stopped");
  else lua_pushfstring(L, "%s: %s", j->culprit, strerror(j->error));
  return 2;
}

/* crc32(name) -> integer; or nil, message */
static int zfiles_crc32(lua_State *L) {
  job j = {.from = luaL_checkstring(L, 1)};
  run(L, &j, sum);
  if (j.outcome != DONE) return failed(L, &j);
  lua_pushinteger(L, (lua_Integer)j.sum);
  return 1;
}

/* gzip(name, to [, level]) -> true; or nil, message */
static int zfiles_gzip(lua_State *L) {
  job j = {.from = luaL_checkstring(L, 1), .to = luaL_checkstring(L, 2)};
  lua_Integer level = luaL_optinteger(L, 3, 6);
  luaL_argcheck(L, level >= 0 && level <= 9, 3, "level from 0 to 9 expected");
  snprintf(j.mode, sizeof(j.mode), "wb%d", (int)level);
  run(L, &j, compress_file);
  if (j.outcome != DONE) return failed(L, &j);
  lua_pushboolean(L, 1);
  return 1;
}

int luaopen_zfiles(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"crc32", zfiles_crc32}, {"gzip", zfiles_gzip}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
