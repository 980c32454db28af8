/*
** channel: what C keeps for a socket of threading.socket, of all kinds.
**
** A socket is a table, in which `_object` is what LuaSocket or LuaSec have
** made, and [1] is this.  LuaSocket's object makes the descriptor, and
** closes it; what waits for that, or takes and gives data, is done here, and
** the global lock is let go of once for a call.
**
** Law: `fd` is what the object's getfd returns: after each call of the object
** that may change that it is read anew, with no other thread in between; it is
** -1 while `closing` is not 0.
*/
#ifndef THR_CHANNEL_H
#define THR_CHANNEL_H

#include <lua.h>

#include "socket/inbox.h"
#include "socket/uses.h"
#include "sync/lock.h"

THR_PRIVATE_BEGIN

typedef enum { THR_RECEIVING, THR_SENDING } thr_turn;

typedef struct thr_channel {
  bool is_stream;          /* const */
  int fd;                  /* gil: the descriptor, or -1 */
  int closing; /* gil: so many threads are about to take fd away */
  lua_Number block, total; /* gil: how many seconds a wait, and a call in all,
                              may last; less than 0: for ever */
  thr_lock *turns[2]; /* const: of the threads that do the same */
  thr_uses uses;      /* gil: who uses fd */
  thr_inbox inbox;
  lua_Integer longest; /* gil: how long a line may be; 0: as it gets */
  lua_Integer received, sent; /* gil */
  atomic_int late[2]; /* atomic, a guess: so often a turn waits, then tries */
  atomic_size_t fresh_sent; /* atomic: was sent, and is not in `sent` yet */
  const void *client; /* gil: the metatable of an object that was found to be a
                         stream of LuaSocket's that is connected */
} thr_channel;

/* A call of a method.  The socket is at 1. */
typedef struct {
  lua_State *L;
  thr_tstate *ts;
  thr_channel *channel;
  const char *name; /* of the method */
  int64_t began;    /* when it did; 0: that is of no interest */
  bool noted;       /* its thread is in `uses` */
  bool plain;       /* the object is one of LuaSocket's, whose descriptor the
                       channel knows; others are asked for it */
} thr_call;

/* A call for the socket at 1; raises where no socket is there. */
void thr_channel_begin(lua_State *L, thr_call *c);
/* The same of the method of this name, for a socket of this kind. */
void thr_channel_beginof(lua_State *L, thr_call *c, bool stream,
                         const char *name);
/* Raises "bad argument 'name' to 'method' (text)"; or says what is expected. */
int thr_channel_refuse(const thr_call *c, const char *name, const char *text);
int thr_channel_expect(const thr_call *c, int arg, const char *name,
                       const char *expected);

/* A text, or a number as one; an integer, or nothing. */
const char *thr_channel_checktext(const thr_call *c, int arg, const char *name,
                                  size_t *n);
lua_Integer thr_channel_optinteger(const thr_call *c, int arg, const char *name,
                                   lua_Integer def);

/* When a call begins; 0: that is of no interest. */
int64_t thr_channel_now(const thr_channel *ch);

bool thr_channel_waitsnever(const thr_channel *ch);
/* Until when a wait may last that begins now, as LuaSocket reckons it. */
int64_t thr_channel_deadline(const thr_call *c);

/* Takes the turn; false at the timeout. */
bool thr_channel_taketurn(const thr_call *c, thr_turn turn);
/* Counts what was moved while the global lock was let go of. */
void thr_channel_settle(thr_channel *ch, thr_turn turn);

/* More than a system keeps ready for one socket: a call that shall not wait,
** and takes or gives more, keeps up with its peer. */
#define THR_MAX_AT_ONCE ((size_t)1 << 23)

/* Does the call have to end, which has moved so many bytes, though it could go
** on without a wait? */
bool thr_channel_isover(const thr_call *c, size_t moved);

int thr_channel_create(lua_State *L); /* _channel(kind) */
void thr_channel_open(lua_State *L);

THR_PRIVATE_END

#endif
