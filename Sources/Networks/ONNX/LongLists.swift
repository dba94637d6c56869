/// Lists of a file's numbers in messages. Few bytes can stand for millions of numbers (`ConstantOfShape`), of which a message would
/// be made for minutes; it shows the first ones.
extension DefaultStringInterpolation {
  mutating func appendInterpolation<Number: Numeric & LosslessStringConvertible>(_ numbers: [Number]) {
    let shown = numbers.prefix(32).map { String($0) }.joined(separator: ", ")
    appendLiteral(numbers.count > 32 ? "[\(shown), ... \(numbers.count) in all]" : "[\(shown)]")
  }
}
