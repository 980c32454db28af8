/*
** tables: how a table becomes bytes: what it has, its metatable.
**
** A metatable is a field of a module, or a class.  One that was taken for an
** ordinary table before becomes a class when it is met as a metatable; then the
** message begins anew.
*/
#ifndef THR_TABLES_H
#define THR_TABLES_H

#include "cross/encoder.h"

THR_PRIVATE_BEGIN

/* The table at idx, which is not a negative index. */
void thr_tables_put(thr_encoder *e, int idx, int depth);
/* What the table on top of the stack has, which was put without that. */
void thr_tables_fill(thr_encoder *e);

THR_PRIVATE_END

#endif
