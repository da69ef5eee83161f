let () =
  Scanf.scanf " %d" (fun n ->
      let sum = ref 0 in
      for _ = 1 to n do
        Scanf.scanf " %d" (fun each -> sum := !sum + each)
      done;
      Printf.printf "%d\n" !sum)
