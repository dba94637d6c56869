import Text

/// A colour. The named ones keep their differences for colour-blind readers (Okabe and Ito, "Color Universal Design",
/// 2008) and, by their different lightness, in greyscale.
public struct Colour: Sendable, Equatable {
  public let red: UInt8
  public let green: UInt8
  public let blue: UInt8

  public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) { (self.red, self.green, self.blue) = (red, green, blue) }

  public static let ink = Colour(0, 0, 0)
  public static let paper = Colour(255, 255, 255)
  public static let blue = Colour(0, 114, 178)
  public static let vermilion = Colour(213, 94, 0)
  public static let green = Colour(0, 158, 115)
  public static let purple = Colour(204, 121, 167)
  public static let orange = Colour(230, 159, 0)
  public static let sky = Colour(86, 180, 233)

  public static func grey(_ level: UInt8) -> Colour { Colour(level, level, level) }

  /// `#rrggbb`.
  public var hex: String {
    "#" + [red, green, blue].hexadecimal
  }
}
