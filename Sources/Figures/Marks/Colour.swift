import Text

/// A colour. The named ones keep their differences for colour-blind readers (Okabe and Ito, "Color Universal Design",
/// 2008) and, by their different lightness, in greyscale.
package struct Colour: Sendable, Equatable {
  package let red: UInt8
  package let green: UInt8
  package let blue: UInt8

  package init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) { (self.red, self.green, self.blue) = (red, green, blue) }

  package static let ink = Colour(0, 0, 0)
  package static let paper = Colour(255, 255, 255)
  package static let blue = Colour(0, 114, 178)
  package static let vermilion = Colour(213, 94, 0)
  package static let green = Colour(0, 158, 115)
  package static let purple = Colour(204, 121, 167)
  package static let orange = Colour(230, 159, 0)
  package static let sky = Colour(86, 180, 233)

  package static func grey(_ level: UInt8) -> Colour { Colour(level, level, level) }

  /// `#rrggbb`.
  package var hex: String {
    "#" + [red, green, blue].hexadecimal
  }
}
