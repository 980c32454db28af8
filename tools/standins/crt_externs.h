/* crt_externs.h: of macOS, see apple.h. */
#ifndef STANDINS_CRT_EXTERNS_H
#define STANDINS_CRT_EXTERNS_H

extern char **environ;
static inline char ***_NSGetEnviron(void) { return &environ; }

#endif
