/// Why no mixture can be fitted.
package enum MixtureError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Nothing to fit a class's density to.
  case classWithoutImages(split: String, name: String)

  package var description: String {
    switch self {
    case .classWithoutImages(let split, let name):
      "\(split): no image of class \(name), expected at least two of every class to fit its density"
    }
  }
}
