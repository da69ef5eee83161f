class Uncaught
{
    static void Main()
    {
        throw new System.Exception("no answer");
    }
}
