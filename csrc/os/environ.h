/*
** environ: the environment, and whether it may be trusted.
**
** A program may have more rights than the user who starts it, and so chooses
** its environment (set-user-ID, set-group-ID, file capabilities): such a
** program sees none of it here.
*/
#ifndef THR_ENVIRON_H
#define THR_ENVIRON_H

#include "os/os.h"

THR_PRIVATE_BEGIN

/* Has this process more rights than the one that started it? */
bool thr_os_elevated(void);

/* As getenv; NULL where thr_os_elevated. */
const char *thr_os_getenv(const char *name);

/* As environ. */
char **thr_os_environ(void);

/* What programs get that this one starts for its own purposes: where
** thr_os_elevated, no more than where the system's programs are. */
char **thr_os_trustedenviron(void);

/* The executable file of a program's name, found by PATH if there is no slash
** in it.  Returns 0 or errno. */
int thr_os_findprogram(const char *name, char *path, size_t size);

/* Where that is without links.  False: that is unknown, or it is a script. */
bool thr_os_findbinary(const char *name, char *path, size_t size);

THR_PRIVATE_END

#endif
