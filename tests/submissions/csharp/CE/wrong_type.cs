class WrongType
{
    static void Main()
    {
        int sum = "6";
    }
}
