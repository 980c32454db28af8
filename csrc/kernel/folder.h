/*
** folder: folders and files for kernels, by descriptors, see os/folders.h.
**
** The functions of threading._thread return nil and a message where the system
** refuses something.  A folder is closed at the end of its block, or collected;
** one that _unique has made is removed then.
*/
#ifndef THR_FOLDER_H
#define THR_FOLDER_H

#include <lua.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

void thr_folder_open(lua_State *L);

/* _folder(path, make) -> a folder, its path without links */
int thr_folder_find(lua_State *L);
int thr_folder_isprivate(lua_State *L); /* _is_private(folder) -> boolean */
/* _unique(folder, its path) -> a new folder in it, its path */
int thr_folder_unique(lua_State *L);
/* _read_file(folder, name) -> its text; the folder keeps it open */
int thr_folder_read(lua_State *L);
/* _load(folder, path) -> a handle of the shared object that was read last */
int thr_folder_load(lua_State *L);
/* _write_file(folder, name, text) -> true */
int thr_folder_write(lua_State *L);
/* _move_file(folder, name, folder, new name) -> true */
int thr_folder_move(lua_State *L);

/* _state(path) -> the state of a file as a string, "" if there is none;
** when it was changed last */
int thr_folder_state(lua_State *L);
int thr_folder_checksum(lua_State *L); /* _checksum(text) -> integer */

THR_PRIVATE_END

#endif
