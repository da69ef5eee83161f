    .globl main
main:
    add_up %rax
