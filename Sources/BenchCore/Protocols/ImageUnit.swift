/// What the numbers of a task's images are, beside papers whose pixels lie in [-1, 1].
public enum ImageUnit: String, Sendable, Codable, CaseIterable {
  /// Pixels, whose black and white are 0 and 1.
  case pixels
  /// Coordinates of points, which have no other unit.
  case coordinates

  /// How many times as long a length is there.
  package var publishedScale: Double { self == .pixels ? 2 : 1 }

  /// How results call the unit there.
  package var publishedName: String { self == .pixels ? "[-1, 1]" : "coordinates" }

  /// Nil for a name of neither.
  init?(publishedName: String) {
    guard let unit = Self.allCases.first(where: { $0.publishedName == publishedName }) else { return nil }
    self = unit
  }

  /// A number of an image as it is there.
  package func published(_ value: Float) -> Float { self == .pixels ? 2 * value - 1 : value }
}
