/*
** port: what all files of this rock share: what is visible outside the shared
** object, and a few words.
**
** Includes nothing of ours.
*/
#ifndef THM_PORT_H
#define THM_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Between these two are the declarations of every header: what they declare is
** not exported. */
#if defined(__GNUC__)
#define THM_PRIVATE_BEGIN _Pragma("GCC visibility push(hidden)")
#define THM_PRIVATE_END _Pragma("GCC visibility pop")
#else
#define THM_PRIVATE_BEGIN
#define THM_PRIVATE_END
#endif

#define THM_TEXT 256 /* bytes of the text of an error */

#endif
