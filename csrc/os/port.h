/*
** port: what differs between compilers and C libraries, as macros: what is
** visible outside the shared object, and thread-local storage.
**
** Includes nothing of ours.  Included by everybody, through os.h.
*/
#ifndef THR_PORT_H
#define THR_PORT_H

#include <setjmp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define THR_FOREVER INT64_MAX
#define THR_SECOND INT64_C(1000000000)

/*
** Beside POSIX we use what Linux and its C libraries have of their own.  Other
** systems go without; what there is for them runs on Linux, too, if __linux__
** is not defined (tools/portability).
*/
#if defined(__linux__) && defined(__GLIBC__)
#define THR_GLIBC(major, minor) __GLIBC_PREREQ(major, minor)
#else
#define THR_GLIBC(major, minor) 0
#endif

/* Between these two stand the declarations of every header of the library:
** what they declare is not exported from the shared object. */
#if defined(__GNUC__)
#define THR_PRIVATE_BEGIN _Pragma("GCC visibility push(hidden)")
#define THR_PRIVATE_END _Pragma("GCC visibility pop")
#else
#define THR_PRIVATE_BEGIN
#define THR_PRIVATE_END
#endif

/* In a quick path: a declared function of another library is called at its
** address, and not through the stub that shared objects have for such. */
#if defined(__has_attribute)
#if __has_attribute(noplt)
#define THR_DIRECT(f) extern __typeof__(f) f __attribute__((noplt));
#endif
#endif
#if !defined(THR_DIRECT)
#define THR_DIRECT(f)
#endif

/* Inlined, such a function would make what calls it slower. */
#if defined(__GNUC__)
#define THR_RARE __attribute__((cold, noinline))
#else
#define THR_RARE
#endif

/*
** A thread's own pointer must be readable inside a signal handler, where the
** lazy kind of thread-local storage may call malloc.
*/
#if defined(__GLIBC__) && defined(__GNUC__)
#define THR_TLS __attribute__((tls_model("initial-exec"))) _Thread_local
#else
#define THR_TLS _Thread_local
#endif

/* Leaving frames of C without their returning, where they hold nothing; the
** signal mask stays as it is.  Elsewhere setjmp saves it, by a system call. */
#if defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || \
    defined(__OpenBSD__) || defined(__DragonFly__)
#define thr_os_setjump(to) _setjmp(to)
#define thr_os_jump(to, code) _longjmp(to, code)
#else
#define thr_os_setjump(to) setjmp(to)
#define thr_os_jump(to, code) longjmp(to, code)
#endif

#endif
