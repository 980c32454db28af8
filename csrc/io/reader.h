/*
** reader: the bytes of one of Lua's files, read while the global lock is let
** go.
**
** A file that may let its reader wait (a pipe, a terminal, a socket) is read
** byte by byte out of what its stream has buffered; where that is empty, the
** thread waits for the descriptor in park, and only then has the stream read
** on, which does not block any more.
**
** Laws
** - What a call has taken out of the stream is held in the file's reader until
**   the call returns it.  A call that ends with an error gives all back to the
**   stream, a call that returns gives back what it did not need.  Should the
**   stream not take it, for want of memory, the next call reads it first.
** - One call at a time reads a file; others wait for their turn.
** - After each wait the file may be closed, and its stream freed.
*/
#ifndef THR_READER_H
#define THR_READER_H

#include <lauxlib.h>
#include <lua.h>

#include "gil/record.h"

THR_PRIVATE_BEGIN

typedef struct {
  thr_tstate *busy; /* gil: whose call is under way */
  int waiting;      /* gil: how many wait for their turn */
  bool finalised;   /* gil: the busy call frees what is held */
  char *held;       /* the busy thread's, as the rest */
  size_t n, size;
  size_t pos; /* how far the call has come in what is held */
} thr_reader;

/* A call. */
typedef struct {
  lua_State *L;
  thr_tstate *ts;
  luaL_Stream *file;
  thr_reader *reader;
  bool closed; /* another thread has closed it: the stream is gone */
  size_t waited_at; /* how much was held at its latest wait */
} thr_reading;

/* The reader of the file at 1; NULL: reading it does not block.  `last`: it
** will hardly be read again, so that it is not worth noting that. */
thr_reader *thr_reader_of(lua_State *L, bool last);

/* Does no call read a file that may block, and no reader hold anything? */
bool thr_reader_areidle(void);

/* Between these two, both with the file at 1, all others wait. */
void thr_reader_enter(thr_reading *c);
void thr_reader_leave(const thr_reading *c);

/* Holds at least one byte more, and at most `most`; more than one only of what
** is there already.  False: the file has come to its end. */
bool thr_reader_hold(thr_reading *c, size_t most);
/* The next byte, which stays the next one; or EOF. */
int thr_reader_peek(thr_reading *c);
int thr_reader_next(thr_reading *c);
/* Pushes what is held from start on, without the last bytes. */
void thr_reader_push(thr_reading *c, size_t start, size_t without);

void thr_reader_open(lua_State *L);

THR_PRIVATE_END

#endif
