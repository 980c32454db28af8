/*
** prompt: other threads run while lua.c's prompt waits for a line.
**
** lua.c may be linked with GNU readline, which reads each key by a function
** that can be replaced.  Ours waits in park first.  Where readline is another
** one, linked statically, older than 8.0, or where somebody has replaced the
** function already, nothing changes.
*/
#ifndef THR_PROMPT_H
#define THR_PROMPT_H

#include "os/os.h"

THR_PRIVATE_BEGIN

void thr_prompt_open(void);

THR_PRIVATE_END

#endif
