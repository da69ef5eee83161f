SELECT sum(number) FROM numbers;
