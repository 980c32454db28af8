/*
** dl: shared objects: loading them, what they hold, and which one holds an
** address.
*/
#ifndef THR_DL_H
#define THR_DL_H

#include "os/os.h"

THR_PRIVATE_BEGIN

/* Keeps the shared object that holds `address` in memory until the process
** ends: a living thread must never lose its code to dlclose. */
void thr_os_keeploaded(const void *address);
/* The name of that library, or "?". */
const char *thr_os_libraryof(const void *address);
#if defined(__GNUC__)
#define thr_os_caller() __builtin_return_address(0)
#else
#define thr_os_caller() NULL
#endif

/* The shared object in an open file, which stays loaded; NULL with a message
** in *why.  `path` leads to the file, and serves where descriptors do not. */
void *thr_os_load(int file, const char *path, const char **why);
typedef void (*thr_os_fn)(void);
thr_os_fn thr_os_symbol(void *object, const char *name); /* or NULL */
void *thr_os_datum(void *object, const char *name); /* likewise */

/* Where is the symbol: in the program and what it is linked with, or in one of
** the files, if that is loaded?  False: nowhere. */
bool thr_os_holder(const char *symbol, const char *const files[],
                   void **object);

THR_PRIVATE_END

#endif
