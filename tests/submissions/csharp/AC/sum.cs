using System;
using System.Linq;
using System.Numerics;

class Sum
{
    static void Main()
    {
        Console.ReadLine();
        var sum = Console.ReadLine().Split(' ').Select(BigInteger.Parse).Aggregate(BigInteger.Add);
        Console.WriteLine(sum);
    }
}
