/* items: see items.h. */
#include "queue/slots.h"

#include <lauxlib.h>

#include "bind/blame.h"
#include "os/tuning.h"
#include "queue/heap.h"

static int64_t place(const thr_row *row, int64_t i) {
  return (row->head + i) & (row->room - 1);
}

/* The place of the item that comes out next, which leaves the row. */
static int64_t take_place(thr_row *row, thr_order order) {
  int64_t at = place(row, order == THR_LIFO ? row->n - 1 : 0);
  if (order == THR_FIFO) row->head = (at + 1) & (row->room - 1);
  row->n--;
  return at;
}

static int64_t next_room(const thr_row *row) {
  return row->room ? 2 * row->room : THR_FIRST_ROOM;
}

void thr_slots_drop(thr_slots *items) {
  thr_os_free(items->slots);
  items->slots = NULL;
  items->row = items->objects = (thr_row){0, 0, 0};
  items->changes++;
}

void thr_slots_droptable(lua_State *L) {
  lua_pushnil(L);
  lua_setiuservalue(L, 1, 1);
}

/* What stood before the head comes behind the rest. */
static void grow_slots(lua_State *L, thr_slots *items) {
  thr_row *row = &items->row;
  int64_t room = next_room(row);
  int64_t most = PTRDIFF_MAX / (int64_t)sizeof(thr_slot);
  thr_slot *slots = room > INT32_MAX || room > most ? NULL
      : thr_os_realloc(items->slots, (size_t)room * sizeof(*slots));
  if (!slots) thr_blame_error(L, "not enough memory");
  for (int64_t i = 0; i < row->head; i++) slots[row->room + i] = slots[i];
  items->slots = slots;
  row->room = room;
}

/* To make the table may run finalisers, which may use the items: it is wanted
** only if nothing has changed. */
static void grow_table(lua_State *L, thr_slots *items) {
  thr_row *row = &items->objects;
  unsigned long long changes = items->changes;
  int64_t room = next_room(row);
  if (room > INT32_MAX) thr_blame_error(L, "not enough memory");
  lua_createtable(L, (int)room, 0);
  if (changes != items->changes) {
    lua_pop(L, 1);
    return;
  }
  lua_getiuservalue(L, 1, 1);
  for (int64_t i = 0; i < row->n; i++) {
    lua_rawgeti(L, -1, place(row, i) + 1);
    lua_rawseti(L, -3, i + 1);
  }
  lua_pop(L, 1);
  lua_setiuservalue(L, 1, 1);
  row->head = 0;
  row->room = room;
  items->changes++;
}

static void put_object(lua_State *L, thr_row *row) {
  lua_getiuservalue(L, 1, 1);
  lua_pushvalue(L, 2);
  lua_rawseti(L, -2, place(row, row->n) + 1);
  row->n++;
}

static void take_object(lua_State *L, thr_row *row, thr_order order) {
  lua_Integer at = take_place(row, order) + 1;
  lua_getiuservalue(L, 1, 1);
  lua_rawgeti(L, -1, at);
  lua_pushnil(L);
  lua_rawseti(L, -3, at);
}

static void put_plain(lua_State *L, thr_slot *slot, int type) {
  if (type == LUA_TBOOLEAN) {
    slot->kind = THR_SLOT_BOOLEAN;
    slot->u.b = lua_toboolean(L, 2);
  } else if (lua_isinteger(L, 2)) {
    slot->kind = THR_SLOT_INTEGER;
    slot->u.i = lua_tointeger(L, 2);
  } else {
    slot->kind = THR_SLOT_FLOAT;
    slot->u.n = lua_tonumber(L, 2);
  }
}

static bool put_in_row(lua_State *L, thr_slots *items, int type,
                       thr_alarm alarm) {
  thr_row *row = &items->row, *objects = &items->objects;
  bool plain = type == LUA_TNUMBER || type == LUA_TBOOLEAN;
  if (row->n == row->room || (!plain && objects->n == objects->room)) {
    alarm.call(alarm.arg);
    if (row->n == row->room) grow_slots(L, items);
    else grow_table(L, items);
    return false;
  }
  thr_slot *slot = &items->slots[place(row, row->n)];
  if (plain) {
    put_plain(L, slot, type);
  } else {
    slot->kind = THR_SLOT_OBJECT;
    put_object(L, objects);
  }
  row->n++;
  items->changes++;
  return true;
}

static void take_from_row(lua_State *L, thr_slots *items) {
  thr_slot *slot = &items->slots[take_place(&items->row, items->order)];
  switch (slot->kind) {
    case THR_SLOT_EMPTY: break; /* not in the row */
    case THR_SLOT_INTEGER: lua_pushinteger(L, slot->u.i); break;
    case THR_SLOT_FLOAT: lua_pushnumber(L, slot->u.n); break;
    case THR_SLOT_BOOLEAN: lua_pushboolean(L, slot->u.b); break;
    case THR_SLOT_OBJECT: take_object(L, &items->objects, items->order);
  }
  slot->kind = THR_SLOT_EMPTY;
  items->changes++;
}

static bool put_in_heap(lua_State *L, thr_slots *items, thr_alarm alarm) {
  thr_row *row = &items->objects;
  thr_heapsearch s = {&items->changes, alarm.call, alarm.arg};
  if (row->n == row->room) {
    alarm.call(alarm.arg);
    grow_table(L, items);
    return false;
  }
  lua_getiuservalue(L, 1, 1);
  int table = lua_gettop(L);
  lua_Integer at = thr_heap_findput(L, &s, table, row->n, 2);
  if (at != 0) {
    thr_heap_put(L, table, row->n, 2, at);
    items->row.n = ++row->n;
    items->changes++;
  }
  lua_pop(L, 1);
  return at != 0;
}

static bool take_from_heap(lua_State *L, thr_slots *items, thr_alarm alarm) {
  thr_row *row = &items->objects;
  thr_heapsearch s = {&items->changes, alarm.call, alarm.arg};
  lua_getiuservalue(L, 1, 1);
  int table = lua_gettop(L);
  lua_Integer at = thr_heap_findtake(L, &s, table, row->n);
  if (at == 0) {
    lua_pop(L, 1);
    return false;
  }
  thr_heap_take(L, table, row->n, at);
  items->row.n = --row->n;
  items->changes++;
  return true;
}

/* The last item has been taken: gives memory back, always where it is more than
** MAX_KEPT, and where it is more than MIN_KEPT and was not much used lately. */
static void give_back(lua_State *L, thr_slots *items) {
  int64_t room = items->row.room > items->objects.room ? items->row.room
                                                       : items->objects.room;
  unsigned long long used = items->changes - items->emptied;
  items->emptied = items->changes;
  if (room <= THR_MIN_KEPT) return;
  if (room <= THR_MAX_KEPT && used > (unsigned long long)room / 2) return;
  if (items->objects.room > 0) thr_slots_droptable(L);
  thr_slots_drop(items);
}

bool thr_slots_put(lua_State *L, thr_slots *items, int type,
                   thr_alarm alarm) {
  return items->order == THR_PRIORITY ? put_in_heap(L, items, alarm)
                                      : put_in_row(L, items, type, alarm);
}

bool thr_slots_take(lua_State *L, thr_slots *items, thr_alarm alarm) {
  if (items->order != THR_PRIORITY) take_from_row(L, items);
  else if (!take_from_heap(L, items, alarm)) return false;
  if (items->row.n == 0) give_back(L, items);
  return true;
}
