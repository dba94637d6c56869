import Foundation

/// The pen's way of one letter, as straight pieces.
struct StrokeOutline: Sendable {
  /// In tenths of the font size, y upwards from the baseline.
  let pieces: [(from: SIMD2<Double>, to: SIMD2<Double>)]

  /// That of a character: its own, that of its letter without accents, or a box.
  static func of(_ character: Character) -> StrokeOutline {
    if let known = all[character] { return known }
    // Without its accents a letter is better than a box.
    let parts = String(character).decomposedStringWithCanonicalMapping.unicodeScalars
    if let base = parts.first, parts.dropFirst().allSatisfy({ $0.properties.generalCategory == .nonspacingMark }),
      let known = all[Character(base)]
    {
      return known
    }
    return box
  }

  private static let all = StrokeLetters.strokes.mapValues(StrokeOutline.init)
  private static let box = StrokeOutline(StrokeLetters.box)

  /// - Parameter text: as `StrokeLetters` says.
  private init(_ text: String) {
    pieces = text.split(separator: "|").flatMap { stroke -> [(SIMD2<Double>, SIMD2<Double>)] in
      let isCurve = stroke.hasPrefix("~")
      let points = stroke.drop { $0 == "~" }.split(separator: " ").map { point in
        let numbers = point.split(separator: ",").compactMap { Double($0) }
        precondition(numbers.count == 2, "a point of a letter is x,y")
        return SIMD2(numbers[0], numbers[1])
      }
      let path = isCurve ? Self.curve(points) : points
      return Array(zip(path, path.dropFirst()))
    }
  }

  /// A Catmull-Rom curve through the points, six pieces from one to the next; closed where it ends at its beginning.
  private static func curve(_ points: [SIMD2<Double>]) -> [SIMD2<Double>] {
    guard points.count > 2, let first = points.first, let last = points.last else { return points }
    let isClosed = first == last
    let before = isClosed ? points[points.count - 2] : 2 * first - points[1]
    let after = isClosed ? points[1] : 2 * last - points[points.count - 2]
    let all = [before] + points + [after]
    var path: [SIMD2<Double>] = []
    for index in 1..<all.count - 2 {
      let (a, b, c, d) = (all[index - 1], all[index], all[index + 1], all[index + 2])
      for step in 0..<6 {
        let t = Double(step) / 6
        let square = (2 * a - 5 * b + 4 * c - d) * (t * t)
        let cube = (3 * (b - c) + d - a) * (t * t * t)
        path.append(0.5 * (2 * b + (c - a) * t + square + cube))
      }
    }
    return path + [last]
  }
}
