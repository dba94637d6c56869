/// Lists of numbers on the command line as people write them: `--mean 0.1,0.2,0.3`, `--mean "0.1 0.2 0.3"`, `--mean 0.1 0.2 0.3`,
/// with signs too; `--resize 224 224`.
enum NumberListArguments {
  private static let options = ["--mean", "--std", "--resize"]

  /// Puts a list that came as several arguments into one, so that the parser takes it for the option's value.
  static func joined(_ arguments: [String]) -> [String] {
    var result: [String] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      // What follows is no option.
      if argument == "--" { return result + [argument] + rest }
      guard options.contains(argument) else {
        result.append(argument)
        continue
      }
      // `0.1, 0.2, 0.3` comes with its commas.
      let values = rest.map { $0.hasSuffix(",") ? String($0.dropLast()) : $0 }.prefix { numbers($0) != nil }
      rest = rest.dropFirst(values.count)
      // In one argument, for a list may begin with a minus sign.
      result.append(values.isEmpty ? argument : "\(argument)=\(values.joined(separator: ","))")
    }
    return result
  }

  /// Numbers separated by commas or blanks.
  /// - Returns: nil where something is no finite number, or one is missing.
  static func numbers(_ text: String) -> [Float]? { numbers(text, of: Float.self) }

  static func numbers<Number: BinaryFloatingPoint & LosslessStringConvertible>(
    _ text: String, of type: Number.Type
  ) -> [Number]? {
    var result: [Number] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let words = part.split(whereSeparator: \.isWhitespace)
      guard !words.isEmpty else { return nil }
      for word in words {
        guard let number = Number(String(word)), number.isFinite else { return nil }
        result.append(number)
      }
    }
    return result
  }
}
