/*
** slots: where the items of a queue are kept: in a row, of which the first or
** the last is taken, or in a heap.
**
** A row has slots in C. A number or a boolean is in its slot; the slot of
** any other item says only that it is an object, and the objects are in a
** row of their own, in a table: that is the user value 1 of the value at stack
** index 1, which owns the items. As both rows are used at the same ends, they
** stay in step. The heap is in the table alone.
**
** To make a table, and to compare, may call Lua, which may use the same items:
** `changes` grows with each change; a function that finds it grown looks again.
**
** Guard: the global lock.
*/
#ifndef THR_SLOTS_H
#define THR_SLOTS_H

#include <lua.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

typedef enum { THR_FIFO, THR_LIFO, THR_PRIORITY } thr_order;

/* When an item is taken, its slot is marked as empty.  Nothing reads that, but
** a slot that was written to by its last reader costs the next writer, on
** another processor, far less than one that both have in their caches. */
typedef struct {
  enum { THR_SLOT_EMPTY, THR_SLOT_OBJECT, THR_SLOT_INTEGER, THR_SLOT_FLOAT,
         THR_SLOT_BOOLEAN } kind;
  union {
    lua_Integer i;
    lua_Number n;
    int b;
  } u;
} thr_slot;

/* A ring: the i-th is at (head + i) & (room - 1). */
typedef struct {
  int64_t n;
  int64_t room; /* 0, or a power of 2 */
  int64_t head;
} thr_row;

typedef struct {
  thr_order order; /* const */
  thr_row row;     /* of the slots; n is that of all items */
  thr_row objects; /* in the table */
  thr_slot *slots;
  unsigned long long changes; /* how many there were */
  unsigned long long emptied; /* at which change it was empty last */
} thr_slots;

/* What is called before Lua code may run, or an error be raised. */
typedef struct {
  void (*call)(void *arg);
  void *arg;
} thr_alarm;

/* Puts the item at stack index 2 if it is an integer, and there is a slot. */
static inline bool thr_slots_putinteger(lua_State *L, thr_slots *items) {
  thr_row *row = &items->row;
  if (row->n >= row->room || !lua_isinteger(L, 2)) return false;
  thr_slot *slot = &items->slots[(row->head + row->n) & (row->room - 1)];
  slot->kind = THR_SLOT_INTEGER;
  slot->u.i = lua_tointeger(L, 2);
  row->n++;
  items->changes++;
  return true;
}

/* Takes the first item and pushes it if it is an integer, and not the last. */
static inline bool thr_slots_takeinteger(lua_State *L, thr_slots *items) {
  thr_row *row = &items->row;
  if (items->order != THR_FIFO || row->n <= 1) return false;
  thr_slot *slot = &items->slots[row->head];
  if (slot->kind != THR_SLOT_INTEGER) return false;
  lua_pushinteger(L, slot->u.i);
  slot->kind = THR_SLOT_EMPTY;
  row->head = (row->head + 1) & (row->room - 1);
  row->n--;
  items->changes++;
  return true;
}

/* Puts the item at stack index 2, which is of this type; leaves things on the
** stack.  False: things have changed, look again. */
bool thr_slots_put(lua_State *L, thr_slots *items, int type,
                   thr_alarm alarm);
/* Takes an item, of which there is one, and pushes it.  False: look again. */
bool thr_slots_take(lua_State *L, thr_slots *items, thr_alarm alarm);
/* Forgets them all; then, with a Lua state, the table too. */
void thr_slots_drop(thr_slots *items);
void thr_slots_droptable(lua_State *L);

THR_PRIVATE_END

#endif
