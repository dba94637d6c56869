/// The short convolutions that `WinogradConvolution` is made of (Lavin and Gray, 2016). Their transforms of images are in
/// `KernelsPortable`.
package enum WinogradForm {
  /// F(4x4, 3x3) for stride 1: 36 products for 4x4 outputs instead of 144.
  case unit
  /// Stride 2: along each axis the middle tap alone, and F(4, 2) of the outer ones: 81 products for 4x4 outputs.
  case strided
  /// The transpose of stride 2 with padding 1: 81 products for 8x8 outputs.
  case spread

  /// Pixels from one tile to the next.
  package var inputStep: Int { self == .strided ? 8 : 4 }
  package var outputStep: Int { self == .spread ? 8 : 4 }

  /// What a tile reads beyond its step.
  package var overlap: Int { self == .unit ? 2 : 1 }

  /// Products of one tile.
  package var elements: Int { self == .unit ? 36 : 81 }

  /// Every element and the one of 36 transformed filters that it takes; those of the same filter follow each other, while it
  /// is in the cache.
  package var products: [(element: Int, filter: Int)] {
    switch self {
    case .unit: return (0..<36).map { ($0, $0) }
    case .strided, .spread:
      let all = (0..<81).map { element in
        let (row, column) = element.quotientAndRemainder(dividingBy: 9)
        return (element: element, filter: max(0, row - 3) * 6 + max(0, column - 3))
      }
      return all.sorted { ($0.filter, $0.element) < ($1.filter, $1.element) }
    }
  }

  /// G, `[6][3]`, one column for each tap.
  package var filterCoefficients: [Double] {
    switch self {
    case .unit:
      // Points 0, 3/4, -3/4, 3/2, -3/2 and infinity: the row of point p is (1, p, p^2) / product of (p - q) over the other
      // finite points q.
      [
        64 / 81.0, 0, 0,
        -128 / 243.0, -32 / 81.0, -8 / 27.0,
        -128 / 243.0, 32 / 81.0, -8 / 27.0,
        32 / 243.0, 16 / 81.0, 8 / 27.0,
        32 / 243.0, -16 / 81.0, 8 / 27.0,
        0, 0, 1,
      ]
    case .strided, .spread:
      // The middle tap, then points 1/2, -1/2, 5/4, -5/4 and infinity of the outer two.
      [
        0, 1, 0,
        -16 / 21.0, 0, -8 / 21.0,
        16 / 21.0, 0, -8 / 21.0,
        32 / 105.0, 0, 8 / 21.0,
        -32 / 105.0, 0, 8 / 21.0,
        0, 0, 1,
      ]
    }
  }
}
