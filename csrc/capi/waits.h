/*
** waits: what C code does with locks, semaphores and events.
**
** threading.h says what each does.
*/
#ifndef THR_WAITS_H
#define THR_WAITS_H

#include "os/port.h"
#include "threading.h"

THR_PRIVATE_BEGIN

int thr_waits_lockacquire(threading_thread *t, threading_lock *lock);
int thr_waits_lockwait(threading_thread *t, threading_lock *lock,
                       double seconds);
int thr_waits_lockrelease(threading_thread *t, threading_lock *lock);

int thr_waits_rlockwait(threading_thread *t, threading_rlock *lock,
                        double seconds);
int thr_waits_rlockrelease(threading_thread *t, threading_rlock *lock);

int thr_waits_semaphorewait(threading_thread *t, threading_semaphore *s,
                            double seconds);
int thr_waits_semaphorerelease(threading_semaphore *s);

int thr_waits_eventwait(threading_thread *t, threading_event *e,
                        double seconds);
int thr_waits_eventisset(threading_event *e);
void thr_waits_eventset(threading_event *e);
void thr_waits_eventclear(threading_event *e);

THR_PRIVATE_END

#endif
