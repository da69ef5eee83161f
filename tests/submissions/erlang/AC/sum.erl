-module(main).
-export([main/0]).

main() ->
    {ok, [N]} = io:fread("", "~d"),
    io:format("~b~n", [sum(N, 0)]).

sum(0, Total) ->
    Total;
sum(Left, Total) ->
    {ok, [Each]} = io:fread("", "~d"),
    sum(Left - 1, Total + Each).
