CREATE TABLE input (line TEXT);
.import /dev/stdin input
WITH RECURSIVE word (text, rest) AS (
    SELECT NULL, line || ' ' FROM input WHERE rowid = 2
    UNION ALL
    SELECT substr(rest, 1, instr(rest, ' ') - 1), substr(rest, instr(rest, ' ') + 1) FROM word WHERE rest <> ''
)
SELECT sum(CAST(text AS INTEGER)) FROM word;
