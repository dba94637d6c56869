import Foundation

/// Images resampled bilinearly along a projective map, channel by channel; a linear map of the pixels (but for what stands outside
/// the image), so that its transpose takes gradients back through it exactly.
struct Warp {
  /// What a place outside the image is.
  enum Outside {
    /// The nearest pixel of the image's edge.
    case edge
    /// A number.
    case value(Double)
  }

  /// `[H, W]` of the images.
  let height: Int
  let width: Int
  /// Four of each pixel of the result: where it comes from, and by how much.
  private let sources: [Int]
  private let weights: [Double]
  private let outside: Double

  /// - Parameter map: from pixels of the result to places in the image, both as (x, y) with whole numbers at the pixels' middles.
  init(height: Int, width: Int, outside: Outside, _ map: Projective) {
    self.height = height
    self.width = width
    var sources = [Int](repeating: 0, count: 4 * height * width)
    var weights = [Double](repeating: 0, count: 4 * height * width)
    var hasEdge = false
    switch outside {
    case .edge: (hasEdge, self.outside) = (true, 0)
    case .value(let value): self.outside = value
    }
    for row in 0..<height {
      for column in 0..<width {
        var (x, y) = map(Double(column), Double(row))
        if hasEdge {
          x = min(max(x, 0), Double(width - 1))
          y = min(max(y, 0), Double(height - 1))
        }
        // Also where the map leads nowhere.
        guard x > -1, y > -1, x < Double(width), y < Double(height) else { continue }
        let (left, top) = (x.rounded(.down), y.rounded(.down))
        let place = 4 * (row * width + column)
        for corner in 0..<4 {
          let (right, below) = (corner % 2, corner / 2)
          let (sourceX, sourceY) = (Int(left) + right, Int(top) + below)
          guard (0..<width).contains(sourceX), (0..<height).contains(sourceY) else { continue }
          sources[place + corner] = sourceY * width + sourceX
          weights[place + corner] =
            (right == 1 ? x - left : 1 - (x - left)) * (below == 1 ? y - top : 1 - (y - top))
        }
      }
    }
    self.sources = sources
    self.weights = weights
  }

  /// - Parameter image: `[C, H, W]`.
  func callAsFunction(_ image: [Double]) -> [Double] {
    let pixels = height * width
    return image.indices.map { index in
      let (plane, place) = (index / pixels * pixels, 4 * (index % pixels))
      var (sum, inside) = (0.0, 0.0)
      for corner in place..<place + 4 {
        sum += weights[corner] * image[plane + sources[corner]]
        inside += weights[corner]
      }
      return outside == 0 ? sum : sum + (1 - inside) * outside
    }
  }

  /// The gradient with respect to the image of a function whose gradient with respect to the result is given.
  func transposed(_ gradient: [Double]) -> [Double] {
    let pixels = height * width
    var result = [Double](repeating: 0, count: gradient.count)
    for (index, value) in gradient.enumerated() where value != 0 {
      let (plane, place) = (index / pixels * pixels, 4 * (index % pixels))
      for corner in place..<place + 4 { result[plane + sources[corner]] += weights[corner] * value }
    }
    return result
  }
}

/// A projective map of the plane: (x, y) to ((a x + b y + c) / (g x + h y + i), (d x + e y + f) / (g x + h y + i)).
struct Projective {
  /// a to i.
  let entries: [Double]

  func callAsFunction(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
    let depth = entries[6] * x + entries[7] * y + entries[8]
    return (
      (entries[0] * x + entries[1] * y + entries[2]) / depth, (entries[3] * x + entries[4] * y + entries[5]) / depth
    )
  }

  /// What undoes a turn around a point by an angle (in degrees) and then a shift: from where things have come to, to where they were.
  static func undoingTurn(
    by degrees: Double, around centre: (x: Double, y: Double), shift: (x: Double, y: Double)
  ) -> Projective {
    let (c, s) = (cos(degrees * .pi / 180), sin(degrees * .pi / 180))
    let (x, y) = (centre.x + shift.x, centre.y + shift.y)
    return Projective(entries: [c, s, centre.x - c * x - s * y, -s, c, centre.y + s * x - c * y, 0, 0, 1])
  }

  /// From a convex quadrilateral's corners to those of the rectangle from (0, 0) to `size`, both in the order of (0, 0), (1, 0), (1, 1),
  /// (0, 1).
  ///
  /// The unit square's map to the corners p0 to p3 has g and h such that all four agree (Heckbert, "Fundamentals of Texture Mapping and
  /// Image Warping", 1989, section 2.2.3); its inverse is its adjugate, as factors of all entries do not matter.
  static func rectangle(_ size: (x: Double, y: Double), from p: [(x: Double, y: Double)]) -> Projective {
    let (dx1, dx2, dx3) = (p[1].x - p[2].x, p[3].x - p[2].x, p[0].x - p[1].x + p[2].x - p[3].x)
    let (dy1, dy2, dy3) = (p[1].y - p[2].y, p[3].y - p[2].y, p[0].y - p[1].y + p[2].y - p[3].y)
    let area = dx1 * dy2 - dx2 * dy1
    let g = (dx3 * dy2 - dx2 * dy3) / area
    let h = (dx1 * dy3 - dx3 * dy1) / area
    let (a, b, c) = (p[1].x - p[0].x + g * p[1].x, p[3].x - p[0].x + h * p[3].x, p[0].x)
    let (d, e, f) = (p[1].y - p[0].y + g * p[1].y, p[3].y - p[0].y + h * p[3].y, p[0].y)
    return Projective(entries: [
      size.x * (e - f * h), size.x * (c * h - b), size.x * (b * f - c * e),
      size.y * (f * g - d), size.y * (a - c * g), size.y * (c * d - a * f),
      d * h - e * g, b * g - a * h, a * e - b * d,
    ])
  }
}
