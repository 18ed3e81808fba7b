/* SPDX-License-Identifier: GPL-2.0 */
/* What every test here begins with: cmocka wants these headers before it. */
#ifndef TESTS_HOST_TEST_H
#define TESTS_HOST_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "array_size.h"

#endif /* TESTS_HOST_TEST_H */
