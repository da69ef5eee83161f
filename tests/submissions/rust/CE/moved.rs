fn main() {
    let text = String::from("6");
    let other = text;
    println!("{} {}", text, other);
}
