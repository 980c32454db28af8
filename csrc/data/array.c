/* array: see array.h. */
#include "data/array.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/box.h"
#include "bind/describe.h"
#include "os/tuning.h"
#include "threading.h"
#include "warn/lost.h"

/* One block: the record, a gap up to the alignment, and the elements, whole
** lines of them, so that no two Arrays share one.  From calloc, which has big
** blocks from the system, zero and not yet in memory. */
thr_array *thr_array_new(thr_elem type, size_t n) {
  const size_t line = THR_ARRAY_ALIGN, size = thr_elem_size(type);
  if (n > (PTRDIFF_MAX - sizeof(thr_array) - 2 * line) / size) return NULL;
  size_t bytes = (n * size + line - 1) / line * line;
  thr_array *a = thr_os_alloc(sizeof(*a) + line - 1 + bytes);
  if (!a) return NULL;
  uintptr_t data = ((uintptr_t)(a + 1) + line - 1) / line * line;
  atomic_init(&a->refs, 1);
  a->type = type;
  a->n = n;
  a->data = n > 0 ? (void *)data : NULL;
  return a;
}

/* --- in memory that processes share --- */

static bool take(void *user, void *arg) {
  thr_array *a = user;
  const thr_array *wanted = arg;
  int refs = atomic_load(&a->refs);
  if (a->type != wanted->type || a->n != wanted->n) return false;
  /* One that has no references any more is about to be freed. */
  while (refs > 0)
    if (atomic_compare_exchange_weak(&a->refs, &refs, refs + 1)) return true;
  return false;
}

/* Takes the block, or frees it. */
static thr_array *in_block(thr_block *b, thr_elem type, size_t n) {
  thr_array *a = b ? thr_array_new(type, 0) : NULL;
  if (!a) {
    if (b) thr_block_free(b);
    errno = b ? ENOMEM : errno;
    return NULL;
  }
  a->n = n;
  a->data = n > 0 ? b->data : NULL;
  a->block = b;
  thr_array *found = thr_block_enter(b, a, take, a);
  if (found != a) thr_array_unref(a);
  return found;
}

thr_array *thr_array_adopt(int fd, thr_elem type, size_t n) {
  size_t size = thr_elem_size(type);
  if (n <= PTRDIFF_MAX / size)
    return in_block(thr_block_adopt(fd, n * size), type, n);
  thr_os_close(fd);
  return NULL;
}

void thr_array_unref(thr_array *a) {
  if (atomic_fetch_sub(&a->refs, 1) != 1) return;
  if (a->block) thr_block_free(a->block);
  thr_label_free(a->label);
  thr_os_free(a);
}

/* Compiled functions run without the global lock.  So that nobody meets half an
** element, each is read and written whole. */
#define READ(a, T, i) \
  atomic_load_explicit((_Atomic T *)(a)->data + (i), memory_order_relaxed)
#define WRITE(a, T, i, x) \
  atomic_store_explicit((_Atomic T *)(a)->data + (i), (x), \
                        memory_order_relaxed)

static thr_num load(const thr_array *a, size_t i) {
  thr_num x = {0};
  switch (a->type) {
#define X(tag, name, T, k) \
  case THR_##tag: x.k = READ(a, T, i); break;
    THR_ELEMS(X)
#undef X
    default: break;
  }
  return x;
}

static void store(thr_array *a, size_t i, thr_num x) {
  switch (a->type) {
#define X(tag, name, T, k) \
  case THR_##tag: WRITE(a, T, i, (T)x.k); break;
    THR_ELEMS(X)
#undef X
    default: break;
  }
}

void thr_array_fill(thr_array *a, thr_num x, size_t from, size_t to) {
  switch (a->type) {
#define X(tag, name, T, k)                                              \
  case THR_##tag:                                                       \
    for (size_t i = from; i < to; i++) ((T *)a->data)[i] = (T)x.k;      \
    break;
    THR_ELEMS(X)
#undef X
    default: break;
  }
}

/* --- the Lua face --- */

/* The way to an element. */
THR_DIRECT(lua_isinteger)
THR_DIRECT(lua_pushinteger)
THR_DIRECT(lua_pushnumber)
THR_DIRECT(lua_rawlen)
THR_DIRECT(lua_tointegerx)
THR_DIRECT(lua_tonumberx)
THR_DIRECT(lua_touserdata)
THR_DIRECT(lua_type)

/***
A block of numbers of one type that Lua and C share, aligned to 64 bytes, for
C to use without a copy.  `a[i]` and `a[i] = x` are its elements, from 1 to
`#a`.  `a[#a + 1]` reads as nil, which is where `ipairs` ends; any other index
outside is an error.  The functions of `table` that read and write elements
(sort, concat, unpack, move) take an Array for a table.

A number that does not fit the type is refused, as by a `threading.Value`.
Elements are plain memory: threads that share them keep their accesses apart.
Garbage collection counts the memory behind an Array.
@classmod threading.Array
@usage
local threading = require "threading"
local squares = threading.Array("int64", 100)

threading.parallel_for(1, #squares, function(first, last)
  for i = first, last do
    squares[i] = i * i
  end
end)
print(#squares, squares[10]) --> 100 100
*/
static void unref(void *a) { thr_array_unref(a); }

static void *ref(void *a) {
  thr_array_ref(a);
  return a;
}

const thr_kind thr_array_kind = {
    .name = "threading.Array", .unref = unref, .ref = ref,
    .open = thr_array_open};

thr_array *thr_array_test(lua_State *L, int arg) {
  return thr_box_test(L, arg, &thr_array_kind);
}

static thr_array *check(lua_State *L, int arg) {
  return thr_box_check(L, arg, &thr_array_kind);
}

/* Bytes that are reported at once, at most: Lua subtracts them from what it
** owes. */
#define MAX_STEP ((size_t)1 << 30)

/* The collector sees boxes of a few bytes: the size of what is behind them is
** reported to it, or it would let a loop that makes Arrays fill the memory. */
void thr_array_account(lua_State *L, size_t bytes) {
  static atomic_size_t owed; /* by all states: it is no more than a hint */
  bytes += atomic_exchange_explicit(&owed, 0, memory_order_relaxed);
  if (bytes < THR_ARRAY_STEP) {
    atomic_fetch_add_explicit(&owed, bytes, memory_order_relaxed);
  } else if (lua_gc(L, LUA_GCISRUNNING) == 1) {
    if (bytes > MAX_STEP) bytes = MAX_STEP;
#if LUA_VERSION_NUM >= 505
    lua_gc(L, LUA_GCSTEP, bytes);
#else
    lua_gc(L, LUA_GCSTEP, (int)(bytes / 1024));
#endif
  }
}

/* Of so many that their size is a number; NULL with errno, where shared. */
static thr_array *make(thr_elem type, size_t n, bool shared) {
  if (!shared) return thr_array_new(type, n);
  return in_block(thr_block_new(n * thr_elem_size(type)), type, n);
}

/* Pushes an Array of n elements.  Garbage is collected for it as for a table
** that finds no memory. */
static thr_array *push_new(lua_State *L, thr_elem type, lua_Integer n,
                           bool shared) {
  size_t most = PTRDIFF_MAX / thr_elem_size(type);
  size_t count = (lua_Unsigned)n < most ? (size_t)n : most;
  thr_array_account(L, count * thr_elem_size(type));
  thr_box *box = thr_box_new(L, &thr_array_kind);
  thr_array *a = make(type, count, shared);
  if (!a) {
    lua_gc(L, LUA_GCCOLLECT);
    a = make(type, count, shared);
  }
  if (!a)
    thr_blame_error(L, "%s for an Array of n = %I %s",
                    shared && errno != ENOMEM ? strerror(errno)
                                              : "not enough memory",
                    (LUAI_UACINT)n, thr_elem_name(type));
  thr_box_fill(box, &thr_array_kind, a);
  return a;
}

/* The number at the top, as element i of the table at arg. */
static thr_num checkelement(lua_State *L, int arg, lua_Integer i,
                            thr_elem type) {
  thr_num x;
  if (thr_elem_get(L, -1, type, &x)) return x;
  const char *why = thr_elem_pushwhy(L, -1, type);
  const char *name = lua_pushfstring(L, "element %I", (LUAI_UACINT)i);
  thr_args_error(L, arg, name, "%s", why);
  return x;
}

static void read_table(lua_State *L, int arg, thr_array *a) {
  for (size_t i = 0; i < a->n; i++) {
    lua_geti(L, arg, (lua_Integer)i + 1);
    store(a, i, checkelement(L, arg, (lua_Integer)i + 1, a->type));
    lua_pop(L, 1);
  }
}

/* How many elements: the number at 2, or the length of the table there. */
static lua_Integer check_n(lua_State *L) {
  if (!lua_istable(L, 2)) {
    if (lua_type(L, 2) != LUA_TNUMBER)
      thr_args_typeerror(L, 2, "n", "integer or table");
    return thr_args_integer(L, 2, "n", 0, LUA_MAXINTEGER);
  }
  lua_Integer n = luaL_len(L, 2);
  if (n < 0) thr_args_error(L, 2, "n", "the length is negative");
  return n;
}

int thr_array_create(lua_State *L) {
  static const char *const names[] = {"type", "n", "name", "shared", NULL};
  /* a table at 2 is one of elements */
  const char *name = thr_args_options(L, 3, 2, names);
  lua_settop(L, 4); /* the name stays */
  thr_elem type = thr_elem_checktype(L, 1);
  thr_array *a = push_new(L, type, check_n(L),
                          thr_args_optboolean(L, 4, "shared", false));
  a->label = thr_describe_label(L, name);
  if (lua_istable(L, 2)) read_table(L, 2, a);
  return 1;
}

/* The elements from i to j: arguments, by default all. */
typedef struct {
  size_t from, to; /* counted from 0; `to` is not one of them */
} range;

static range checkrange(lua_State *L, const thr_array *a, int arg) {
  lua_Integer n = (lua_Integer)a->n;
  lua_Integer i = thr_args_optinteger(L, arg, "i", 1, n + 1, 1);
  lua_Integer j = thr_args_optinteger(L, arg + 1, "j", i - 1, n, n);
  return (range){(size_t)i - 1, (size_t)j};
}

/***
Sets elements to a number.  Other threads run meanwhile, if it takes time.
@function fill
@tparam number v the number
@tparam[opt=1] integer i the first
@tparam[opt=#a] integer j the last; `i - 1` for none
@treturn Array itself
@raise if v does not fit the type, or i and j do not lie in the Array
*/
static int array_fill(lua_State *L) {
  thr_array *a = check(L, 1);
  thr_num v = thr_elem_check(L, 2, "v", a->type);
  range r = checkrange(L, a, 3);
  if ((r.to - r.from) * thr_elem_size(a->type) < THR_ARRAY_LONG) {
    thr_array_fill(a, v, r.from, r.to);
  } else {
    thr_array_ref(a);
    THREADING_BEGIN_NOGIL(L)
    thr_array_fill(a, v, r.from, r.to);
    THREADING_END_NOGIL(L)
    thr_array_unref(a);
  }
  lua_settop(L, 1);
  return 1;
}

/***
Makes an Array of the same type with the same elements.  Other threads run
meanwhile, if it takes time.
@function copy
@treturn Array
@raise if there is not enough memory
*/
static int array_copy(lua_State *L) {
  thr_array *a = check(L, 1);
  thr_array *b = push_new(L, a->type, (lua_Integer)a->n, false);
  a = check(L, 1); /* finalisers may have run */
  size_t bytes = a->n * thr_elem_size(a->type);
  if (bytes >= THR_ARRAY_LONG) {
    thr_array_ref(a);
    THREADING_BEGIN_NOGIL(L)
    memcpy(b->data, a->data, bytes);
    THREADING_END_NOGIL(L)
    thr_array_unref(a);
  } else if (bytes > 0) {
    memcpy(b->data, a->data, bytes);
  }
  return 1;
}

/***
The name that it was given when it was made.
@function get_name
@treturn string or nil, where it has none
*/
static int array_getname(lua_State *L) {
  return thr_describe_getname(L, check(L, 1)->label);
}

/***
Adds to an element atomically: no other change of it comes in between, of this
process or, where the Array is shared, of another.  An int64 and a uint64 wrap
around, as Lua's integers do.
@function fetch_add
@tparam integer i
@tparam number n
@treturn number the element before
@raise if there is no element i, n is not a number of its kind, or the sum does
not fit the type; the element is then unchanged
*/
static int array_fetchadd(lua_State *L) {
  thr_array *a = check(L, 1);
  lua_Integer i = thr_args_integer(L, 2, "i", 1, (lua_Integer)a->n);
  size_t at = (size_t)(i - 1) * thr_elem_size(a->type);
  return thr_elem_fetchadd(L, 3, a->type, (char *)a->data + at);
}

static void push(lua_State *L, const thr_array *a, size_t i) {
  switch (a->type) {
#define PUSH_i(L, x) lua_pushinteger(L, (lua_Integer)(x))
#define PUSH_d(L, x) lua_pushnumber(L, (x))
#define X(tag, name, T, k) \
  case THR_##tag: PUSH_##k(L, READ(a, T, i)); break;
    THR_ELEMS(X)
#undef X
    default: break;
  }
}

/***
Makes a table of elements.
@function totable
@tparam[opt=1] integer i the first
@tparam[opt=#a] integer j the last; `i - 1` for none
@treturn {number,...}
@raise if i and j do not lie in the Array
*/
static int array_totable(lua_State *L) {
  thr_array *a = check(L, 1);
  range r = checkrange(L, a, 2);
  size_t n = r.to - r.from;
  lua_createtable(L, n < INT_MAX ? (int)n : INT_MAX, 0);
  a = check(L, 1); /* finalisers may have run */
  for (size_t i = 0; i < n; i++) {
    push(L, a, r.from + i);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

/* The position that the key at 2, which is not an integer, stands for;
** raises. */
static lua_Integer integral(lua_State *L) {
  int ok;
  lua_Integer i = lua_tointegerx(L, 2, &ok);
  if (lua_type(L, 2) == LUA_TSTRING)
    thr_blame_error(L, "an Array has no field '%s'", lua_tostring(L, 2));
  if (lua_type(L, 2) != LUA_TNUMBER)
    thr_blame_error(L, "index: integer expected, got %s", luaL_typename(L, 2));
  if (!ok)
    thr_blame_error(L, "index: %s is not an integer",
                    luaL_tolstring(L, 2, NULL));
  return i;
}

static int outside(lua_State *L, const thr_array *a, lua_Integer i) {
  return thr_blame_error(L, "index: %I is not from 1 to #a, which is %I",
                         (LUAI_UACINT)i, (LUAI_UACINT)a->n);
}

static int index_integer(lua_State *L, const thr_array *a, lua_Integer i) {
  if ((lua_Unsigned)i - 1 < a->n) push(L, a, (size_t)i - 1);
  else if ((lua_Unsigned)i - 1 == a->n) lua_pushnil(L);
  else outside(L, a, i);
  return 1;
}

/* A method, `type`, or an integer that is written as a float. */
static int index_other(lua_State *L, const thr_array *a) {
  if (lua_type(L, 2) == LUA_TSTRING) {
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
    if (strcmp(lua_tostring(L, 2), "type") == 0) {
      lua_pushstring(L, thr_elem_name(a->type));
      return 1;
    }
    thr_box_pushmethod(L); /* may raise */
  }
  return index_integer(L, a, integral(L));
}

/***
The type's name (string, read only).
@field type
*/
static int array_index(lua_State *L) {
  const thr_array *a = check(L, 1);
  if (!lua_isinteger(L, 2)) return index_other(L, a);
  return index_integer(L, a, lua_tointeger(L, 2));
}

/* Element i becomes the number at 3.  False: it is none, or does not fit.
** The way through is as short as it can be; the rest is left to elem. */
static bool set(lua_State *L, thr_array *a, size_t i) {
  switch (a->type) {
#define TEST_i(L) lua_isinteger(L, 3)
#define TEST_d(L) (lua_type(L, 3) == LUA_TNUMBER)
#define TO_i(L) lua_tointeger(L, 3)
#define TO_d(L) lua_tonumber(L, 3)
#define X(tag, name, T, k)                                              \
  case THR_##tag: {                                                     \
    if (!TEST_##k(L)) break;                                            \
    thr_num x = {.k = TO_##k(L)};                                       \
    if (sizeof(T) < sizeof(x) && (thr_num){.k = (T)x.k}.k != x.k) break; \
    WRITE(a, T, i, (T)x.k);                                             \
    return true;                                                        \
  }
    THR_ELEMS(X)
#undef X
    default: break;
  }
  thr_num x;
  bool fits = thr_elem_get(L, 3, a->type, &x);
  if (fits) store(a, i, x);
  return fits;
}

static int array_newindex(lua_State *L) {
  thr_array *a = check(L, 1);
  lua_Integer i = lua_isinteger(L, 2) ? lua_tointeger(L, 2) : integral(L);
  if ((lua_Unsigned)i - 1 >= a->n) return outside(L, a, i);
  if (!set(L, a, (size_t)i - 1))
    return thr_blame_error(L, "element %I: %s", (LUAI_UACINT)i,
                           thr_elem_pushwhy(L, 3, a->type));
  return 0;
}

static int array_len(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)check(L, 1)->n);
  return 1;
}

#define SHOWN 8 /* elements */

static int array_tostring(lua_State *L) {
  thr_array *a = thr_box_use(L, 1, &thr_array_kind);
  luaL_Buffer b;
  const char *label = thr_describe_pushlabel(L, a->label);
  lua_pushfstring(L, "<threading.Array%s %s[%I] {", label,
                  thr_elem_name(a->type), (LUAI_UACINT)a->n);
  const char *head = lua_tostring(L, -1);
  luaL_buffinit(L, &b);
  luaL_addstring(&b, head);
  for (size_t i = 0; i < a->n && i < SHOWN; i++) {
    if (i > 0) luaL_addstring(&b, ", ");
    thr_elem_pushtext(L, a->type, load(a, i));
    luaL_addvalue(&b);
  }
  luaL_addstring(&b, a->n > SHOWN ? ", ...}>" : "}>");
  luaL_pushresult(&b);
  return 1;
}

/* --- while debugging, see lost --- */

/* Which element the key at 2 is, counted from 0; -1: none. */
static lua_Integer position(lua_State *L, const thr_array *a) {
  lua_Integer i = lua_isinteger(L, 2) ? lua_tointeger(L, 2) : 0;
  return (lua_Unsigned)i - 1 < a->n ? i - 1 : -1;
}

static int watched_index(lua_State *L) {
  const thr_array *a = check(L, 1);
  lua_Integer i = position(L, a);
  thr_num x = {0};
  int n = array_index(L);
  if (i >= 0 && thr_elem_get(L, -1, a->type, &x))
    thr_lost_read(L, a, (size_t)i, x.i);
  return n;
}

static int watched_newindex(lua_State *L) {
  const thr_array *a = check(L, 1);
  lua_Integer i = position(L, a);
  if (i >= 0)
    thr_lost_store(L, a, (size_t)i, load(a, (size_t)i).i, "Array", a->label);
  return array_newindex(L);
}

void thr_array_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"fill", array_fill},       {"copy", array_copy},
      {"totable", array_totable}, {"get_name", array_getname},
      {"fetch_add", array_fetchadd},
      {"__newindex", array_newindex}, {"__len", array_len},
      {"__tostring", array_tostring}, {NULL, NULL}};
  static const luaL_Reg watched[] = {{"__newindex", watched_newindex},
                                     {NULL, NULL}};
  bool watches = thr_os_debugs();
  thr_box_newtype(L, &thr_array_kind, methods);
  if (watches) thr_box_override(L, watched);
  thr_box_indexwith(L, watches ? watched_index : array_index);
  lua_pop(L, 1);
}
