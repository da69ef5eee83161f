-module(main).
-export([main/0]).

main() ->
    error(no_answer).
