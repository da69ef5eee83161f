val _ = TextIO.inputLine TextIO.stdIn
val line = valOf (TextIO.inputLine TextIO.stdIn)
val numbers = List.mapPartial LargeInt.fromString (String.tokens Char.isSpace line)
val sum = foldl (op +) 0 numbers
val shown = LargeInt.toString sum
val () = print (String.map (fn c => if c = #"~" then #"-" else c) shown ^ "\n")
