/// What libFuzzer exports and has no header for.
#ifndef CFUZZER_H
#define CFUZZER_H

#include <stddef.h>
#include <stdint.h>

/// Runs the fuzzer with its own options from the arguments; ends the process or returns its exit code.
int LLVMFuzzerRunDriver(int *argument_count, char ***arguments, int (*callback)(const uint8_t *data, size_t size));

#endif
