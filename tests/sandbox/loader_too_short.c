/* A program that no kernel can start: the loader it names, a shell script of a line, is too short for one. */
const char loader[] __attribute__((section(".interp"))) = "/usr/bin/egrep";

int main(void) { return 0; }
