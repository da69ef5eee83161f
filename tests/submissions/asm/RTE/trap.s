    .globl main
main:
    ud2
    .section .note.GNU-stack,"",@progbits
