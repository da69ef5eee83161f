main :-
    writeln(6
