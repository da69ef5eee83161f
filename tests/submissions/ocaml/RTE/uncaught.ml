let () = failwith "no answer"
