/*
** elem: the types of numbers that Value, Array and kernels share.
*/
#ifndef THR_ELEM_H
#define THR_ELEM_H

#include <stdint.h>

#include "os.h"

THR_PRIVATE_BEGIN

typedef enum {
  THR_INT8,
  THR_INT16,
  THR_INT32,
  THR_INT64,
  THR_UINT8,
  THR_UINT16,
  THR_UINT32,
  THR_UINT64,
  THR_FLOAT32,
  THR_FLOAT64,
  THR_NELEM
} thr_elem;

THR_PRIVATE_END

#endif
