/* SPDX-License-Identifier: Apache-2.0 */
/* Replays files through a fuzz target without libFuzzer; `make test` uses it. A finding aborts the
 * process. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

static int replay(const char *name)
{
    FILE *file = fopen(name, "rb");
    if (file == NULL) {
        perror(name);
        return 1;
    }
    unsigned char *data = NULL;
    size_t len = 0;
    if (fseek(file, 0, SEEK_END) == 0) {
        long size = ftell(file);
        rewind(file);
        /* The block is exactly as large as the input, so that ASan reports a read of one byte
         * more. */
        data = size > 0 ? malloc((size_t)size) : NULL;
        len = data != NULL ? fread(data, 1, (size_t)size, file) : 0;
    }
    fclose(file);
    (void)LLVMFuzzerTestOneInput(data, len);
    free(data);
    return 0;
}

int main(int argc, char **argv)
{
    int failed = 0;
    (void)LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        failed += replay(argv[i]);
    }
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
