# r12: how many are left; r13: the sum.
    .globl main
    .text
main:
    pushq %r12
    pushq %r13
    subq $24, %rsp
    xorl %r13d, %r13d
    call next
    movq %rax, %r12
1:  testq %r12, %r12
    jz 2f
    call next
    addq %rax, %r13
    decq %r12
    jmp 1b
2:  leaq output(%rip), %rdi
    movq %r13, %rsi
    xorl %eax, %eax
    call printf
    xorl %eax, %eax
    addq $24, %rsp
    popq %r13
    popq %r12
    ret

next:
    subq $24, %rsp
    leaq input(%rip), %rdi
    leaq 8(%rsp), %rsi
    xorl %eax, %eax
    call scanf
    movq 8(%rsp), %rax
    addq $24, %rsp
    ret

    .section .rodata
input:
    .asciz "%ld"
output:
    .asciz "%ld\n"
    .section .note.GNU-stack,"",@progbits
