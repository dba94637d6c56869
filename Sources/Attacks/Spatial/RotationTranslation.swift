import BenchCore
import Foundation
import Tensor

/// Rotations and translations (Engstrom et al. 2019): all of a grid are tried, those nearest to the identity first.
///
/// Radius 1 stands for up to 30 degrees and a tenth of each side, and a smaller one for that share of both; 31 angles and 5 shifts along
/// each side, bilinear, with zeros (the lowest value that pixels can have, where they have a range) outside.
package struct RotationTranslation: Attack {
  package let norm = AttackNorm.spatial
  package let grid: [Double]? = [0.125, 0.25, 0.5, 1]
  static let largestAngle = 30.0
  static let largestShift = 0.1
  static let angles = 31
  static let shifts = 5

  package init() {}

  package var record: AttackRecord {
    AttackRecord(id: "spatial-rotation", queries: Self.angles * Self.shifts * Self.shifts)
  }

  package func attack(
    _ images: AttackedImages, within radii: [Double], from starts: [[Float]?]
  ) throws -> [Attempt] {
    let shape = images.classifier.inputShape
    guard shape.rank == 3 else { throw AttackError.noPlane(attack: record.id) }
    var best = StrongestAttempts(images)
    for movement in Self.movements {
      let open = best.open
      guard !open.isEmpty else { break }
      let tried = open.map { member in
        movement.moved(
          images.clean[member], shape, by: radii[member], outside: images.range?.lowerBound ?? 0)
      }
      try best.note(tried, of: open, on: images)
    }
    return best.attempts
  }

  /// As shares of the largest ones.
  private struct Movement {
    let angle, down, right: Double

    func moved(_ image: [Float], _ shape: Shape, by radius: Double, outside: Float) -> [Float] {
      let radians = angle * radius * RotationTranslation.largestAngle * .pi / 180
      let (sine, cosine) = (sin(radians), cos(radians))
      let (height, width) = (shape[1], shape[2])
      let (middleRow, middleColumn) = (Double(height - 1) / 2, Double(width - 1) / 2)
      let shiftDown = down * radius * RotationTranslation.largestShift * Double(height)
      let shiftRight = right * radius * RotationTranslation.largestShift * Double(width)
      let sampler = BilinearSampler(image: image, shape: shape, outside: outside)
      var result = image
      for row in 0..<height {
        for column in 0..<width {
          let (y, x) = (
            Double(row) - middleRow - shiftDown, Double(column) - middleColumn - shiftRight
          )
          let from = (cosine * y - sine * x + middleRow, sine * y + cosine * x + middleColumn)
          for channel in 0..<shape[0] {
            result[(channel * height + row) * width + column] = sampler.value(
              channel, from.0, from.1)
          }
        }
      }
      return result
    }
  }

  private static let movements: [Movement] = {
    func shares(_ count: Int) -> [Double] {
      (0..<count).map { 2 * Double($0) / Double(count - 1) - 1 }
    }
    let all = shares(angles).flatMap { angle in
      shares(shifts).flatMap { down in
        shares(shifts).map { Movement(angle: angle, down: down, right: $0) }
      }
    }
    func size(_ movement: Movement) -> Double {
      max(abs(movement.angle), abs(movement.down), abs(movement.right))
    }
    return all.indices.sorted { (size(all[$0]), $0) < (size(all[$1]), $1) }.map { all[$0] }
  }()
}

/// Values of an image between its pixels.
struct BilinearSampler {
  let image: [Float]
  let shape: Shape
  let outside: Float

  private func pixel(_ channel: Int, _ row: Int, _ column: Int) -> Double {
    guard (0..<shape[1]).contains(row), (0..<shape[2]).contains(column) else {
      return Double(outside)
    }
    return Double(image[(channel * shape[1] + row) * shape[2] + column])
  }

  func value(_ channel: Int, _ y: Double, _ x: Double) -> Float {
    Float(sample(channel, y, x).value)
  }

  /// With its derivatives along y and x.
  func sample(_ channel: Int, _ y: Double, _ x: Double) -> (
    value: Double, down: Double, right: Double
  ) {
    let (row, column) = (y.rounded(.down), x.rounded(.down))
    let (v, u) = (y - row, x - column)
    let (top, left) = (Int(row), Int(column))
    let (a, b) = (pixel(channel, top, left), pixel(channel, top, left + 1))
    let (c, d) = (pixel(channel, top + 1, left), pixel(channel, top + 1, left + 1))
    let (above, below) = (a + u * (b - a), c + u * (d - c))
    return (above + v * (below - above), below - above, (1 - v) * (b - a) + v * (d - c))
  }
}
