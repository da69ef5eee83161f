\ Numbers are parsed by the text interpreter: of the second line they are left on the stack.
4096 constant size
create line size allot

: next-line ( -- address length ) line size stdin read-line throw drop line swap ;
: add-up ( n1 ... nk -- sum ) begin depth 1 > while + repeat ;

next-line evaluate drop
next-line evaluate add-up 0 .r cr
