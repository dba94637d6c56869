extension String {
  /// Each of these scalars as the text that stands for it.
  ///
  /// What escapes signs has to look at scalars, as whatever reads them does: a combining mark behind a comma, a quote or a bar makes
  /// another character of it for Swift, which comparing and replacing characters would pass by.
  package func writing(_ signs: [Unicode.Scalar: String]) -> String {
    guard unicodeScalars.contains(where: { signs[$0] != nil }) else { return self }
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      if let text = signs[scalar] { result.append(contentsOf: text.unicodeScalars) } else { result.append(scalar) }
    }
    return String(result)
  }
}
