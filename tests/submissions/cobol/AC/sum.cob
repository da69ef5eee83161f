identification division.
program-id. sum-of-numbers.
data division.
working-storage section.
01 input-line pic x(4000).
01 word pic x(20).
01 place pic 9(5) value 1.
01 counted pic 9(5).
01 total pic s9(18) value 0.
01 shown pic -(18)9.
procedure division.
    accept input-line.
    compute counted = function numval(input-line).
    accept input-line.
    perform counted times
        move spaces to word
        unstring input-line delimited by space into word with pointer place
        compute total = total + function numval(word)
    end-perform.
    move total to shown.
    display function trim(shown).
    stop run.
