// Concepts came with C++20.
template <class T>
concept Any = true;

int main() {}
