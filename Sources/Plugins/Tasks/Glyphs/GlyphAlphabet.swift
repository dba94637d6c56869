/// A pen stroke: a polyline in the unit square, x to the right and y downwards.
struct GlyphStroke: Sendable {
  typealias Point = SIMD2<Double>

  let points: [Point]

  /// Straight lines from point to point.
  static func straight(_ points: [(Double, Double)]) -> GlyphStroke {
    GlyphStroke(points: points.map { Point($0.0, $0.1) })
  }

  /// A uniform Catmull-Rom spline through the points, 8 segments for each span. A stroke that ends where it begins is
  /// continued periodically, any other is extended by reflecting its second and last but one point.
  static func smooth(_ points: [(Double, Double)]) -> GlyphStroke {
    let knots = points.map { Point($0.0, $0.1) }
    guard let first = knots.first, let last = knots.last, knots.count > 2 else { return GlyphStroke(points: knots) }
    let isClosed = first == last
    let before = isClosed ? knots[knots.count - 2] : 2 * first - knots[1]
    let after = isClosed ? knots[1] : 2 * last - knots[knots.count - 2]
    let extended = [before] + knots + [after]
    var curve: [Point] = []
    for span in 1..<extended.count - 2 {
      for step in 0..<8 {
        curve.append(catmullRom(extended[span - 1...span + 2], at: Double(step) / 8))
      }
    }
    return GlyphStroke(points: curve + [last])
  }

  /// The spline between the middle two of four control points, t in [0, 1).
  private static func catmullRom(_ control: ArraySlice<Point>, at t: Double) -> Point {
    let a = control[control.startIndex]
    let b = control[control.startIndex + 1]
    let c = control[control.startIndex + 2]
    let d = control[control.startIndex + 3]
    let quadratic: Point = 2 * a - 5 * b + 4 * c - d
    let cubic: Point = 3 * b - a - 3 * c + d
    return 0.5 * (2 * b + (c - a) * t + quadratic * (t * t) + cubic * (t * t * t))
  }
}

/// What is drawn: the digits that are the classes, and the letters that distract from them.
enum GlyphAlphabet {
  static let digits: [[GlyphStroke]] = [
    [
      .smooth([
        (0.5, 0.12), (0.70, 0.24), (0.76, 0.5), (0.70, 0.76), (0.5, 0.88), (0.30, 0.76), (0.24, 0.5), (0.30, 0.24),
        (0.5, 0.12),
      ])
    ],
    [.straight([(0.36, 0.28), (0.54, 0.12), (0.54, 0.88)])],
    [
      .smooth([(0.27, 0.30), (0.36, 0.15), (0.55, 0.12), (0.71, 0.24), (0.66, 0.44), (0.44, 0.66), (0.26, 0.86)]),
      .straight([(0.26, 0.86), (0.76, 0.86)]),
    ],
    [
      .smooth([(0.28, 0.18), (0.5, 0.12), (0.70, 0.24), (0.64, 0.42), (0.46, 0.48)]),
      .smooth([(0.46, 0.48), (0.68, 0.54), (0.74, 0.70), (0.60, 0.86), (0.40, 0.88), (0.25, 0.80)]),
    ],
    [.straight([(0.62, 0.88), (0.62, 0.12), (0.24, 0.64), (0.78, 0.64)])],
    [
      .straight([(0.72, 0.13), (0.34, 0.13), (0.30, 0.46)]),
      .smooth([(0.30, 0.46), (0.52, 0.40), (0.72, 0.52), (0.74, 0.70), (0.58, 0.86), (0.38, 0.88), (0.25, 0.80)]),
    ],
    [.smooth(six)],
    [.straight([(0.24, 0.13), (0.76, 0.13), (0.42, 0.88)])],
    [
      .smooth([
        (0.5, 0.12), (0.68, 0.20), (0.68, 0.38), (0.5, 0.47), (0.32, 0.38), (0.32, 0.20), (0.5, 0.12),
      ]),
      .smooth([
        (0.5, 0.47), (0.72, 0.58), (0.73, 0.78), (0.5, 0.88), (0.27, 0.78), (0.28, 0.58), (0.5, 0.47),
      ]),
    ],
    // A nine is a six turned by half a revolution.
    [.smooth(six.map { (1 - $0.0, 1 - $0.1) })],
  ]

  /// Digits that are sometimes drawn halfway between the two: those that share most of their strokes.
  static let confusableDigits = [(1, 7), (3, 8), (4, 9), (5, 6), (0, 6), (2, 7), (3, 5), (8, 9)]

  /// A, H, K, X.
  static let letters: [[GlyphStroke]] = [
    [.straight([(0.2, 0.88), (0.5, 0.12), (0.8, 0.88)]), .straight([(0.32, 0.6), (0.68, 0.6)])],
    [
      .straight([(0.25, 0.12), (0.25, 0.88)]), .straight([(0.75, 0.12), (0.75, 0.88)]),
      .straight([(0.25, 0.5), (0.75, 0.5)]),
    ],
    [
      .straight([(0.28, 0.12), (0.28, 0.88)]), .straight([(0.74, 0.12), (0.28, 0.54)]),
      .straight([(0.44, 0.42), (0.76, 0.88)]),
    ],
    [.straight([(0.24, 0.12), (0.76, 0.88)]), .straight([(0.76, 0.12), (0.24, 0.88)])],
  ]

  private static let six: [(Double, Double)] = [
    (0.66, 0.13), (0.44, 0.24), (0.29, 0.48), (0.27, 0.70), (0.40, 0.87), (0.60, 0.87), (0.73, 0.72), (0.66, 0.54),
    (0.48, 0.49), (0.31, 0.60),
  ]
}
