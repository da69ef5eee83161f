echo total
