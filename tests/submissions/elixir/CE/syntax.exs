IO.puts(6
