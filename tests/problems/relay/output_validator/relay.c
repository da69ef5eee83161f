/* Hands what the first pass wrote, in letters only, to the second one, which has to find the number. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    char state[4096], next[4096], said[200] = "", wanted[200] = "";
    snprintf(state, sizeof state, "%sstate", argv[3]);
    snprintf(next, sizeof next, "%snextpass.in", argv[3]);
    FILE *answer = fopen(argv[2], "r");
    if (argc < 4 || !answer || fscanf(answer, "%199s", wanted) != 1)
        return 1;
    scanf("%199s", said);
    if (fopen(state, "r"))
        return strcmp(said, wanted) ? 43 : 42;
    for (char *c = said; *c; c++)
        if (!isalpha((unsigned char)*c))
            return 43;
    fclose(fopen(state, "w"));
    FILE *pass = fopen(next, "w");
    fprintf(pass, "read\n%s\n", said);
    fclose(pass);
    return 42;
}
