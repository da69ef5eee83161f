for do print(6) end
