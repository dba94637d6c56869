/// Names that nobody gives to a tensor, node or model.
extension Dice {
  mutating func oddName(_ name: String) -> String {
    switch integer(0...17) {
    case 0: ""
    case 1: "."
    case 2: name + "."
    case 3: "." + name
    case 4: name.replacing(".", with: "..")
    case 5: String(name.split(separator: ".").first ?? "x") + "."
    case 6: name + "\u{1b}[31m"
    case 7: name + "\0"
    case 8: String(repeating: "a.", count: pick([100, 2100, 5000]))
    case 9: name + "\u{202e}\u{e000}\n"
    case 10: name.replacing(/[0-9]+/, with: "99999999999999999999")
    case 11: name.replacing(/[0-9]+/, with: "-1")
    case 12: name.replacing(/[0-9]+/, with: "٣")
    case 13: "module." + name
    case 14: name + "_orig"
    case 15: "../../" + name
    case 16: String(name.reversed())
    default: String(name.dropLast(integer(1...4)))
    }
  }
}
