/*
** folders: folders and files by their descriptors, so that what was looked at
** is what is used.
**
** No program inherits a descriptor of these.
** Functions that return an int return 0 or errno, unless it says otherwise.
*/
#ifndef THR_FOLDERS_H
#define THR_FOLDERS_H

#include "os/os.h"

THR_PRIVATE_BEGIN

#define THR_MAX_PATH 4096

/* Which way the opening of a folder has gone. */
typedef struct {
  char path[THR_MAX_PATH]; /* without links; where it ends, on a failure */
  bool shared; /* it failed because other users could put in something else */
} thr_osway;

/* Opens the folder of an absolute path by a way on which no other user can
** exchange anything: each folder on it, and the one itself, belongs to this
** user or to root, and others cannot write it, unless it is sticky.  The same
** is true of links.  Folders that are missing are made for this user alone if
** `make` says so. */
int thr_os_openfolder(const char *path, bool make, int *folder,
                      thr_osway *way);

/* Does it belong to this user, and can no other write it? */
bool thr_os_isprivate(int folder);

/* Makes a folder in a folder, for this user alone, under a new name. */
#define THR_MAX_UNIQUE 32
int thr_os_makeunique(int folder, char name[THR_MAX_UNIQUE], int *made);

/* Opens a file for reading: no link, and this user's, which no other can have
** written.  Or makes one, that only this user can open, for writing. */
int thr_os_openfile(int folder, const char *name, int *file, size_t *size);
int thr_os_makefile(int folder, const char *name, int *file);

/* All of it, or errno. */
int thr_os_readfile(int file, char *to, size_t size);
int thr_os_writefile(int file, const char *from, size_t size);

/* Renames in one step, over what may bear the name. */
int thr_os_movefile(int from, const char *name, int to, const char *new_name);

void thr_os_removefile(int folder, const char *name);
void thr_os_removefolder(int folder, const char *name);

/* What changes when a file's contents do, or a folder's; all 0: none there. */
typedef struct {
  int64_t inode, size, modified, changed; /* the times in nanoseconds */
} thr_osstate;
thr_osstate thr_os_filestate(const char *path);

THR_PRIVATE_END

#endif
