/*
** send: jobs that send a parcel to a rank.
**
** A short value is out of the sender's hands when the engine has it: the job is
** over when MPI has taken it, and nobody need wait for that.  A long one, or an
** Array, is over when it has been received, or refused.
*/
#ifndef THM_SEND_H
#define THM_SEND_H

#include "comm.h"

THM_PRIVATE_BEGIN

/* To be submitted; NULL: no memory.  The bytes are copied. */
thm_job *thm_send_value(thm_comm *c, int to, int tag, const void *bytes,
                        size_t size);
bool thm_send_islong(size_t size); /* its sender waits */
/* Of an Array, held by the job from then on. */
thm_job *thm_send_array(thm_comm *c, int to, int tag, const threading_array *a,
                        size_t size, const threading_api *api,
                        threading_object *held);
/* What ranks tell each other of a parcel, or of the end. */
thm_job *thm_send_word(thm_comm *c, int to, thm_parcelkind kind,
                       uint32_t number, const char *text);

/* Engine: the parcel of this number is asked for, or refused. */
void thm_send_asked(thm_comm *c, int by, uint32_t number);
void thm_send_refused(thm_comm *c, int by, uint32_t number, const char *why,
                      size_t length);

THM_PRIVATE_END

#endif
