/*
** layout: the bytes of a message.
**
** Numbers of bytes, places and the like are 32 bits in this machine's order;
** Lua's integers and floats are as Lua has them.
**
** message   = value ... contents ...
** value     = tag, with flags, and what follows:
**
** NIL FALSE TRUE GLOBALS  nothing: GLOBALS is the table of globals
** BYTE INTEGER FLOAT      the number; of a BYTE one byte, from 0 to 255
** SHORT LONG              a string: its length in one byte or eight, its bytes
** POINTER                 a light userdata
** MODULE                  name: the value of a module
** FIELD                   name, key: a field of a module
** REF                     number: an object that occurred before
** OBJECT                  number: of a share
** TABLE                   [metatable,] fields
** CLASS                   head [metatable,] fields
** FUNCTION                length, code; upvalues: see below
** CALL                    name, key, count, value ...: what a module's function
**                         returns for these arguments
**
** name, key = a length in one byte, and text
** fields    = count, count, element ..., key, value ...: first the elements
**             from 1 on, then pairs.  Elements are values, or runs of numbers:
** INTEGERS FLOATS         count, the numbers
**
** A metatable is a value, there where the flag META says so.
**
** What has an address is an object: LONG, GLOBALS, MODULE, FIELD, TABLE, CLASS,
** FUNCTION, CALL.  Objects have numbers, in the order in which they begin, from
** 0.  REFERRED says that there are REFs to the object.
**
** Upvalues of a function: their number in one byte, and then for each a value
** or
** JOIN                    number of a function, which upvalue of it: the same
**
** What is nested too deeply is LATER: an empty table, or a function without
** upvalues, which is filled by contents behind the values:
** contents  = number, flags in a byte, [metatable,] fields or upvalues
**
** A class is a metatable that belongs to no module.  Its head is an identity in
** 64 bits, by which it is one and the same table over many messages; a byte,
** which says whether anything but the class is referred to from outside; how
** many objects are in it; and, in 64 bits, the length of what follows.  A Lua
** state that has the class already passes over what follows; another makes it.
*/
#ifndef THR_LAYOUT_H
#define THR_LAYOUT_H

#include "os/port.h"

typedef enum {
  THR_TAG_NIL,
  THR_TAG_FALSE,
  THR_TAG_TRUE,
  THR_TAG_GLOBALS,
  THR_TAG_BYTE,
  THR_TAG_INTEGER,
  THR_TAG_FLOAT,
  THR_TAG_SHORT,
  THR_TAG_LONG,
  THR_TAG_POINTER,
  THR_TAG_MODULE,
  THR_TAG_FIELD,
  THR_TAG_REF,
  THR_TAG_OBJECT,
  THR_TAG_TABLE,
  THR_TAG_CLASS,
  THR_TAG_FUNCTION,
  THR_TAG_CALL,
  THR_TAG_INTEGERS,
  THR_TAG_FLOATS,
  THR_TAG_JOIN,

  THR_TAG_MASK = 0x1f,
  THR_FLAG_META = 0x20,
  THR_FLAG_LATER = 0x40,
  THR_FLAG_REFERRED = 0x80
} thr_tag;

/* So deeply values nest, at most; metatables may go so much deeper. */
#define THR_MAX_DEPTH 100
#define THR_MAX_CLASS_DEPTH 200

#endif
