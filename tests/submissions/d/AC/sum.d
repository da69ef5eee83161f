import std;

void main()
{
    readln();
    readln().split.map!(to!long).sum.writeln;
}
