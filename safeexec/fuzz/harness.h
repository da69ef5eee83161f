/* What the fuzz targets share. A property that does not hold ends the process: libFuzzer then keeps
 * the input. */
#ifndef SAFEEXEC_FUZZ_HARNESS_H
#define SAFEEXEC_FUZZ_HARNESS_H

#undef NDEBUG
#include "../safeexec.h"

#include <assert.h>
#include <setjmp.h>

/* ---- fault.c: as safeexec's own, but die() comes back -------------------------------------------- */

struct death {
    bool expected; /* else die() is a finding */
    jmp_buf back;
    char text[1000];
};
extern struct death death;

/* What one is told of a fault: not empty, one line, no control characters. */
void line_check(const char *text);

/* ---- libFuzzer (https://llvm.org/docs/LibFuzzer.html) ------------------------------------------------ */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
