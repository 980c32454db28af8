/*
** phrase: LuaSocket's words for the system's errors.
*/
#ifndef THR_PHRASE_H
#define THR_PHRASE_H

#include "os/port.h"

THR_PRIVATE_BEGIN

/* 0 stands for the end of a stream. */
const char *thr_phrase(int err);

THR_PRIVATE_END

#endif
