void main() {
    int sum = "6";
}
