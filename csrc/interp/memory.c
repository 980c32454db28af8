/* memory: see memory.h. */
#include "interp/memory.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "os/os.h"
#include "os/tuning.h"

/* Sizes are multiples of this, and so are addresses. */
#define UNIT ((size_t)16)
#define LISTS (THR_HEAP_SMALL / UNIT)

/* At the beginning of a chunk, in the first UNIT. */
typedef struct chunk {
  struct chunk *before;
} chunk;

/* Under the state's global lock. */
typedef struct {
  void *lists[LISTS];      /* free blocks of n + 1 units: each says the next */
  unsigned char *at, *end; /* what is not cut yet of the newest chunk */
  chunk *chunks;
  size_t chunk_size; /* of the next one */
  bool warns;        /* Lua's warnings: are they on, */
  bool goes_on;      /* and does one go on? */
} heap;

/* --- blocks --- */

static size_t units(size_t size) { return (size + UNIT - 1) / UNIT; }

/* So much malloc is asked for: a large block can become a chunk with a small
** one in it. */
static size_t large(size_t size) {
  return size < THR_HEAP_SMALL + UNIT ? THR_HEAP_SMALL + UNIT : size;
}

static void give(heap *h, void *p, size_t size) {
  if (size > THR_HEAP_SMALL) {
    thr_os_free(p);
    return;
  }
  void **list = &h->lists[units(size) - 1];
  *(void **)p = *list;
  *list = p;
}

static void keep_chunk(heap *h, chunk *c) {
  c->before = h->chunks;
  h->chunks = c;
}

/* The rest of the last chunk becomes a free block. */
static bool add_chunk(heap *h) {
  chunk *c = thr_os_realloc(NULL, h->chunk_size);
  if (!c) return false;
  if (h->at < h->end) give(h, h->at, (size_t)(h->end - h->at));
  keep_chunk(h, c);
  h->at = (unsigned char *)c + UNIT;
  h->end = (unsigned char *)c + h->chunk_size;
  if (h->chunk_size < THR_HEAP_CHUNK_MOST) h->chunk_size *= 2;
  return true;
}

/* NULL: no memory. */
static void *cut(heap *h, size_t size) {
  if ((size_t)(h->end - h->at) < size && !add_chunk(h)) return NULL;
  void *p = h->at;
  h->at += size;
  return p;
}

static void *take(heap *h, size_t size) {
  if (size > THR_HEAP_SMALL) return thr_os_realloc(NULL, large(size));
  size_t n = units(size);
  void *p = h->lists[n - 1];
  if (!p) return cut(h, n * UNIT);
  h->lists[n - 1] = *(void **)p;
  return p;
}

/* Without memory for another block: to make one smaller must not fail. */
static void *shrink(heap *h, void *p, size_t old, size_t size) {
  if (size > old) return NULL;
  if (old <= THR_HEAP_SMALL) return p;
  memmove((unsigned char *)p + UNIT, p, size);
  keep_chunk(h, p);
  return (unsigned char *)p + UNIT;
}

static void *resize(heap *h, void *p, size_t old, size_t size) {
  bool was_small = old <= THR_HEAP_SMALL, is_small = size <= THR_HEAP_SMALL;
  if (!was_small && !is_small) return thr_os_realloc(p, large(size));
  if (was_small && is_small && units(old) == units(size)) return p;
  void *to = take(h, size);
  if (!to) return shrink(h, p, old, size);
  memcpy(to, p, old < size ? old : size);
  give(h, p, old);
  return to;
}

/* What Lua calls. */
static void *alloc(void *ud, void *p, size_t old, size_t size) {
  if (p && size > 0) return resize(ud, p, old, size);
  if (p) give(ud, p, old);
  return size > 0 ? take(ud, size) : NULL;
}

static void free_heap(heap *h) {
  while (h->chunks) {
    chunk *c = h->chunks;
    h->chunks = c->before;
    thr_os_free(c);
  }
  thr_os_free(h);
}

/* --- what luaL_newstate gives a state, too --- */

static int panic(lua_State *L) {
  const char *text = lua_tostring(L, -1);
  fprintf(stderr, "PANIC: unprotected error in call to Lua API (%s)\n",
          text ? text : "error object is not a string");
  return 0; /* Lua aborts */
}

static void warn(void *ud, const char *text, int more) {
  heap *h = ud;
  bool begins = !h->goes_on;
  h->goes_on = more;
  if (begins && !more && *text == '@') {
    if (strcmp(text, "@on") == 0) h->warns = true;
    if (strcmp(text, "@off") == 0) h->warns = false;
  } else if (h->warns) {
    fprintf(stderr, "%s%s%s", begins ? "Lua warning: " : "", text,
            more ? "" : "\n");
  }
}

static lua_State *new_state(heap *h) {
#if LUA_VERSION_NUM >= 505
  lua_State *L = lua_newstate(alloc, h, luaL_makeseed(NULL));
#else
  lua_State *L = lua_newstate(alloc, h);
#endif
  if (!L) return NULL;
  lua_atpanic(L, panic);
  lua_setwarnf(L, warn, h);
  return L;
}

lua_State *thr_memory_newstate(void) {
  heap *h = thr_os_alloc(sizeof(*h));
  if (!h) return NULL;
  h->chunk_size = THR_HEAP_CHUNK_FIRST;
  lua_State *L = new_state(h);
  if (!L) free_heap(h);
  return L;
}

void thr_memory_close(lua_State *L) {
  void *h;
  lua_getallocf(L, &h);
  lua_close(L);
  free_heap(h);
}
