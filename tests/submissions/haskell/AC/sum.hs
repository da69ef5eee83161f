main :: IO ()
main = do
  _ <- getLine
  numbers <- map read . words <$> getLine
  print (sum numbers :: Integer)
